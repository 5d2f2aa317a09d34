"""Break the glass and close it again; review what was done, and tell the patient (PIPL 18)."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal, Purpose, act_for_hospital, hospitals_served
from alliance.models import Staff
from alliance.platform.counters import emergency_counter
from alliance.roles import Permission
from alliance.services.advisory_locks import take_advisory_locks
from alliance.services.staffing import post_left
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import Emergency
from consent.services.directives import home_person_ids
from consent.services.emergency_rates import append_rate_alarm, check_emergency_rate
from consent.services.registration_locks import lock_registrations
from consent.strength import is_emergency_still_valid
from consent.terms import Source

EMERGENCY_HOURS = (1, 4, 24)
MIN_EXTENSION = dt.timedelta(
    minutes=15
)  # an opening that ends hardly later than the open one is the same one again
MAX_REASON_LENGTH, REASON_SEPARATOR = (
    500,
    " / ",
)  # characters that a reason has room for; what stands between two


@transaction.atomic
def do_break_glass(
    person: UUID,
    *,
    ground: str,
    reason: str,
    hours: int,
    acting: Principal,
    sources: tuple[Source, ...] = (),
) -> Emergency:
    """Open the person's record to this clinician alone for 1, 4 or 24 hours. One that is open on
    the same ground goes on until then, with the new reason beside the old one, as long as neither a
    finding nor the notice to the patient was written about it and both reasons have room.

    Raises AlreadyDone where it is open so long already, TooFast where the clinician opens one
    record after the other as no human does.
    """
    if not acting.may(Permission.EMERGENCY_OPEN):
        raise Forbidden("role", "This role does not open records in an emergency.")
    if hours not in EMERGENCY_HOURS:
        raise ValueError(f"hours must be one of {EMERGENCY_HOURS}")
    take_advisory_locks(
        "emergency",
        [acting.id] if acting.vouched else [acting.id, f"unvouched/{acting.hospital_id}"],
    )
    now = lock_registrations(s for s in sources if s.hospital_id == acting.hospital_id)
    until = now + dt.timedelta(hours=hours)
    own = {s.home: s.since for s in sources if s.hospital_id == acting.hospital_id}
    found = Emergency.objects.filter(
        person__in={person, *home_person_ids(person, sources)},
        staff_id=int(acting.id),
        hospital_id=acting.hospital_id,
        ground=ground,
        closed_at=None,
        until__gt=now,
        reviewed_at=None,
        told_at=None,
    )
    still = next((e for e in found if is_emergency_still_valid(e.person, e.opened_at, own)), None)
    if still is not None and until - still.until < MIN_EXTENSION:
        raise AlreadyDone(
            "emergency",
            "The record is open to you in an emergency already. Nothing was opened a second time.",
        )
    both = (
        ""
        if still is None
        else (
            still.reason
            if reason in still.reason.split(REASON_SEPARATOR)
            else f"{still.reason}{REASON_SEPARATOR}{reason}"
        )
    )
    if still is not None and len(both) <= MAX_REASON_LENGTH:
        still.until, still.reason = until, both
        still.save(update_fields=["until", "reason"])
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.EMERGENCY_OPEN,
                person=person,
                target=f"emergency/{still.pk}",
                detail=f"{ground} {hours}h more",
                purpose=Purpose.EMERGENCY.value,
            )
        )
        return still
    check_emergency_rate(acting, now)
    emergency = Emergency.objects.create(
        person=person,
        staff_id=int(acting.id),
        hospital_id=acting.hospital_id,
        ground=ground,
        reason=reason,
        opened_at=now,
        until=until,
    )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.EMERGENCY_OPEN,
            person=person,
            target=f"emergency/{emergency.pk}",
            detail=f"{ground} {hours}h",
            purpose=Purpose.EMERGENCY.value,
        )
    )
    append_rate_alarm(acting, now)
    transaction.on_commit(emergency_counter.inc)
    return emergency


@transaction.atomic
def do_close_glass(person: UUID, *, sources: tuple[Source, ...], acting: Principal) -> None:
    Emergency.objects.filter(
        person__in=home_person_ids(person, sources), staff_id=int(acting.id), closed_at=None
    ).update(closed_at=timezone.now())
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.EMERGENCY_CLOSE, person=person, purpose=Purpose.EMERGENCY.value
        )
    )


@receiver(post_left)
def close_emergencies_of_post(sender: Any, staff: Staff, acting: Principal, **kwargs: Any) -> None:
    """An emergency access ends with the post it was opened in: it does not come back with the
    clinician.
    """
    still = Emergency.objects.filter(
        staff=staff, closed_at=None, until__gt=timezone.now()
    ).select_for_update()
    for emergency in still:
        emergency.closed_at = timezone.now()
        emergency.save(update_fields=["closed_at"])
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.EMERGENCY_CLOSE,
                person=emergency.person,
                target=f"emergency/{emergency.pk}",
                detail=f"staff/{staff.pk}",
            )
        )


def emergency_filter(acting: Principal) -> Q:
    """The emergencies that the officer answers for: those opened at their hospital or at one for
    which they are appointed, or all.
    """
    if acting.alliance_wide:
        return Q()
    served = hospitals_served(acting)
    return Q(hospital_id__in=served) | Q(hospital=None, staff__hospital_id__in=served)


def hospital_of_emergency(emergency: Emergency) -> int:
    """Where it was opened."""
    return emergency.hospital_id or emergency.staff.hospital_id


def query_due_emergencies(acting: Principal) -> QuerySet[Emergency]:
    """What waits for the privacy officer: without a finding, or of which the patient has not been
    told. Of the staff of the hospitals that the officer serves, or of everybody.
    """
    if not acting.may(Permission.EMERGENCY_REVIEW):
        raise Forbidden("role", "This role does not review emergencies.")
    found = (
        Emergency.objects.filter(Q(reviewed_at=None) | Q(told_at=None))
        .select_related("staff__hospital")
        .order_by("opened_at")
    )
    return found.filter(emergency_filter(acting))


def lock_waiting_emergency(emergency_id: int, step: str, acting: Principal) -> Emergency:
    """The emergency, locked, of which the step (reviewed_at, told_at) has not been done. Raises
    Emergency.DoesNotExist, AlreadyDone.
    """
    found = query_due_emergencies(acting)
    if (
        Emergency.objects.filter(emergency_filter(acting), pk=emergency_id)
        .exclude(**{step: None})
        .exists()
    ):
        raise AlreadyDone(
            "reviewed", "Somebody has written this down already. Nothing was changed."
        )
    return found.select_for_update(of=("self",)).get(pk=emergency_id, **{step: None})


@transaction.atomic
def do_review_emergency(
    emergency_id: int, *, finding: str, comment: str, acting: Principal
) -> None:
    """Nobody reviews their own emergency. A finding stands: raises AlreadyDone for a
    second one.
    """
    emergency = lock_waiting_emergency(emergency_id, "reviewed_at", acting)
    if emergency.staff_id == int(acting.id):
        raise Forbidden("self", "Nobody reviews their own emergency access.")
    if finding not in Emergency.Finding.values:
        raise ValueError(f"finding must be one of {Emergency.Finding.values}")
    emergency.finding, emergency.comment, emergency.reviewed_at, emergency.reviewed_by_id = (
        finding,
        comment,
        timezone.now(),
        int(acting.id),
    )
    emergency.save(update_fields=["finding", "comment", "reviewed_at", "reviewed_by"])
    append_event(
        AuditEvent.from_principal(
            act_for_hospital(acting, hospital_of_emergency(emergency)),
            EventCode.EMERGENCY_REVIEW,
            person=emergency.person,
            target=f"emergency/{emergency.pk}",
            detail=finding,
            purpose=Purpose.AUDIT.value,
        )
    )


@transaction.atomic
def do_tell_patient(emergency_id: int, *, how: str, acting: Principal) -> None:
    """The patient was told who looked, when and why; how says by what means."""
    emergency = lock_waiting_emergency(emergency_id, "told_at", acting)
    emergency.told_at, emergency.told_by_id, emergency.told_how = (
        timezone.now(),
        int(acting.id),
        how,
    )
    emergency.save(update_fields=["told_at", "told_by", "told_how"])
    append_event(
        AuditEvent.from_principal(
            act_for_hospital(acting, hospital_of_emergency(emergency)),
            EventCode.EMERGENCY_TELL,
            person=emergency.person,
            target=f"emergency/{emergency.pk}",
            purpose=Purpose.AUDIT.value,
        )
    )
