"""Propose what a local code means, agree to it, refuse it, withdraw it. One clerk of the hospital
proposes; another clerk of it, or one of the whole alliance, agrees. What takes away, one does at
once (docs/adr/0019, 0068).
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal, principal_from_staff
from alliance.auth.role_check import check_permission
from alliance.models import Hospital
from alliance.roles import Permission
from alliance.services.authority import renew_principal
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from records.mapping.active_mappings import forget_active_mappings
from records.mapping.code_ranking import show_code
from records.mapping.contradictions import Contradiction, find_contradictions
from records.mapping.kinds import MappingKind
from records.mapping.standard_codes import StandardTarget, find_target
from records.models import CodeMap, CodeMapping, LocalCode

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
State = CodeMapping.State
CONTRADICTION_WORDS = {
    Contradiction.UNIT: gettext_noop(
        "The units that were sent (%(local)s) measure something else than %(standard)s: this test"
        " has another code for each. Choose the one of your unit."
    ),
    Contradiction.VALUES_ARE_WORDS: gettext_noop(
        "Most values that were sent are words (%(local)s), and the standard test is a number:"
        " choose a code for the words."
    ),
    Contradiction.VALUES_ARE_NUMBERS: gettext_noop(
        "Most values that were sent are numbers (%(local)s), and the standard test has words:"
        " choose a code for the number."
    ),
    Contradiction.SEX: gettext_noop(
        "Patients have it who cannot have %(standard)s: look at some of these records first."
    ),
}
EQUIVALENCES = ("equivalent", "wider", "narrower", "relatedto")


def mapping_transaction(
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
                        target=f"mapping/{getattr(things[0], 'pk', '')}",
                    )
                )
                refusal.written = True
                raise

        return wrapped

    return decorate


def check_may_map(acting: Principal, hospital_id: int, *, second: bool = False) -> None:
    """Raises Forbidden unless the codes are of the acting one's own hospital; second: whoever
    agrees or refuses may also be a clerk of the whole alliance.
    """
    check_permission(acting, Permission.CODE_MAP, _("Your role does not include this page."))
    if acting.hospital_id != hospital_id and not (second and acting.alliance_wide):
        raise Forbidden("object", _("These codes are another hospital's."))


def check_target(code: LocalCode, system: str, target_code: str) -> StandardTarget:
    """Raises ValidationError for a code that is in no list here, and where the values that were
    sent contradict it: as far as they may be shown, for a refusal tells of them, too.
    """
    kind = MappingKind(code.kind)
    target = find_target(kind, system, target_code)
    if target is None:
        raise ValidationError(
            _("The code %(code)s is in no list of this kind: import the list first.")
            % {"code": target_code}
        )
    against = find_contradictions(kind, show_code(code).profile, target)
    if against:
        raise ValidationError(
            [
                _(CONTRADICTION_WORDS[c.kind]) % {"local": c.local, "standard": c.standard}
                for c in against
            ]
        )
    return target


@mapping_transaction(EventCode.CODE_MAP_PROPOSE)
def do_propose_mapping(
    code: LocalCode,
    system: str,
    target_code: str,
    *,
    equivalence: str = "equivalent",
    reason: str = "",
    origin: str = "hand",
    acting: Principal,
) -> CodeMapping:
    """Raises AlreadyDone where the same is approved, or one for this system waits."""
    check_may_map(acting, code.hospital_id)
    code = LocalCode.objects.select_for_update().get(pk=code.pk)
    target = check_target(code, system, target_code)
    if equivalence not in EQUIVALENCES:
        raise ValidationError(_("Choose how the two codes stand to each other."))
    standing = code.mappings.filter(target_system=system)
    if standing.filter(
        state=State.APPROVED, target_code=target_code, equivalence=equivalence
    ).exists():
        raise AlreadyDone("mapping", _("This code is mapped so already."))
    if standing.filter(state=State.PROPOSED).exists():
        raise AlreadyDone("mapping", _("A proposal for this code waits already: it goes first."))
    made = CodeMapping.objects.create(
        code=code,
        hospital_id=code.hospital_id,
        kind=code.kind,
        target_system=target.system,
        target_code=target.code,
        target_display=target.display,
        equivalence=equivalence,
        origin=origin,
        proposed_by_id=int(acting.id),
        proposed_at=timezone.now(),
        reason=reason,
    )
    note_decision(EventCode.CODE_MAP_PROPOSE, made, acting)
    return made


@mapping_transaction(EventCode.CODE_MAP_AGREE)
def do_agree_to_mapping(mapping: CodeMapping, *, acting: Principal) -> None:
    """From now on it counts, for what comes and for what is there. Raises Forbidden for one's own
    proposal, ValidationError where the values that came since contradict it.
    """
    mapping, code = lock_waiting(mapping, acting)
    if str(mapping.proposed_by_id) == acting.id:
        raise Forbidden("self", _("You have proposed this yourself: another clerk agrees."))
    proposer = principal_from_staff(mapping.proposed_by)
    if not proposer.may(Permission.CODE_MAP) or proposer.hospital_id != code.hospital_id:
        raise Forbidden(
            "proposer",
            _("Who proposed this is no clerk of the hospital any more: propose it anew."),
        )
    check_target(code, mapping.target_system, mapping.target_code)
    version = raise_map_version(code)
    code.mappings.filter(target_system=mapping.target_system, state=State.APPROVED).update(
        state=State.REPLACED,
        ended_by_id=int(acting.id),
        ended_at=timezone.now(),
        ended_version=version,
    )
    mapping.state, mapping.version = State.APPROVED, version
    mapping.decided_by_id, mapping.decided_at = int(acting.id), timezone.now()
    mapping.save(update_fields=["state", "version", "decided_by", "decided_at"])
    begin_rewriting(code)
    note_decision(EventCode.CODE_MAP_AGREE, mapping, acting)


@mapping_transaction(EventCode.CODE_MAP_REFUSE)
def do_refuse_mapping(mapping: CodeMapping, *, reason: str, acting: Principal) -> None:
    """Nothing happens. Who proposed it may take it back so."""
    mapping, _code = lock_waiting(mapping, acting)
    mapping.state, mapping.end_reason = State.REFUSED, reason
    mapping.decided_by_id, mapping.decided_at = int(acting.id), timezone.now()
    mapping.save(update_fields=["state", "end_reason", "decided_by", "decided_at"])
    note_decision(EventCode.CODE_MAP_REFUSE, mapping, acting)


@mapping_transaction(EventCode.CODE_MAP_WITHDRAW)
def do_withdraw_mapping(mapping: CodeMapping, *, reason: str, acting: Principal) -> None:
    """An approved one no longer counts, also in what is there; one clerk is enough."""
    code = LocalCode.objects.select_for_update().get(pk=mapping.code_id)
    check_may_map(acting, code.hospital_id, second=True)
    mapping = CodeMapping.objects.select_for_update().get(pk=mapping.pk)
    if mapping.state != State.APPROVED:
        raise AlreadyDone("mapping", _("This mapping does not count any more."))
    mapping.state, mapping.ended_version = State.WITHDRAWN, raise_map_version(code)
    mapping.ended_by_id, mapping.ended_at = int(acting.id), timezone.now()
    mapping.end_reason = reason
    mapping.save(update_fields=["state", "ended_version", "ended_by", "ended_at", "end_reason"])
    begin_rewriting(code)
    note_decision(EventCode.CODE_MAP_WITHDRAW, mapping, acting)


def lock_waiting(mapping: CodeMapping, acting: Principal) -> tuple[CodeMapping, LocalCode]:
    """As they stand now. Raises AlreadyDone where the proposal does not wait any more."""
    code = LocalCode.objects.select_for_update().get(pk=mapping.code_id)
    check_may_map(acting, code.hospital_id, second=True)
    fresh = (
        CodeMapping.objects.select_for_update(of=("self",))
        .select_related("proposed_by__hospital")
        .get(pk=mapping.pk)
    )
    if fresh.state != State.PROPOSED:
        raise AlreadyDone("mapping", _("This has been decided already. Nothing was changed."))
    return fresh, code


def raise_map_version(code: LocalCode) -> int:
    """The next version of the hospital's map of this kind."""
    CodeMap.objects.get_or_create(hospital_id=code.hospital_id, kind=code.kind)
    found = CodeMap.objects.select_for_update().get(hospital_id=code.hospital_id, kind=code.kind)
    found.version, found.changed_at = found.version + 1, timezone.now()
    found.save(update_fields=["version", "changed_at"])
    return found.version


def begin_rewriting(code: LocalCode) -> None:
    """All its records are to be stored anew by the job behind."""
    mapped = code.mappings.filter(state=State.APPROVED).exists()
    LocalCode.objects.filter(pk=code.pk).update(waiting=not mapped, redo_after=0)
    forget_active_mappings()


def note_decision(code: EventCode, mapping: CodeMapping, acting: Principal) -> None:
    hospital = Hospital.objects.get(pk=mapping.hospital_id).code
    append_event(
        AuditEvent.from_principal(
            acting,
            code,
            target=f"mapping/{mapping.code_id}",
            detail=(
                f"{hospital} · {mapping.kind} · {mapping.target_system}|{mapping.target_code}"
                f" · {mapping.equivalence}"
            ),
        )
    )
