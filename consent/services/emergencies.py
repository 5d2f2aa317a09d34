"""Break the glass and close it again."""

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, Purpose
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import Emergency
from consent.services.directives import homes
from consent.terms import Source

HOURS = (1, 4, 24)


@transaction.atomic
def do_break_glass(person: UUID, *, ground: str, reason: str, hours: int, acting: Principal) -> Emergency:
    """Opens the person's record to this clinician alone for 1, 4 or 24 hours."""
    if not acting.may(Permission.EMERGENCY_OPEN):
        raise Forbidden("role", "This role does not open records in an emergency.")
    if hours not in HOURS:
        raise ValueError(f"hours must be one of {HOURS}")
    now = timezone.now()
    emergency = Emergency.objects.create(
        person=person, staff_id=int(acting.id), ground=ground, reason=reason, opened_at=now, until=now + dt.timedelta(hours=hours))
    append(Event.of(acting, EventCode.EMERGENCY_OPEN, person=person, target=f"emergency/{emergency.pk}", detail=f"{ground} {hours}h",
                    purpose=Purpose.EMERGENCY.value))
    return emergency


@transaction.atomic
def do_close_glass(person: UUID, *, sources: tuple[Source, ...], acting: Principal) -> None:
    Emergency.objects.filter(person__in=homes(person, sources), staff_id=int(acting.id), closed_at=None).update(closed_at=timezone.now())
    append(Event.of(acting, EventCode.EMERGENCY_CLOSE, person=person, purpose=Purpose.EMERGENCY.value))
