"""The alliance's rule for patients who have decided nothing: a new version, never a change; one administrator proposes it, another agrees."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.errors import AlreadyStands, Forbidden
from alliance.auth.principal import Principal
from alliance.models import Proposal
from alliance.roles import Permission
from alliance.services.authority import administrative, must, must_two
from alliance.services.proposals import Act, propose
from alliance.services.turn import wait_turn
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import AlliancePolicy


@administrative(EventCode.PROPOSAL_MAKE)
def do_propose_policy(code: str, *, basis: str, reason: str, acting: Principal) -> Proposal:
    """That this rule holds, once another administrator agrees. Raises AlreadyStands where it is the newest already."""
    must(acting, Permission.POLICY_SET)
    check(code, basis, reason)
    return propose("policy", "policy", {"code": code, "basis": basis, "reason": reason}, reason="", acting=acting)


@transaction.atomic
def do_set_policy(code: str, *, basis: str, reason: str, starts_at: dt.datetime | None = None, acting: Principal, proposer: Principal | None = None) -> AlliancePolicy:
    """Holds from starts_at, or from now. Raises Forbidden unless two administrators of the whole alliance stand behind it, AlreadyStands where this rule,
    with this basis and resolution, is the newest already."""
    if acting.kind != "staff":
        raise Forbidden("role", "Only administrators of the whole alliance set its rules.")
    must_two(acting, proposer, Permission.POLICY_SET)
    wait_turn("policy", ["newest"])
    if starts_at is None:
        check(code, basis, reason)
    policy = AlliancePolicy.objects.create(code=code, basis=basis, reason=reason, starts_at=max(starts_at or timezone.now(), timezone.now()), decided_by_id=int(acting.id))
    append(Event.of(acting, EventCode.POLICY_SET, target=f"policy/{policy.pk}", detail=code))
    return policy


def check(code: str, basis: str, reason: str) -> None:
    """Raises ValueError for an unknown rule, and AlreadyStands."""
    if code not in AlliancePolicy.Code.values:
        raise ValueError(f"code must be one of {AlliancePolicy.Code.values}")
    newest = AlliancePolicy.objects.order_by("-starts_at", "-pk").first()
    if newest and (newest.code, newest.basis, newest.reason) == (code, basis, reason):
        raise AlreadyStands("policy", "This rule holds already. Nothing was decided a second time.")


def tell(values: dict[str, Any]) -> list[str]:
    return [_("Of patients who have decided nothing: %(rule)s.") % {"rule": AlliancePolicy.Code(values["code"]).label},
            _("It holds at once, at all hospitals. Legal basis: %(basis)s. Resolution: %(reason)s") % {"basis": values["basis"], "reason": values["reason"]}]


POLICY = Act(gettext_lazy("A new version of the alliance's rule"), tell, lambda values, acting, proposer: do_set_policy(**values, acting=acting, proposer=proposer))
