"""Break the glass and close it again; review what was done, and tell the patient (PIPL 18)."""

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
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


def due(acting: Principal) -> QuerySet[Emergency]:
    """What waits for the privacy officer: without a finding, or of which the patient has not been told. His own hospital's staff, or everybody's."""
    if not acting.may(Permission.EMERGENCY_REVIEW):
        raise Forbidden("role", "This role does not review emergencies.")
    found = Emergency.objects.filter(Q(reviewed_at=None) | Q(told_at=None)).select_related("staff__hospital").order_by("opened_at")
    return found if acting.alliance_wide else found.filter(staff__hospital_id=acting.hospital_id)


@transaction.atomic
def do_review_emergency(emergency_id: int, *, finding: str, comment: str, acting: Principal) -> None:
    """Nobody reviews himself. A finding stands; a second one is refused by its absence from the list."""
    emergency = due(acting).select_for_update(of=("self",)).get(pk=emergency_id, reviewed_at=None)
    if emergency.staff_id == int(acting.id):
        raise Forbidden("self", "Nobody reviews his own emergency.")
    if finding not in Emergency.Finding.values:
        raise ValueError(f"finding must be one of {Emergency.Finding.values}")
    emergency.finding, emergency.comment, emergency.reviewed_at, emergency.reviewed_by_id = finding, comment, timezone.now(), int(acting.id)
    emergency.save(update_fields=["finding", "comment", "reviewed_at", "reviewed_by"])
    append(Event.of(acting, EventCode.EMERGENCY_REVIEW, person=emergency.person, target=f"emergency/{emergency.pk}", detail=finding, purpose=Purpose.AUDIT.value))


@transaction.atomic
def do_tell_patient(emergency_id: int, *, how: str, acting: Principal) -> None:
    """The patient was told who looked, when and why; how says by what means."""
    emergency = due(acting).select_for_update(of=("self",)).get(pk=emergency_id, told_at=None)
    emergency.told_at, emergency.told_by_id, emergency.told_how = timezone.now(), int(acting.id), how
    emergency.save(update_fields=["told_at", "told_by", "told_how"])
    append(Event.of(acting, EventCode.EMERGENCY_TELL, person=emergency.person, target=f"emergency/{emergency.pk}", purpose=Purpose.AUDIT.value))
