"""Set how long work may take and how long access stays after it: one administrator of the alliance
proposes, another agrees (docs/adr/0092).
"""

from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.models import Proposal, WorkDeadline
from alliance.roles import Permission
from alliance.services.authority import (
    administrative_transaction,
    check_may_administer,
    check_two_administrators,
)
from alliance.services.proposals import ProposalAct, make_proposal
from alliance.workflow.deadline_bounds import check_span, check_together
from alliance.workflow.deadline_words import say_deadline, say_span, say_urgency
from alliance.workflow.deadlines import (
    CLOSES,
    MOMENT,
    OPENS,
    RIGHTS,
    RIGHTS_AFTER_END,
    Span,
    list_default_spans,
)
from alliance.workflow.work_settings import list_set_values
from alliance.workflow.working_time import WorkingTime
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

Changes = list[dict[str, Any]]
TARGET = "work/deadlines"


def list_standing_spans() -> dict[tuple[str, str], Span]:
    """(name, urgency) -> what counts now, all of them."""
    usual = WorkingTime()
    general = {
        (RIGHTS, ""): Span(RIGHTS_AFTER_END.days, WorkDeadline.Unit.DAYS),
        (OPENS, ""): Span(usual.opens, MOMENT),
        (CLOSES, ""): Span(usual.closes, MOMENT),
    }
    held = {key: Span(r.amount, r.unit) for key, r in list_set_values().items()}
    return list_default_spans() | general | held


def check_changes(changes: Changes) -> None:
    """Raises ValidationError where one is beyond its bounds, or they do not go together."""
    values = list_standing_spans()
    for change in changes:
        span = Span(change["amount"], change["unit"])
        check_span(change["name"], change["urgency"], span)
        values[change["name"], change["urgency"]] = span
    check_together(values)


@administrative_transaction(EventCode.PROPOSAL_MAKE)
def do_propose_deadlines(changes: Changes, *, reason: str, acting: Principal) -> Proposal:
    """Raises AlreadyDone where nothing would change, ValidationError."""
    check_may_administer(acting, Permission.REFERRAL_OVERSEE)
    standing = list_standing_spans()
    other = [
        c
        for c in changes
        if standing.get((c["name"], c["urgency"])) != Span(c["amount"], c["unit"])
    ]
    if not other:
        raise AlreadyDone("deadlines", _("It stands so already. Nothing was changed."))
    check_changes(other)
    return make_proposal("deadlines", TARGET, {"changes": other}, reason=reason, acting=acting)


def do_set_deadlines(changes: Changes, *, acting: Principal, proposer: Principal | None) -> None:
    """Raises Forbidden unless two administrators stand behind it, ValidationError where the values
    do not go together as things stand now.
    """
    check_two_administrators(acting, proposer, Permission.REFERRAL_OVERSEE)
    check_changes(changes)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now = cursor.fetchone()[0]
    for change in changes:
        WorkDeadline.objects.create(
            **change,
            set_at=now,
            proposed_by_id=int(proposer.id) if proposer and proposer.kind == "staff" else None,
            agreed_by_id=int(acting.id) if acting.kind == "staff" else None,
        )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.WORK_SET,
            target=TARGET,
            detail=" · ".join(
                f"{c['name']} {c['urgency']}={c['amount']} {c['unit']}" for c in changes
            ),
        )
    )


def describe_deadlines(values: dict[str, Any]) -> list[str]:
    standing, told = list_standing_spans(), []
    for change in values["changes"]:
        before = standing.get((change["name"], change["urgency"]))
        told.append(
            _("%(what)s (%(urgency)s): %(before)s → %(after)s")
            % {
                "what": say_deadline(change["name"]),
                "urgency": say_urgency(change["urgency"]),
                "before": say_span(before) if before else "—",
                "after": say_span(Span(change["amount"], change["unit"])),
            }
        )
    return told


DEADLINES_ACT = ProposalAct(
    gettext_lazy("Deadlines of work between hospitals"),
    describe_deadlines,
    lambda values, acting, proposer: do_set_deadlines(
        values["changes"], acting=acting, proposer=proposer
    ),
)
