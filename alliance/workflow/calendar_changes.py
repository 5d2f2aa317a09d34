"""The working calendar: the days that differ from the week, read from lines as they are announced
and kept by an administrator of the alliance. It decides no access, so one alone keeps it.
"""

import datetime as dt
import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.models import CalendarDay
from alliance.roles import Permission
from alliance.services.authority import administrative_transaction, check_may_administer
from alliance.workflow.move_item import database_now
from alliance.workflow.working_time import ANNOUNCED
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

LINE = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:\s*[-~～至]+\s*(\d{4}-\d{2}-\d{2}))?\s+(休|班)(?:\s+(.*))?"
)
MOST_DAYS, LONGEST_SPAN = 120, 20
WORKS = {"休": False, "班": True}


@dataclass(frozen=True, slots=True)
class DayLine:
    day: dt.date
    works: bool
    name: str = ""


def read_calendar(text: str) -> list[DayLine]:
    """Lines such as "2027-02-06 ~ 2027-02-12 休 春节" and "2027-02-14 班". Raises ValidationError
    with the number of the line.
    """
    found: dict[dt.date, DayLine] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            for read in read_line(line.strip()):
                found[read.day] = read
        except ValueError as error:
            raise ValidationError(
                _("Line %(n)s is not read: a day, or a first and a last day, then 休 or 班.")
                % {"n": number}
            ) from error
    if len(found) > MOST_DAYS:
        raise ValidationError(_("At most %(n)s days at a time.") % {"n": MOST_DAYS})
    return sorted(found.values(), key=lambda x: x.day)


def read_line(line: str) -> list[DayLine]:
    """Raises ValueError."""
    match = LINE.fullmatch(line)
    if match is None:
        raise ValueError(line)
    first, last, what, name = match.groups()
    begin = dt.date.fromisoformat(first)
    count = (dt.date.fromisoformat(last) - begin).days + 1 if last else 1
    if not 1 <= count <= LONGEST_SPAN:
        raise ValueError(line)
    return [
        DayLine(begin + dt.timedelta(days=n), WORKS[what], (name or "")[:40]) for n in range(count)
    ]


@administrative_transaction(EventCode.WORK_SET)
def do_set_calendar(text: str, *, acting: Principal) -> int:
    """How many days were set. Raises Forbidden, ValidationError."""
    check_may_administer(acting, Permission.REFERRAL_OVERSEE)
    days = read_calendar(text)
    if not days:
        raise ValidationError(_("Write at least one day."))
    now = database_now()
    for line in days:
        CalendarDay.objects.update_or_create(
            day=line.day,
            defaults={
                "works": line.works,
                "name": line.name,
                "changed_at": now,
                "changed_by_id": int(acting.id) if acting.kind == "staff" else None,
            },
        )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.WORK_SET,
            target="work/calendar",
            detail=" ".join(f"{x.day}{'班' if x.works else '休'}" for x in days),
        )
    )
    return len(days)


def list_calendar(year: int) -> list[DayLine]:
    """The days of a year that differ from the week: as announced, and as set here."""
    found = {d: DayLine(d, works) for d, works in ANNOUNCED.items() if d.year == year}
    found |= {
        r.day: DayLine(r.day, r.works, r.name) for r in CalendarDay.objects.filter(day__year=year)
    }
    return sorted(found.values(), key=lambda x: x.day)
