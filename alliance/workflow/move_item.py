"""Move a work item by a verb: one at a time, by the version that the acting one has seen; append
what was done, set the timers, open and end access, write the log's line. All or nothing.
"""

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import WorkItem, WorkTimer, WorkTransition
from alliance.workflow.deadlines import find_due_time
from alliance.workflow.moves import find_move
from alliance.workflow.registry import (
    MOVE_EFFECTS,
    RIGHTS_KEEPERS,
    MoveDone,
    table_of_item,
)
from alliance.workflow.state_table import Move, Need, Rights, Side
from alliance.workflow.work_settings import load_work_settings
from consent import from_records
from consent.audit.append import append_event_about
from consent.audit.event import AuditEvent, EventCode

NEEDED = {
    Need.REASON: _("Say why."),
    Need.MESSAGE: _("Write what you ask or answer."),
    Need.ARRANGEMENT: _("Say where the patient is to come, and to whom."),
    Need.OUTCOME: _("Nothing ends without an outcome: write it down."),
    Need.PLAN: _("Write how treatment goes on, which signs are a warning, and whom to call."),
    Need.FOLLOW_UP: _("Write what the follow-up found."),
}


MOVED_COLUMNS = (
    "owner",
    "proposed",
    "state",
    "version",
    "arrangement",
    "arranged_for",
    "outcome",
    "entered_at",
    "due_at",
    "closed_at",
    "alarm",
    "opened_home",
    "home_sources",
    "rights_end",
)


# index: records_sourcepatient_pkey
PERSON_SQL = "SELECT s.person_id FROM {registrations} s WHERE s.id = %(work_source)s"


@dataclass(frozen=True, slots=True)
class MoveWords:
    """What comes with a verb. note: the text that it needs; arranged_for: when the patient is to
    come; brought: what an effect of the verb takes (alliance.workflow.registry.MOVE_EFFECTS).
    """

    note: str = ""
    arranged_for: dt.datetime | None = None
    brought: tuple[object, ...] = ()


class MovedMeanwhile(AlreadyDone):
    """Somebody else was first. last: the transition that the acting one has not seen; None where
    the verb is not possible though nothing has changed.
    """

    def __init__(self, last: WorkTransition | None) -> None:
        super().__init__("moved", "This has been moved on meanwhile. Nothing was changed by you.")
        self.last = last


def database_now() -> dt.datetime:
    """By the database's clock, as it is at this statement: timers and access go by it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: dt.datetime = cursor.fetchone()[0]
    return now


def side_of(item: WorkItem, acting: Principal) -> Side:
    """Raises Forbidden for whoever is of neither hospital."""
    if acting.hospital_id == item.sender_id:
        return Side.SENDER
    if acting.hospital_id == item.receiver_id:
        return Side.RECEIVER
    raise Forbidden("other_hospital", "This is between two other hospitals.")


@transaction.atomic
def do_move(
    item_id: int, verb: str, words: MoveWords, *, expected_version: int, acting: Principal
) -> WorkItem:
    """Raises Forbidden for another hospital or role, MovedMeanwhile where the item is not as the
    acting one saw it or the verb is not possible in its state, ValidationError where a text is
    missing; nothing is changed then.
    """
    item = WorkItem.objects.select_for_update(of=("self",)).get(pk=item_id)
    side = side_of(item, acting)
    if item.version != expected_version:
        raise MovedMeanwhile(last_transition(item))
    move = find_move(table_of_item(item), item.state, verb, side)
    if move is None or move.permission is None:
        raise MovedMeanwhile(None)
    check_permission(acting, move.permission, "Your role does not do this.")
    for need in move.needs:
        if not words.note.strip():
            raise ValidationError(NEEDED[need])
    apply_move(item, move, words, acting, int(acting.id))
    return item


def last_transition(item: WorkItem) -> WorkTransition:
    return item.transitions.select_related("staff", "hospital").get(version=item.version)


def apply_move(
    item: WorkItem, move: Move, words: MoveWords, acting: Principal, staff_id: int | None
) -> None:
    """Of an item whose row the caller's transaction holds."""
    now = database_now()
    before = item.state
    item.version += 1
    if Need.ARRANGEMENT in move.needs:
        item.arrangement, item.arranged_for = words.note, words.arranged_for
    if Need.OUTCOME in move.needs:
        item.outcome = words.note
    transition = WorkTransition.objects.create(
        item=item,
        version=item.version,
        verb=move.verb,
        from_state=before,
        to_state=move.next,
        staff_id=staff_id,
        role=acting.role,
        hospital_id=acting.hospital_id or None,
        at=now,
        note=words.note,
        arranged_for=words.arranged_for if Need.ARRANGEMENT in move.needs else None,
    )
    enter_state(item, move.next, now)
    for effect in MOVE_EFFECTS:
        effect(MoveDone(item, move, transition, words.brought, acting, now))
    keeper = RIGHTS_KEEPERS[0]
    if move.rights is Rights.HOME:
        keeper.open_for_sender(item, now)
    elif move.rights is not Rights.KEEP:
        item.rights_end = now + (
            load_work_settings().rights_after_end if move.rights is Rights.LAPSE else dt.timedelta()
        )
    item.save(update_fields=MOVED_COLUMNS)
    if item.rights_end is not None:
        keeper.end(item, item.rights_end)
    append_work_event(item, EventCode.WORK_MOVE, acting, move.verb)


def enter_state(item: WorkItem, state: str, now: dt.datetime) -> None:
    """Whose turn it is, and the state's timers instead of those of the one before."""
    table = table_of_item(item)
    entered = table.state(state)
    item.state, item.entered_at, item.alarm = state, now, 0
    item.owner_id = item.sender_id if entered.owner is Side.SENDER else item.receiver_id
    if item.pk:
        WorkTimer.objects.filter(item=item, fired_at=None, cancelled_at=None).update(
            cancelled_at=now
        )
    if entered.is_end:
        item.closed_at = now
        return
    item.due_at = min(t.due_at for t in make_timers(item, state, now))


def make_timers(item: WorkItem, state: str, now: dt.datetime) -> list[WorkTimer]:
    """The state's timers, unsaved where the item has no row yet."""
    settings = load_work_settings()
    timers = [
        WorkTimer(
            item_id=item.pk,
            action=action.value,
            due_at=find_due_time(name, item.urgency, now, item.arranged_for, settings),
        )
        for action, name in table_of_item(item).state(state).timers
    ]
    if item.pk:
        WorkTimer.objects.bulk_create(timers)
    return timers


def append_work_event(item: WorkItem, code: EventCode, acting: Principal, detail: str = "") -> None:
    """About the patient, as the index has them today."""
    append_event_about(
        AuditEvent.from_principal(acting, code, target=f"work/{item.pk}", detail=detail),
        PERSON_SQL.format(registrations=from_records.asked.registrations),
        {"work_source": item.source_patient},
    )
