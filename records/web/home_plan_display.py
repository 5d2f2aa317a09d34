"""A home plan on the page of its referral: medicines by what changed, tasks with what became of
them, and who can mark which now.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import (
    HomeMedicine,
    HomePlan,
    HomeTask,
    HomeTaskEntry,
    WorkItem,
)
from alliance.referrals.mark_task import is_running, may_mark
from alliance.roles import Permission

CHANGES_FIRST = (
    HomeMedicine.Change.STOPPED,
    HomeMedicine.Change.CHANGED,
    HomeMedicine.Change.NEW,
    HomeMedicine.Change.UNCHANGED,
)


@dataclass(frozen=True, slots=True)
class TaskLine:
    """course: its entries, the oldest first; can_mark: by the reader, now."""

    task: HomeTask
    course: list[HomeTaskEntry]
    is_overdue: bool
    can_mark: bool

    @property
    def is_open(self) -> bool:
        return self.task.state == HomeTask.State.OPEN


@dataclass(frozen=True, slots=True)
class PlanView:
    plan: HomePlan
    medicines: list[HomeMedicine]
    tasks: list[TaskLine]
    open_count: int


def find_plan(item: WorkItem) -> HomePlan | None:
    return (
        HomePlan.objects.select_related("treating", "home", "staff", "summary__hospital")
        .filter(item=item)
        .first()
    )


def view_plan(item: WorkItem, acting: Principal) -> PlanView | None:
    """index: alliance_homeplan_item_id_key, and those of the plan's rows"""
    plan = find_plan(item)
    if plan is None:
        return None
    today = timezone.localdate()
    tasks = plan.tasks.order_by("due_on", "position").prefetch_related(
        Prefetch(
            "course",
            HomeTaskEntry.objects.select_related("staff", "hospital").order_by("number"),
        )
    )
    may = is_running(item) and acting.may(Permission.REFERRAL_CARE)
    lines = [
        TaskLine(t, list(t.course.all()), is_overdue(t, today), may and may_mark(t, acting))
        for t in tasks
    ]
    return PlanView(plan, list_medicines(plan), lines, sum(t.is_open for t in lines))


def list_medicines(plan: HomePlan) -> list[HomeMedicine]:
    """What changed first."""
    return sorted(
        plan.medicines.all(),
        key=lambda m: (CHANGES_FIRST.index(HomeMedicine.Change(m.change)), m.position),
    )


def is_overdue(task: HomeTask, today: dt.date) -> bool:
    return task.state == HomeTask.State.OPEN and task.due_on < today


def count_overdue(items: Iterable[WorkItem]) -> dict[int, int]:
    """{item: how many of its tasks are overdue}, of those that have any."""
    return dict(
        HomePlan.objects.filter(item__in=[i.pk for i in items if is_running(i)])
        .annotate(
            late=Count(
                "tasks",
                filter=Q(tasks__state=HomeTask.State.OPEN, tasks__due_on__lt=timezone.localdate()),
            )
        )
        .filter(late__gt=0)
        .values_list("item_id", "late")
    )
