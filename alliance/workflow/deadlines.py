"""TABLE name of a deadline -> after how long it is due, by urgency, as long as the alliance has set
nothing else (docs/adr/0086, 0092); and the moment when something is due. Pure.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from alliance.models.work_item import WorkItem
from alliance.models.work_setting import WorkDeadline
from alliance.workflow.working_time import WorkingTime

EMERGENCY, URGENT, ROUTINE = WorkItem.Urgency
MINUTES, HOURS, DAYS, WORKING_HOURS, WORKING_DAYS, MOMENT = WorkDeadline.Unit
HOUR = dt.timedelta(hours=1)
DEADLINES: dict[str, dict[str, dt.timedelta]] = {
    "accept": {EMERGENCY: HOUR / 2, URGENT: 2 * HOUR, ROUTINE: 24 * HOUR},
    "accept-escalated": {EMERGENCY: HOUR, URGENT: 4 * HOUR, ROUTINE: 48 * HOUR},
    "answer": {EMERGENCY: HOUR / 2, URGENT: 2 * HOUR, ROUTINE: 24 * HOUR},
    "no-show": dict.fromkeys(WorkItem.Urgency, 48 * HOUR),
    "outcome": dict.fromkeys(WorkItem.Urgency, 24 * HOUR),
    "stay": dict.fromkeys(WorkItem.Urgency, 30 * 24 * HOUR),
    "missed": dict.fromkeys(WorkItem.Urgency, 48 * HOUR),
    "home": dict.fromkeys(WorkItem.Urgency, 72 * HOUR),
    "follow-up": dict.fromkeys(WorkItem.Urgency, 7 * 24 * HOUR),
    "opinion": {EMERGENCY: HOUR, URGENT: 24 * HOUR, ROUTINE: 72 * HOUR},
    "opinion-escalated": {EMERGENCY: 2 * HOUR, URGENT: 48 * HOUR, ROUTINE: 144 * HOUR},
    "acknowledge": dict.fromkeys(WorkItem.Urgency, 24 * HOUR),
    "acknowledge-escalated": dict.fromkeys(WorkItem.Urgency, 48 * HOUR),
    "rating": dict.fromkeys(WorkItem.Urgency, 7 * 24 * HOUR),
    "draft": dict.fromkeys(WorkItem.Urgency, 24 * HOUR),
    "approve": {EMERGENCY: HOUR / 2, URGENT: 2 * HOUR, ROUTINE: 24 * HOUR},
    "papers": dict.fromkeys(WorkItem.Urgency, 24 * HOUR),
    "approval": dict.fromkeys(WorkItem.Urgency, 24 * HOUR),
}
FROM_ARRANGED = frozenset({"no-show"})  # counted from when the patient is to come
RANK_BY_URGENCY = {EMERGENCY: 0, URGENT: 1, ROUTINE: 2}
RIGHTS_AFTER_END = dt.timedelta(days=30)
RIGHTS = "rights-after-end"  # how long access stays once the work has ended
OPENS, CLOSES = "office-opens", "office-closes"  # the working day, in minutes of the day


@dataclass(frozen=True, slots=True)
class Span:
    """How long: a number of a unit."""

    amount: int
    unit: str

    @property
    def nominal(self) -> dt.timedelta:
        """To compare spans by: a working day as a day, eight working hours as one."""
        hours = {MINUTES: 1 / 60, HOURS: 1, DAYS: 24, WORKING_HOURS: 3, WORKING_DAYS: 24}
        return dt.timedelta(hours=self.amount * hours[WorkDeadline.Unit(self.unit)])


def span_of(length: dt.timedelta) -> Span:
    """The same by the clock."""
    minutes = int(length.total_seconds() // 60)
    if minutes % (24 * 60) == 0 and length > 3 * 24 * HOUR:
        return Span(minutes // (24 * 60), DAYS)
    return Span(minutes // 60, HOURS) if minutes % 60 == 0 else Span(minutes, MINUTES)


def list_default_spans() -> dict[tuple[str, str], Span]:
    """(name, urgency) -> span."""
    return {
        (name, str(urgency)): span_of(length)
        for name, by_urgency in DEADLINES.items()
        for urgency, length in by_urgency.items()
    }


@dataclass(frozen=True, slots=True)
class WorkSettings:
    """What the alliance has set; what it has not is the table's. spans: (name, urgency) -> span."""

    spans: Mapping[tuple[str, str], Span] = field(default_factory=dict)
    rights_after_end: dt.timedelta = RIGHTS_AFTER_END
    time: WorkingTime = field(default_factory=WorkingTime)

    def span(self, name: str, urgency: str) -> Span:
        return self.spans.get((name, urgency)) or span_of(DEADLINES[name][urgency])


UNSET = WorkSettings()


def find_due_time(
    name: str,
    urgency: str,
    now: dt.datetime,
    arranged_for: dt.datetime | None,
    settings: WorkSettings,
) -> dt.datetime:
    """arranged_for: when the patient is to come; what was arranged for a time that is over counts
    from now.
    """
    starts = max(now, arranged_for) if arranged_for and name in FROM_ARRANGED else now
    span = settings.span(name, urgency)
    match span.unit:
        case WorkDeadline.Unit.WORKING_HOURS:
            return settings.time.add_hours(starts, span.amount)
        case WorkDeadline.Unit.WORKING_DAYS:
            return settings.time.add_days(starts, span.amount)
    return starts + span.nominal
