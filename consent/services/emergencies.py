"""Break the glass and close it again; review what was done, and tell the patient (PIPL 18)."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils import timezone

from alliance.auth.errors import AlreadyStands, Forbidden
from alliance.auth.principal import Principal, Purpose
from alliance.models import Staff
from alliance.roles import Permission
from alliance.services.staffing import post_left
from alliance.services.turn import wait_turn
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import Emergency
from consent.services.directives import homes
from consent.services.emergency_rates import check_rate, write_alarm
from consent.services.hold import hold
from consent.strength import stays
from consent.terms import Source

HOURS = (1, 4, 24)
LEAST_MORE = dt.timedelta(minutes=15)  # an opening that ends hardly later than the open one is the same one again
REASON, BESIDE = 500, " / "  # characters that a reason has room for; what stands between two


@transaction.atomic
def do_break_glass(person: UUID, *, ground: str, reason: str, hours: int, acting: Principal, sources: tuple[Source, ...] = ()) -> Emergency:
    """Open the person's record to this clinician alone for 1, 4 or 24 hours. One that is open on the same ground goes on until then, with the new reason beside
    the old one, as long as neither a finding nor the notice to the patient was written about it and both reasons have room.

    Raises AlreadyStands where it is open so long already, TooFast where the clinician opens one record after the other as no human does.
    """
    if not acting.may(Permission.EMERGENCY_OPEN):
        raise Forbidden("role", "This role does not open records in an emergency.")
    if hours not in HOURS:
        raise ValueError(f"hours must be one of {HOURS}")
    wait_turn("emergency", [acting.id] if acting.vouched else [acting.id, f"unvouched/{acting.hospital_id}"])
    now = hold(s for s in sources if s.hospital_id == acting.hospital_id)
    until = now + dt.timedelta(hours=hours)
    own = {s.home: s.since for s in sources if s.hospital_id == acting.hospital_id}
    found = Emergency.objects.filter(
        person__in={person, *homes(person, sources)}, staff_id=int(acting.id), hospital_id=acting.hospital_id, ground=ground, closed_at=None, until__gt=now, reviewed_at=None, told_at=None)
    still = next((e for e in found if stays(e.person, e.opened_at, own)), None)
    if still is not None and until - still.until < LEAST_MORE:
        raise AlreadyStands("emergency", "The record is open to you in an emergency already. Nothing was opened a second time.")
    both = "" if still is None else still.reason if reason in still.reason.split(BESIDE) else f"{still.reason}{BESIDE}{reason}"
    if still is not None and len(both) <= REASON:
        still.until, still.reason = until, both
        still.save(update_fields=["until", "reason"])
        append(Event.of(acting, EventCode.EMERGENCY_OPEN, person=person, target=f"emergency/{still.pk}", detail=f"{ground} {hours}h more", purpose=Purpose.EMERGENCY.value))
        return still
    check_rate(acting, now)
    emergency = Emergency.objects.create(
        person=person, staff_id=int(acting.id), hospital_id=acting.hospital_id, ground=ground, reason=reason, opened_at=now, until=until)
    append(Event.of(acting, EventCode.EMERGENCY_OPEN, person=person, target=f"emergency/{emergency.pk}", detail=f"{ground} {hours}h",
                    purpose=Purpose.EMERGENCY.value))
    write_alarm(acting, now)
    return emergency


@transaction.atomic
def do_close_glass(person: UUID, *, sources: tuple[Source, ...], acting: Principal) -> None:
    Emergency.objects.filter(person__in=homes(person, sources), staff_id=int(acting.id), closed_at=None).update(closed_at=timezone.now())
    append(Event.of(acting, EventCode.EMERGENCY_CLOSE, person=person, purpose=Purpose.EMERGENCY.value))


@receiver(post_left)
def close_with_post(sender: Any, staff: Staff, acting: Principal, **kwargs: Any) -> None:
    """An emergency access ends with the post it was opened in: it does not come back with the clinician."""
    still = Emergency.objects.filter(staff=staff, closed_at=None, until__gt=timezone.now()).select_for_update()
    for emergency in still:
        emergency.closed_at = timezone.now()
        emergency.save(update_fields=["closed_at"])
        append(Event.of(acting, EventCode.EMERGENCY_CLOSE, person=emergency.person, target=f"emergency/{emergency.pk}", detail=f"staff/{staff.pk}"))


def whose(acting: Principal) -> Q:
    """The emergencies that the officer answers for: those opened at their hospital, or all."""
    return Q() if acting.alliance_wide else Q(hospital_id=acting.hospital_id) | Q(hospital=None, staff__hospital_id=acting.hospital_id)


def due(acting: Principal) -> QuerySet[Emergency]:
    """What waits for the privacy officer: without a finding, or of which the patient has not been told. His own hospital's staff, or everybody's."""
    if not acting.may(Permission.EMERGENCY_REVIEW):
        raise Forbidden("role", "This role does not review emergencies.")
    found = Emergency.objects.filter(Q(reviewed_at=None) | Q(told_at=None)).select_related("staff__hospital").order_by("opened_at")
    return found.filter(whose(acting))


def waiting(emergency_id: int, step: str, acting: Principal) -> Emergency:
    """The emergency, locked, of which the step (reviewed_at, told_at) has not been done. Raises Emergency.DoesNotExist, AlreadyStands."""
    found = due(acting)
    if Emergency.objects.filter(whose(acting), pk=emergency_id).exclude(**{step: None}).exists():
        raise AlreadyStands("reviewed", "Somebody has written this down already. Nothing was changed.")
    return found.select_for_update(of=("self",)).get(pk=emergency_id, **{step: None})


@transaction.atomic
def do_review_emergency(emergency_id: int, *, finding: str, comment: str, acting: Principal) -> None:
    """Nobody reviews their own emergency. A finding stands: raises AlreadyStands for a second one."""
    emergency = waiting(emergency_id, "reviewed_at", acting)
    if emergency.staff_id == int(acting.id):
        raise Forbidden("self", "Nobody reviews their own emergency access.")
    if finding not in Emergency.Finding.values:
        raise ValueError(f"finding must be one of {Emergency.Finding.values}")
    emergency.finding, emergency.comment, emergency.reviewed_at, emergency.reviewed_by_id = finding, comment, timezone.now(), int(acting.id)
    emergency.save(update_fields=["finding", "comment", "reviewed_at", "reviewed_by"])
    append(Event.of(acting, EventCode.EMERGENCY_REVIEW, person=emergency.person, target=f"emergency/{emergency.pk}", detail=finding, purpose=Purpose.AUDIT.value))


@transaction.atomic
def do_tell_patient(emergency_id: int, *, how: str, acting: Principal) -> None:
    """The patient was told who looked, when and why; how says by what means."""
    emergency = waiting(emergency_id, "told_at", acting)
    emergency.told_at, emergency.told_by_id, emergency.told_how = timezone.now(), int(acting.id), how
    emergency.save(update_fields=["told_at", "told_by", "told_how"])
    append(Event.of(acting, EventCode.EMERGENCY_TELL, person=emergency.person, target=f"emergency/{emergency.pk}", purpose=Purpose.AUDIT.value))
