"""Fire the timers that are due, by the database's clock: in batches, each once, whoever else fires
at the same time; a worker that was stopped catches up.
"""

from django.db import connection, transaction

from alliance.auth.principal import operator_principal
from alliance.models import WorkItem, WorkTimer
from alliance.workflow.move_item import MoveWords, append_work_event, apply_move
from alliance.workflow.moves import find_move
from alliance.workflow.notices import tell_alarm
from alliance.workflow.registry import table_of_item
from alliance.workflow.state_table import ALARM_BY_ACTION, Side, TimerAction
from consent.audit.event import EventCode

BATCH = 500
# Item and timer are held together, in no order and without waiting: a verb that holds the item
# goes first, and what it cancels is not due any more.
# index: work_timer_due, alliance_workitem_pkey
DUE_SQL = """
SELECT t.id FROM alliance_worktimer t JOIN alliance_workitem i ON i.id = t.item_id
WHERE t.fired_at IS NULL AND t.cancelled_at IS NULL AND t.due_at <= clock_timestamp()
ORDER BY t.due_at, t.id LIMIT %s FOR UPDATE OF t, i SKIP LOCKED
"""
# index: alliance_worktimer_pkey
FIRED_SQL = """
UPDATE alliance_worktimer SET fired_at = clock_timestamp()
WHERE id = ANY(%s) AND fired_at IS NULL AND cancelled_at IS NULL
"""


def fire_due_timers(batch: int = BATCH) -> int:
    """Until none is due that nobody else holds. How many were fired."""
    fired = 0
    while found := fire_batch(batch):
        fired += found
    return fired


@transaction.atomic
def fire_batch(batch: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(DUE_SQL, [batch])
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return 0
        cursor.execute(FIRED_SQL, [ids])
    items: dict[int, WorkItem] = WorkItem.objects.in_bulk(
        WorkTimer.objects.filter(pk__in=ids).values_list("item_id", flat=True).distinct()
    )
    for timer in WorkTimer.objects.filter(pk__in=ids).order_by("due_at", "pk"):
        fire_timer(timer, items[timer.item_id])
    return len(ids)


def fire_timer(timer: WorkTimer, item: WorkItem) -> None:
    """Of an item whose row this transaction holds."""
    action, worker = TimerAction(timer.action), operator_principal("timers")
    if action is TimerAction.MISS:
        move = find_move(table_of_item(item), item.state, action.value, Side.PLATFORM)
        if move is not None:
            apply_move(item, move, MoveWords(), worker, None)
        return
    WorkItem.objects.filter(pk=item.pk, alarm__lt=ALARM_BY_ACTION[action]).update(
        alarm=ALARM_BY_ACTION[action]
    )
    append_work_event(item, EventCode.WORK_REMIND, worker, action.value)
    tell_alarm(item, action.value)
