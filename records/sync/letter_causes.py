"""Dead letters of one cause (rule, place, state) of a hospital: look at them, try all of them again
or drop them, in steps.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from alliance.auth.principal import Principal
from alliance.models import Hospital
from consent.audit.append import append_event
from consent.audit.event import EventCode
from records.sync.dead_letters import COLUMNS, LetterState, fetch
from records.sync.replay import (
    MOST,
    check_may_mend,
    describe,
    do_drop_dead_letters,
    do_replay_dead_letters,
)
from records.sync.shown_letter import ShownLetter, show_letter
from records.sync.version_guard import ItemOutcome

LEFT = (ItemOutcome.REFUSED, ItemOutcome.WAITING)
# index: record_sync_dead_letter_counted
LETTERS = f"""
SELECT {COLUMNS} FROM record_sync_dead_letter d WHERE hospital = %(hospital)s
  AND state = %(state)s AND state IN ('open', 'waiting') AND rule = %(rule)s
  AND field = %(field)s AND id > %(after)s ORDER BY id LIMIT %(most)s
"""
IDS = """
SELECT id FROM record_sync_dead_letter d WHERE hospital = %(hospital)s
  AND state = %(state)s AND state IN ('open', 'waiting') AND rule = %(rule)s
  AND field = %(field)s AND id > %(after)s ORDER BY id LIMIT %(most)s
"""
COUNT = """
SELECT count(*), coalesce(max(id), 0) FROM record_sync_dead_letter WHERE hospital = %(hospital)s
  AND state = %(state)s AND state IN ('open', 'waiting') AND rule = %(rule)s
  AND field = %(field)s
"""


@dataclass(frozen=True, slots=True)
class Cause:
    """By which letters are one group: they share the fault, and so the mend."""

    rule: str
    field: str
    state: LetterState

    def as_parameters(self, hospital: Hospital) -> dict[str, object]:
        return {
            "hospital": hospital.pk,
            "rule": self.rule,
            "field": self.field,
            "state": self.state.value,
        }


@dataclass(frozen=True, slots=True)
class GroupStep:
    """What a step has done. tried: letters; mended: those that are settled; after: the last one,
    from which the next step goes on, or 0 where none is left.
    """

    tried: int
    mended: int
    after: int


def count_letters(hospital: Hospital, cause: Cause) -> tuple[int, int]:
    """(how many, the newest of them)."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, cause.as_parameters(hospital))
        count, newest = cursor.fetchone()
        return count, newest


def list_letter_ids(hospital: Hospital, cause: Cause, after: int, most: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(IDS, {**cause.as_parameters(hospital), "after": after, "most": most})
        return [row[0] for row in cursor.fetchall()]


def read_letters(
    hospital: Hospital, cause: Cause, *, acting: Principal, after: int = 0, most: int = 50
) -> list[ShownLetter]:
    """A page of them. Each look leaves a line in the audit log, before anything is told. Raises
    Forbidden.
    """
    check_may_mend(acting, hospital)
    letters = fetch(LETTERS, {**cause.as_parameters(hospital), "after": after, "most": most})
    append_event(describe(acting, EventCode.LETTER_READ, hospital, letters))
    return [show_letter(letter) for letter in letters]


def iterate_letters(
    hospital: Hospital, cause: Cause, *, acting: Principal, most: int
) -> Iterator[ShownLetter]:
    """At most so many, for a file; the audit log has a line for each thousand. Raises Forbidden."""
    after, left = 0, most
    while left > 0 and (
        page := read_letters(hospital, cause, acting=acting, after=after, most=min(MOST, left))
    ):
        yield from page
        after, left = page[-1].id, left - len(page)


def do_replay_cause(
    hospital: Hospital, cause: Cause, *, acting: Principal, after: int = 0
) -> GroupStep:
    """Try the next thousand of them again. Raises Forbidden."""
    check_may_mend(acting, hospital)
    ids = list_letter_ids(hospital, cause, after, MOST)
    if not ids:
        return GroupStep(0, 0, 0)
    outcomes = do_replay_dead_letters(hospital, ids, acting=acting)
    mended = sum(outcome not in LEFT for outcome in outcomes.values())
    return GroupStep(len(outcomes), mended, ids[-1] if len(ids) == MOST else 0)


def do_drop_cause(
    hospital: Hospital, cause: Cause, reason: str, *, acting: Principal, until: int, after: int = 0
) -> GroupStep:
    """Drop the next thousand, none that came after letter `until`, which nobody has seen. Raises
    Forbidden, NoReason.
    """
    check_may_mend(acting, hospital)
    ids = [i for i in list_letter_ids(hospital, cause, after, MOST) if i <= until]
    if not ids:
        return GroupStep(0, 0, 0)
    count = do_drop_dead_letters(hospital, ids, reason, acting=acting)
    return GroupStep(len(ids), count, ids[-1] if len(ids) == MOST else 0)
