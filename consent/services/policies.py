"""The alliance's rule for patients who have decided nothing: a new version, never a change."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import AlliancePolicy


@transaction.atomic
def do_set_policy(code: str, *, basis: str, reason: str, starts_at: dt.datetime | None = None, acting: Principal) -> AlliancePolicy:
    """Holds from starts_at, or from now. Only for an administrator of the whole alliance."""
    if not (acting.may(Permission.POLICY_SET) and acting.alliance_wide):
        raise Forbidden("role", "Only an administrator of the whole alliance sets its rules.")
    if code not in AlliancePolicy.Code.values:
        raise ValueError(f"code must be one of {AlliancePolicy.Code.values}")
    policy = AlliancePolicy.objects.create(code=code, basis=basis, reason=reason, starts_at=max(starts_at or timezone.now(), timezone.now()), decided_by_id=int(acting.id))
    append(Event.of(acting, EventCode.POLICY_SET, target=f"policy/{policy.pk}", detail=code))
    return policy
