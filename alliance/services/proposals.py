"""What closes, one administrator of the alliance does at once; what opens, one proposes and
another agrees to. ACTS is the table of what can be proposed.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal, principal_from_staff
from alliance.models import Proposal, Staff
from alliance.roles import Permission, Role
from alliance.services.authority import (
    administrative_transaction,
    check_in_person,
    check_may_administer,
)
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

PROPOSAL_LIFETIME = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ProposalAct:
    """title: in the reader's words; tell(values): line by line what will happen; perform(values,
    acting, proposer): carries it out, and raises Forbidden or ValidationError where it can't be as
    things stand now.
    """

    title: Any
    describe: Callable[[dict[str, Any]], list[str]]
    perform: Callable[[dict[str, Any], Principal, Principal], object]


PROPOSAL_ACTS: dict[
    str, ProposalAct
] = {}  # filled by the apps, for an act may be of a house above this one


def make_proposal(
    act: str, target: str, values: dict[str, Any], *, reason: str, acting: Principal
) -> Proposal:
    """Let it wait for another administrator's word. Call it in the transaction of a verb that
    has asked whether the acting one may propose it.

    Raises AlreadyDone where the same waits already.
    """
    now = timezone.now()
    if query_open_proposals().filter(act=act, target=target, values=values).exists():
        raise AlreadyDone(
            "proposal", "This has been proposed already: it waits for another administrator."
        )
    made = Proposal.objects.create(
        act=act,
        target=target,
        values=values,
        reason=reason,
        proposed_by_id=int(acting.id),
        proposed_at=now,
        expires_at=now + PROPOSAL_LIFETIME,
    )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.PROPOSAL_MAKE,
            target=f"proposal/{made.pk}",
            detail=" · ".join(filter(None, (act, target, reason))),
        )
    )
    return made


def query_open_proposals() -> QuerySet[Proposal]:
    """Those that wait, the newest first."""
    return Proposal.objects.filter(outcome="", expires_at__gt=timezone.now()).select_related(
        "proposed_by__hospital"
    )


@administrative_transaction(EventCode.PROPOSAL_AGREE)
def do_agree_to_proposal(proposal: Proposal, *, acting: Principal) -> None:
    """Carry it out, by the word of the acting one and of who proposed it, both as employed now.
    Raises Forbidden for one's own, for a client that acts for somebody, and as the act does.
    """
    check_in_person(acting)
    proposal = lock_open_proposal(proposal, acting)
    proposer = principal_from_staff(proposal.proposed_by)
    if proposer.id == acting.id:
        raise Forbidden("self", "You have proposed this yourself: another administrator agrees.")
    if not (proposer.may(Permission.PROPOSAL_DECIDE) and proposer.alliance_wide):
        raise Forbidden(
            "proposer",
            "Who proposed this does not administer the alliance any more: propose it anew.",
        )
    PROPOSAL_ACTS[proposal.act].perform(proposal.values, acting, proposer)
    record_proposal_outcome(proposal, Proposal.Outcome.AGREED, EventCode.PROPOSAL_AGREE, "", acting)


@administrative_transaction(EventCode.PROPOSAL_REFUSE)
def do_refuse_proposal(proposal: Proposal, *, reason: str, acting: Principal) -> None:
    """Nothing happens, and nobody can agree any more. Who proposed it may take it back so."""
    record_proposal_outcome(
        lock_open_proposal(proposal, acting),
        Proposal.Outcome.REFUSED,
        EventCode.PROPOSAL_REFUSE,
        reason,
        acting,
    )


def lock_open_proposal(proposal: Proposal, acting: Principal) -> Proposal:
    """As it stands now. Raises Forbidden unless the acting one decides about proposals,
    AlreadyDone where it does not wait any more.
    """
    check_may_administer(acting, Permission.PROPOSAL_DECIDE)
    fresh = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("proposed_by__hospital")
        .get(pk=proposal.pk)
    )
    if not fresh.waits:
        raise AlreadyDone(
            "decided",
            "This has been decided already, or its seven days are over. Nothing was changed.",
        )
    return fresh


def record_proposal_outcome(
    proposal: Proposal, outcome: Proposal.Outcome, code: EventCode, reason: str, acting: Principal
) -> None:
    proposal.outcome, proposal.decided_by_id, proposal.decided_at, proposal.decided_reason = (
        outcome.value,
        int(acting.id),
        timezone.now(),
        reason,
    )
    proposal.save(update_fields=["outcome", "decided_by", "decided_at", "decided_reason"])
    append_event(
        AuditEvent.from_principal(
            acting,
            code,
            target=f"proposal/{proposal.pk}",
            detail=" · ".join(filter(None, (proposal.act, proposal.target, reason))),
        )
    )


def list_other_administrators(acting: Principal) -> list[Staff]:
    """The other administrators of the whole alliance who can agree today."""
    rows = Staff.objects.select_related("hospital").filter(
        role=Role.ADMINISTRATOR,
        alliance_wide=True,
        ended_at=None,
        vouched_at__isnull=False,
        user__is_active=True,
    )
    return [s for s in rows.exclude(pk=int(acting.id)) if s.active and s.hospital.active]
