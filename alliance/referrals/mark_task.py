"""Tick a task of a home plan, take the tick away, or say that it is no longer needed: one at a
time, by what the acting one has seen; each is an entry of its own.
"""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import HomeTask, HomeTaskEntry, WorkItem
from alliance.referrals.home_plan import Words
from alliance.referrals.task_reminder import AT_HOME, begin_reminder_anew, next_task_end
from alliance.roles import Permission
from alliance.workflow.move_item import append_work_event, database_now, side_of
from consent.audit.event import EventCode

OPEN, DONE, DROPPED = HomeTask.State
# from being sent back on: the hospital's own tasks may be done before the patient is taken over
TASK_STATES = AT_HOME | {"returned"}


class TaskMarkedMeanwhile(AlreadyDone):
    """Somebody else was first. last: what they said; None where nothing was."""

    def __init__(self, last: HomeTaskEntry | None) -> None:
        super().__init__("marked", "This task has been marked meanwhile. Nothing was changed.")
        self.last = last


def is_running(item: WorkItem) -> bool:
    """Whether its tasks are being done."""
    return item.closed_at is None and item.state in TASK_STATES


def may_mark(task: HomeTask, acting: Principal) -> bool:
    """The home hospital marks every task, for it hears from the patient; the treating one those
    that it does itself.
    """
    if acting.hospital_id == task.home_id:
        return True
    return acting.hospital_id == task.treating_id and task.doer == HomeTask.Doer.HOSPITAL


def task_note_fault(state: str, note: str) -> tuple[str, Words] | None:
    """(field, words) of what is missing: whoever does not say that it was done says why."""
    if state not in (DONE, DROPPED, OPEN):
        return ("state", _("Say what became of it."))
    if state != DONE and not note.strip():
        return ("note", _("Say why."))
    return None


@transaction.atomic
def do_mark_task(
    task_id: int, state: str, note: str, *, expected_entries: int, acting: Principal
) -> HomeTask:
    """Raises Forbidden, TaskMarkedMeanwhile, ValidationError; nothing is changed then."""
    item = WorkItem.objects.select_for_update(of=("self",)).get(home_plan__tasks=task_id)
    side_of(item, acting)
    check_permission(acting, Permission.REFERRAL_CARE, "Your role does not do this.")
    task = HomeTask.objects.select_for_update(of=("self",)).get(pk=task_id)
    if not may_mark(task, acting):
        raise Forbidden("other_hospital", "Your hospital does not mark this task.")
    if not is_running(item) or task.entries != expected_entries or task.state == state:
        raise TaskMarkedMeanwhile(
            task.course.select_related("staff", "hospital").filter(number=task.entries).first()
        )
    if fault := task_note_fault(state, note):
        raise ValidationError({fault[0]: str(fault[1])})
    now = database_now()
    waited_for = next_task_end(item)
    append_entry(task, state, note, acting, now)
    if next_task_end(item) != waited_for:
        begin_reminder_anew(item, now)
    append_work_event(item, EventCode.WORK_MOVE, acting, f"task {state}")
    return task


def append_entry(
    task: HomeTask, state: str, note: str, acting: Principal, now: dt.datetime
) -> None:
    """Of a task whose row the caller's transaction holds."""
    task.state, task.entries = state, task.entries + 1
    HomeTaskEntry.objects.create(
        task=task,
        number=task.entries,
        state=state,
        staff_id=int(acting.id),
        role=acting.role,
        hospital_id=acting.hospital_id,
        at=now,
        note=note,
    )
    task.save(update_fields=["state", "entries"])
