"""Keep a hospital's part of the directory by page: its own people alone, each change a line in the
log. Nothing is deleted: what ends is not offered any more.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import OfferedClinic, OfferedDepartment, OfferedSlot, PlaceTaken
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

MOST_WEEKS = 26
LONGEST_DAY = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """weekdays: 0 is Monday; minutes: of one slot, 0 for one slot from begin to end; places: of
    each slot.
    """

    weekdays: frozenset[int]
    begins: dt.time
    ends: dt.time
    minutes: int
    places: int


def check_keeps(acting: Principal, hospital_id: int) -> None:
    """Raises Forbidden for another hospital's, and for a role that does not keep the directory.
    Operators may all.
    """
    if acting.kind == "operator":
        return
    check_permission(acting, Permission.DIRECTORY_KEEP, "Your role does not keep the directory.")
    if acting.hospital_id != hospital_id:
        raise Forbidden("other_hospital", "A hospital keeps its own part of the directory.")


def note_change(acting: Principal, target: str, detail: str) -> None:
    append_event(
        AuditEvent.from_principal(acting, EventCode.DIRECTORY_CHANGE, target=target, detail=detail)
    )


@transaction.atomic
def do_save_department(department: OfferedDepartment, *, acting: Principal) -> None:
    """A new one, or one that is changed. Raises Forbidden, ValidationError by field."""
    check_keeps(acting, department.hospital_id)
    department.full_clean()
    if (
        department.pk
        and OfferedDepartment.objects.exclude(hospital_id=department.hospital_id)
        .filter(pk=department.pk)
        .exists()
    ):
        raise Forbidden("other_hospital", "A hospital keeps its own part of the directory.")
    is_new = department.pk is None
    department.save()
    note_change(acting, f"directory/department/{department.pk}", "new" if is_new else "change")


@transaction.atomic
def do_save_clinic(clinic: OfferedClinic, *, acting: Principal) -> None:
    """Raises Forbidden, ValidationError by field."""
    check_keeps(acting, clinic.hospital_id)
    if clinic.department.hospital_id != clinic.hospital_id:
        raise Forbidden("other_hospital", "A hospital keeps its own part of the directory.")
    clinic.full_clean()
    is_new = clinic.pk is None
    clinic.save()
    note_change(acting, f"directory/clinic/{clinic.pk}", "new" if is_new else "change")


@transaction.atomic
def do_end(row: OfferedDepartment | OfferedClinic, *, acting: Principal) -> None:
    """It is not offered any more; with a department its clinics. Ended once stays ended. Raises
    ValidationError where patients are expected there.
    """
    check_keeps(acting, row.hospital_id)
    clinics = (
        OfferedClinic.objects.filter(department=row)
        if isinstance(row, OfferedDepartment)
        else OfferedClinic.objects.filter(pk=row.pk)
    )
    expected = PlaceTaken.objects.filter(
        freed_at=None, slot__clinic__in=clinics, slot__starts_at__gt=timezone.now()
    ).count()
    if expected:
        raise ValidationError(
            ngettext(
                "%(n)s patient is expected there: call the day off first, and arrange anew.",
                "%(n)s patients are expected there: call their days off first, and arrange anew.",
                expected,
            )
            % {"n": expected}
        )
    now = timezone.now()
    clinics.filter(ended_at=None).update(ended_at=now)
    type(row).objects.filter(pk=row.pk, ended_at=None).update(ended_at=now)
    note_change(acting, f"directory/{name_kind(row)}/{row.pk}", "end")


@transaction.atomic
def do_take_up(row: OfferedDepartment | OfferedClinic, *, acting: Principal) -> None:
    """What had ended is offered again; of a department its clinics each by themselves."""
    check_keeps(acting, row.hospital_id)
    type(row).objects.filter(pk=row.pk).update(ended_at=None)
    note_change(acting, f"directory/{name_kind(row)}/{row.pk}", "take-up")


def name_kind(row: OfferedDepartment | OfferedClinic) -> str:
    return "department" if isinstance(row, OfferedDepartment) else "clinic"


@transaction.atomic
def do_make_slots(
    clinic: OfferedClinic, hours: WeeklyHours, first: dt.date, weeks: int, *, acting: Principal
) -> int:
    """Slots of the weekly hours, for so many weeks from a day on. What is there at the same moment
    stays as it is, so that twice is once. How many are new. Raises Forbidden, ValidationError.
    """
    check_keeps(acting, clinic.hospital_id)
    if not 1 <= weeks <= MOST_WEEKS:
        raise ValidationError(_("Repeat for 1 to %(most)s weeks.") % {"most": MOST_WEEKS})
    times = list_slot_times(hours)
    now = timezone.now()
    slots = [
        OfferedSlot(
            hospital_id=clinic.hospital_id,
            clinic=clinic,
            code=f"{clinic.pk}-{starts.astimezone(dt.UTC):%Y%m%dT%H%M}",
            starts_at=starts,
            ends_at=ends,
            places=hours.places,
        )
        for day in (first + dt.timedelta(days=n) for n in range(7 * weeks))
        if day.weekday() in hours.weekdays
        for starts, ends in times_on(day, times)
        if starts > now
    ]
    before = OfferedSlot.objects.filter(clinic=clinic).count()
    OfferedSlot.objects.bulk_create(slots, ignore_conflicts=True)
    made = OfferedSlot.objects.filter(clinic=clinic).count() - before
    note_change(acting, f"directory/clinic/{clinic.pk}", f"slots {made}")
    return made


def list_slot_times(hours: WeeklyHours) -> list[tuple[dt.time, dt.time]]:
    """Begin and end of each slot of a day. Raises ValidationError."""
    day = dt.date(2000, 1, 1)
    begins, ends = (dt.datetime.combine(day, t) for t in (hours.begins, hours.ends))
    if ends <= begins:
        raise ValidationError({"ends": _("The end lies before the beginning.")})
    step = dt.timedelta(minutes=hours.minutes) if hours.minutes else ends - begins
    count = (ends - begins) // step
    return [((begins + n * step).time(), (begins + (n + 1) * step).time()) for n in range(count)]


def times_on(
    day: dt.date, times: Sequence[tuple[dt.time, dt.time]]
) -> list[tuple[dt.datetime, dt.datetime]]:
    zone = timezone.get_current_timezone()
    return [
        (
            dt.datetime.combine(day, begins, tzinfo=zone),
            dt.datetime.combine(day, ends, tzinfo=zone),
        )
        for begins, ends in times
    ]


@transaction.atomic
def do_stop_day(
    clinic: OfferedClinic, day: dt.date, reason: str, *, acting: Principal
) -> tuple[int, int]:
    """Call a clinic's day off: (slots that are stopped, patients who were expected there). These
    keep their referral and stand on the list of whoever arranges (list_fallen_places) until another
    arrangement is made. Raises ValidationError without a reason.
    """
    check_keeps(acting, clinic.hospital_id)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    zone = timezone.get_current_timezone()
    begins = dt.datetime.combine(day, dt.time(), tzinfo=zone)
    slots = OfferedSlot.objects.filter(
        clinic=clinic, starts_at__gte=begins, starts_at__lt=begins + LONGEST_DAY
    )
    stopped = slots.filter(stopped_at=None).update(
        stopped_at=timezone.now(), stopped_reason=reason.strip()[:200]
    )
    expected = slots.filter(taken__gt=0).values_list("taken", flat=True)
    note_change(acting, f"directory/clinic/{clinic.pk}", f"stop {day.isoformat()}")
    return stopped, sum(expected)
