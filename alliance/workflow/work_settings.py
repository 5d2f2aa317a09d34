"""The alliance's settings of work as they stand now (docs/adr/0092). A timer is set by what stands
when it starts; what changes later moves no timer that runs.
"""

import datetime as dt
from collections.abc import Callable, Iterable

from django.utils import timezone

from alliance.models import CalendarDay, WorkDeadline
from alliance.workflow.deadlines import (
    CLOSES,
    OPENS,
    RIGHTS,
    RIGHTS_AFTER_END,
    Span,
    WorkSettings,
)
from alliance.workflow.working_time import ANNOUNCED, WorkingTime

WORKING = (WorkDeadline.Unit.WORKING_HOURS, WorkDeadline.Unit.WORKING_DAYS)
LOOK_BACK = dt.timedelta(days=2)
CalendarSource = Callable[[], Iterable[tuple[dt.date, bool]]]


def list_set_values() -> dict[tuple[str, str], WorkDeadline]:
    """(name, urgency) -> the newest that was set. index: work_deadline_newest"""
    rows = WorkDeadline.objects.order_by("name", "urgency", "-id").distinct("name", "urgency")
    return {(r.name, r.urgency): r for r in rows}


def load_work_settings() -> WorkSettings:
    return settings_of(
        {key: Span(r.amount, r.unit) for key, r in list_set_values().items()},
        load_calendar,
    )


def load_calendar() -> Iterable[tuple[dt.date, bool]]:
    """Of days to come: due times never lie before now."""
    since = timezone.localdate() - LOOK_BACK
    return CalendarDay.objects.filter(day__gte=since).values_list("day", "works")


def settings_of(
    values: dict[tuple[str, str], Span], days: CalendarSource | None = None
) -> WorkSettings:
    """days: asked only where something counts by working time."""
    rights = values.get((RIGHTS, ""))
    opens, closes = values.get((OPENS, "")), values.get((CLOSES, ""))
    usual = WorkingTime()
    asked = days is not None and any(s.unit in WORKING for s in values.values())
    return WorkSettings(
        values,
        dt.timedelta(days=rights.amount) if rights else RIGHTS_AFTER_END,
        WorkingTime(
            opens.amount if opens else usual.opens,
            closes.amount if closes else usual.closes,
            ANNOUNCED | dict(days()) if asked and days is not None else ANNOUNCED,
        ),
    )
