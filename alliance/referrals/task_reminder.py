"""When a referral at home is due: with the next open task of its plan. Timers belong to states
(docs/adr/0086); a task has none of its own, it moves the reminder of the state that waits for it.
"""

import datetime as dt

from django.db.models import Min
from django.utils import timezone

from alliance.models import HomeTask, WorkItem, WorkTimer
from alliance.workflow.move_item import make_timers
from alliance.workflow.state_table import TimerAction

# in these the home doctor follows up and the tasks run
AT_HOME = frozenset({"home-confirmed", "followed-up"})


def next_task_end(item: WorkItem) -> dt.datetime | None:
    """When the day is over by which the first open task is to be done. index: the plan's tasks"""
    first = HomeTask.objects.filter(plan__item=item, state=HomeTask.State.OPEN).aggregate(
        first=Min("due_on")
    )["first"]
    return end_of_day(first) if first else None


def end_of_day(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min))


def follow_tasks(item: WorkItem, now: dt.datetime) -> None:
    """Of an item that has just entered its state, whose timers are those of the table; the caller
    saves due_at and alarm. The first follow-up is due by its own time, too; after it the next task
    is what the state waits for.
    """
    due = next_task_end(item) if item.state in AT_HOME else None
    reminder = (
        WorkTimer.objects.filter(
            item=item, action=TimerAction.REMIND.value, fired_at=None, cancelled_at=None
        )
        .order_by("pk")
        .last()
    )
    if due is None or reminder is None:
        return
    if item.state == "home-confirmed":
        due = min(due, reminder.due_at)
    if due == reminder.due_at:
        return
    WorkTimer.objects.filter(pk=reminder.pk).update(cancelled_at=now)
    WorkTimer.objects.create(item=item, action=reminder.action, due_at=due)
    running = WorkTimer.objects.filter(item=item, fired_at=None, cancelled_at=None)
    item.due_at = running.aggregate(first=Min("due_at"))["first"]


def begin_reminder_anew(item: WorkItem, now: dt.datetime) -> None:
    """After a task was ticked, or a tick taken away: as if the state had just been entered, but for
    the first follow-up, which counts from then.
    """
    if item.state not in AT_HOME:
        return
    WorkTimer.objects.filter(item=item, fired_at=None, cancelled_at=None).update(cancelled_at=now)
    starts = item.entered_at if item.state == "home-confirmed" else now
    item.due_at = min(t.due_at for t in make_timers(item, item.state, starts))
    follow_tasks(item, now)
    if item.due_at > now:
        item.alarm = 0
    item.save(update_fields=["due_at", "alarm"])
