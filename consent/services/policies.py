"""The alliance's rule for patients who have decided nothing: a new version, never a change; one
administrator proposes it, another agrees.
"""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.models import Proposal
from alliance.roles import Permission
from alliance.services.advisory_locks import take_advisory_locks
from alliance.services.authority import (
    administrative_transaction,
    check_may_administer,
    check_two_administrators,
)
from alliance.services.proposals import ProposalAct, make_proposal
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import AlliancePolicy


@administrative_transaction(EventCode.PROPOSAL_MAKE)
def do_propose_policy(code: str, *, basis: str, reason: str, acting: Principal) -> Proposal:
    """That this rule holds, once another administrator agrees. Raises AlreadyDone where it is
    the newest already.
    """
    check_may_administer(acting, Permission.POLICY_SET)
    check_new_policy(code, basis, reason)
    return make_proposal(
        "policy",
        "policy",
        {"code": code, "basis": basis, "reason": reason},
        reason="",
        acting=acting,
    )


@transaction.atomic
def do_set_policy(
    code: str,
    *,
    basis: str,
    reason: str,
    starts_at: dt.datetime | None = None,
    acting: Principal,
    proposer: Principal | None = None,
) -> AlliancePolicy:
    """Holds from starts_at, or from now. Raises Forbidden unless two administrators of the whole
    alliance stand behind it, AlreadyDone where this rule, with this basis and resolution, is the
    newest already.
    """
    if acting.kind != "staff":
        raise Forbidden("role", "Only administrators of the whole alliance set its rules.")
    check_two_administrators(acting, proposer, Permission.POLICY_SET)
    take_advisory_locks("policy", ["newest"])
    if starts_at is None:
        check_new_policy(code, basis, reason)
    policy = AlliancePolicy.objects.create(
        code=code,
        basis=basis,
        reason=reason,
        starts_at=max(starts_at or timezone.now(), timezone.now()),
        decided_by_id=int(acting.id),
    )
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.POLICY_SET, target=f"policy/{policy.pk}", detail=code
        )
    )
    return policy


def check_new_policy(code: str, basis: str, reason: str) -> None:
    """Raises ValueError for an unknown rule, and AlreadyDone."""
    if code not in AlliancePolicy.Code.values:
        raise ValueError(f"code must be one of {AlliancePolicy.Code.values}")
    newest = AlliancePolicy.objects.order_by("-starts_at", "-pk").first()
    if newest and (newest.code, newest.basis, newest.reason) == (code, basis, reason):
        raise AlreadyDone("policy", "This rule holds already. Nothing was decided a second time.")


def describe_policy(values: dict[str, Any]) -> list[str]:
    return [
        _("Of patients who have decided nothing: %(rule)s.")
        % {"rule": AlliancePolicy.Code(values["code"]).label},
        _("It holds at once, at all hospitals. Legal basis: %(basis)s. Resolution: %(reason)s")
        % {
            "basis": values["basis"],
            "reason": values["reason"],
        },
    ]


POLICY_ACT = ProposalAct(
    gettext_lazy("A new version of the alliance's rule"),
    describe_policy,
    lambda values, acting, proposer: do_set_policy(**values, acting=acting, proposer=proposer),
)
