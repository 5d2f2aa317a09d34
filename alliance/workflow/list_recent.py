"""List a hospital's work items by when they last moved, page by page: for systems that ask what has
changed. Each state of each side is one walk of an index, so that a hundred thousand items that
have ended cost nothing.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from alliance.models import WorkItem
from alliance.workflow.registry import STATE_TABLES
from alliance.workflow.state_table import Side

LONG_AGO, NEVER = (
    dt.datetime(1, 1, 2, tzinfo=dt.UTC),
    dt.datetime(9999, 12, 30, tzinfo=dt.UTC),
)
CONDITIONS = """
  AND (%(kinds)s::text[] IS NULL OR i.kind = ANY(%(kinds)s))
  AND (%(urgencies)s::text[] IS NULL OR i.urgency = ANY(%(urgencies)s))
  AND (%(owners)s::bigint[] IS NULL OR i.owner_id = ANY(%(owners)s))
  AND (%(senders)s::bigint[] IS NULL OR i.sender_id = ANY(%(senders)s))
  AND (%(receivers)s::bigint[] IS NULL OR i.receiver_id = ANY(%(receivers)s))
  AND (%(numbers)s::bigint[] IS NULL OR i.id = ANY(%(numbers)s))
  AND i.entered_at >= %(start)s AND i.entered_at < %(end)s
"""
ONLY_OPEN = (
    "(i.sender_id = %(hospital)s OR i.rights_end IS NULL OR i.rights_end > clock_timestamp())"
)
# index: work_sent_recent, work_received_recent
BY_STATE_SQL = """
SELECT found.id, found.entered_at FROM unnest(%(sides)s::text[], %(states)s::text[]) AS s(side, name)
CROSS JOIN LATERAL (
  (SELECT i.id, i.entered_at FROM alliance_workitem i
   WHERE s.side = 'sender' AND i.sender_id = %(hospital)s AND i.state = s.name {conditions} {after}
   ORDER BY i.entered_at {order}, i.id {order} LIMIT %(limit)s)
  UNION ALL
  (SELECT i.id, i.entered_at FROM alliance_workitem i
   WHERE s.side = 'receiver' AND i.receiver_id = %(hospital)s AND i.state = s.name
     {conditions} {after}
   ORDER BY i.entered_at {order}, i.id {order} LIMIT %(limit)s)
) found
ORDER BY found.entered_at {order}, found.id {order} LIMIT %(limit)s
"""  # noqa: E501
# index: work_patient, alliance_workitem_pkey
BY_NAME_SQL = """
SELECT i.id, i.entered_at FROM alliance_workitem i
WHERE (i.sender_id = %(hospital)s OR i.receiver_id = %(hospital)s) AND i.state = ANY(%(states)s)
  AND {named} {conditions} {after}
ORDER BY i.entered_at {order}, i.id {order} LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class WorkSearch:
    """None: not asked. owners, senders, receivers: rows of hospitals; registrations: the senders'
    registrations of one patient; only_open: of what the hospital receives that alone which gives it
    access still; numbers: of items; [start, end): when it last moved; after: the
    last row of the page before.
    """

    states: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    urgencies: frozenset[str] | None = None
    owners: frozenset[int] | None = None
    senders: frozenset[int] | None = None
    receivers: frozenset[int] | None = None
    registrations: frozenset[int] | None = None
    only_open: bool = False
    numbers: frozenset[int] | None = None
    start: dt.datetime = LONG_AGO
    end: dt.datetime = NEVER
    newest_first: bool = True
    after: tuple[dt.datetime, int] | None = None


def list_recent(search: WorkSearch, hospital_id: int, limit: int) -> list[WorkItem]:
    """Of what the hospital sends or receives, and of nothing else."""
    statement, parameters = write_statement(search, hospital_id, limit)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        numbers = [row[0] for row in cursor.fetchall()]
    found = (
        WorkItem.objects.select_related("sender", "receiver", "owner", "senders_number")
        .prefetch_related("documents__hospital")
        .in_bulk(numbers)
    )
    return [found[n] for n in numbers]


def write_statement(search: WorkSearch, hospital_id: int, limit: int) -> tuple[str, dict[str, Any]]:
    places = sorted(set(list_places(search, hospital_id)))
    sign, order = ("<", "DESC") if search.newest_first else (">", "ASC")
    after = f"AND (i.entered_at, i.id) {sign} (%(after_at)s, %(after_id)s)" if search.after else ""
    named = [
        name
        for name, asked in (
            ("i.source_patient = ANY(%(registrations)s)", search.registrations),
            ("i.id = ANY(%(numbers)s)", search.numbers),
            (ONLY_OPEN, search.only_open or None),
        )
        if asked is not None
    ]
    parts = {"conditions": CONDITIONS, "after": after, "order": order}
    statement = (
        BY_NAME_SQL.format(named=" AND ".join(named), **parts)
        if named
        else BY_STATE_SQL.format(**parts)
    )
    at, number = search.after or (None, None)
    return statement, {
        "hospital": hospital_id,
        "sides": [side for side, _state in places],
        "states": [state for _side, state in places],
        "kinds": listed(search.kinds),
        "urgencies": listed(search.urgencies),
        "owners": listed(search.owners),
        "senders": listed(search.senders),
        "receivers": listed(search.receivers),
        "registrations": listed(search.registrations),
        "numbers": listed(search.numbers),
        "start": search.start,
        "end": search.end,
        "after_at": at,
        "after_id": number,
        "limit": limit,
    }


def listed(values: frozenset[Any] | None) -> list[Any] | None:
    return None if values is None else sorted(values)


def list_places(search: WorkSearch, hospital_id: int) -> Iterator[tuple[str, str]]:
    """(side of the hospital, state) in which what is looked for can be, by the tables: who owns an
    item follows from its state.
    """
    for table in STATE_TABLES.values():
        for state in table.states:
            if search.states is not None and state.name not in search.states:
                continue
            for side in (Side.SENDER, Side.RECEIVER):
                own_turn = state.owner is side
                if search.owners is None or (
                    (own_turn and hospital_id in search.owners)
                    or (not own_turn and search.owners - {hospital_id})
                ):
                    yield side.value, state.name
