"""What auditors do with an access: say what it was, propose a rule for what members send no reason,
and decide about a colleague's proposal. Nothing is closed without a name and a note; a rule counts
when two people stand behind it.
"""

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import Staff
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission, renew_principal
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from records.access_review.episode_query import Episode
from records.models import AccessRule, EpisodeOutcome

LEAST_NOTE = 10  # characters: an outcome without its reason tells nobody anything
LONGEST_RULE = dt.timedelta(days=366)
SCOPES = ("member", "department", "role")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def review_transaction(
    code: EventCode,
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Make a verb `do_…(thing, …, *, acting)` one transaction; the acting one is taken as employed
    now, and a refusal leaves a line in the log.
    """

    def decorate(verb: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @wraps(verb)
        def wrapped(*things: Arguments.args, **values: Arguments.kwargs) -> Result:
            acting: Principal = values["acting"]  # type: ignore[assignment]
            try:
                with transaction.atomic():
                    values["acting"] = renew_principal(acting)
                    return verb(*things, **values)
            except Forbidden as refusal:
                append_event(
                    AuditEvent.from_principal(
                        acting,
                        code,
                        outcome=AuditOutcome.REFUSED,
                        reason=refusal.code,
                        target=target_of(things[0]),
                    )
                )
                refusal.written = True
                raise

        return wrapped

    return decorate


def target_of(thing: object) -> str:
    kind = "access-rule" if isinstance(thing, AccessRule) else "episode"
    return f"{kind}/{getattr(thing, 'pk', '')}"


def check_may_review(acting: Principal, hospital_id: int) -> None:
    """Raises Forbidden but for auditors of the hospital, and of the alliance."""
    check_permission(acting, Permission.AUDIT_READ, _("Your role does not include this page."))
    if hospital_id not in {h.pk for h in hospitals_with_permission(acting, "audit_hospital")}:
        raise Forbidden("object", _("This is another hospital's."))


def check_not_oneself(acting: Principal, staff: int) -> None:
    if acting.id == str(staff):
        raise Forbidden("self", _("This is about yourself: somebody else has to say."))


def check_note(note: str) -> str:
    said = note.strip()
    if len(said) < LEAST_NOTE:
        raise ValidationError(_("Write in a sentence how you know."))
    return said


@review_transaction(EventCode.EPISODE_JUDGE)
def do_judge_episode(
    episode: Episode, *, outcome: str, note: str, acting: Principal
) -> EpisodeOutcome:
    """The newest word counts; those before it stay. Raises ValidationError without a word of the
    four or a note.
    """
    check_may_review(acting, episode.hospital)
    check_not_oneself(acting, episode.staff)
    if outcome not in EpisodeOutcome.Outcome.values:
        raise ValidationError(_("Choose what it was."))
    made = EpisodeOutcome.objects.create(
        episode=episode.pk,
        outcome=outcome,
        note=check_note(note),
        at=timezone.now(),
        staff_id=int(acting.id),
    )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.EPISODE_JUDGE,
            person=episode.person,
            target=target_of(episode),
            detail=outcome,
        )
    )
    return made


@review_transaction(EventCode.ACCESS_RULE_PROPOSE)
def do_propose_access_rule(
    episode: Episode, *, scope: str, until: dt.date | None, reason: str, acting: Principal
) -> AccessRule:
    """That such accesses count as explained: of this one of the staff, of their department, or
    of their role there. Only of what was called legitimate with data missing.
    """
    check_may_review(acting, episode.hospital)
    check_not_oneself(acting, episode.staff)
    if episode.outcome != EpisodeOutcome.Outcome.MISSING:
        raise ValidationError(_("A rule is for accesses that were legitimate, and data missing."))
    today = timezone.localdate()
    if until is None or not today < until <= today + LONGEST_RULE:
        raise ValidationError(_("Choose the last day: within a year from now."))
    staff = Staff.objects.get(pk=episode.staff)
    if scope not in SCOPES or (scope == "department" and staff.department_id is None):
        raise ValidationError(_("Choose whose accesses the rule explains."))
    if AccessRule.objects.filter(
        episode=episode.pk, state__in=(AccessRule.State.PROPOSED, AccessRule.State.APPROVED)
    ).exists():
        raise AlreadyDone("access-rule", _("There is a rule of this access already."))
    made = AccessRule.objects.create(
        episode=episode.pk,
        hospital_id=episode.hospital,
        member=staff.pk if scope == "member" else None,
        department_id=staff.department_id if scope == "department" else None,
        role=episode.role,
        until=until,
        reason=check_note(reason),
        proposed_by_id=int(acting.id),
        proposed_at=timezone.now(),
    )
    note_rule(EventCode.ACCESS_RULE_PROPOSE, made, acting)
    return made


@review_transaction(EventCode.ACCESS_RULE_AGREE)
def do_agree_to_access_rule(rule: AccessRule, *, acting: Principal) -> None:
    """From now on it counts. Raises Forbidden for who proposed it, and for whom it is about."""
    rule = lock_rule(rule, AccessRule.State.PROPOSED, acting)
    check_not_oneself(acting, rule.proposed_by_id)
    if rule.member is not None:
        check_not_oneself(acting, rule.member)
    rule.state = AccessRule.State.APPROVED
    rule.decided_by_id, rule.decided_at = int(acting.id), timezone.now()
    rule.save(update_fields=["state", "decided_by", "decided_at"])
    note_rule(EventCode.ACCESS_RULE_AGREE, rule, acting)


@review_transaction(EventCode.ACCESS_RULE_REFUSE)
def do_refuse_access_rule(rule: AccessRule, *, acting: Principal) -> None:
    """Nothing happens. Who proposed it may take it back so."""
    rule = lock_rule(rule, AccessRule.State.PROPOSED, acting)
    rule.state = AccessRule.State.REFUSED
    rule.decided_by_id, rule.decided_at = int(acting.id), timezone.now()
    rule.save(update_fields=["state", "decided_by", "decided_at"])
    note_rule(EventCode.ACCESS_RULE_REFUSE, rule, acting)


@review_transaction(EventCode.ACCESS_RULE_END)
def do_end_access_rule(rule: AccessRule, *, acting: Principal) -> None:
    """What comes from now on is not explained by it; one auditor is enough."""
    rule = lock_rule(rule, AccessRule.State.APPROVED, acting)
    rule.state = AccessRule.State.ENDED
    rule.ended_by_id, rule.ended_at = int(acting.id), timezone.now()
    rule.save(update_fields=["state", "ended_by", "ended_at"])
    note_rule(EventCode.ACCESS_RULE_END, rule, acting)


def lock_rule(rule: AccessRule, state: str, acting: Principal) -> AccessRule:
    """As it stands now. Raises AlreadyDone where it does not stand so any more."""
    check_may_review(acting, rule.hospital_id)
    fresh = AccessRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    if fresh.state != state:
        raise AlreadyDone("access-rule", _("This has been decided already. Nothing was changed."))
    return fresh


def note_rule(code: EventCode, rule: AccessRule, acting: Principal) -> None:
    append_event(AuditEvent.from_principal(acting, code, target=target_of(rule)))
