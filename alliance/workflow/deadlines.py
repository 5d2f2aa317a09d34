"""TABLE name of a deadline -> after how long it is due, by urgency (docs/adr/0086). Pure."""

import datetime as dt

from alliance.models.work_item import WorkItem

EMERGENCY, URGENT, ROUTINE = WorkItem.Urgency
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
    "draft": dict.fromkeys(WorkItem.Urgency, 24 * HOUR),
    "approve": {EMERGENCY: HOUR / 2, URGENT: 2 * HOUR, ROUTINE: 24 * HOUR},
    "papers": dict.fromkeys(WorkItem.Urgency, 24 * HOUR),
    "approval": dict.fromkeys(WorkItem.Urgency, 24 * HOUR),
}
FROM_ARRANGED = frozenset({"no-show"})  # counted from when the patient is to come
RANK_BY_URGENCY = {EMERGENCY: 0, URGENT: 1, ROUTINE: 2}
RIGHTS_AFTER_END = dt.timedelta(days=30)


def find_due_time(
    name: str, urgency: str, now: dt.datetime, arranged_for: dt.datetime | None
) -> dt.datetime:
    """arranged_for: when the patient is to come; what was arranged for a time that is over counts
    from now.
    """
    starts = max(now, arranged_for) if arranged_for and name in FROM_ARRANGED else now
    return starts + DEADLINES[name][urgency]
