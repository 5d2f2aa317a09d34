"""List what was done as an auditor reads it: one act is what one actor did by one request, however
many lines prove it. An act stands where its newest line stands.

Lines are searched from the newest back, in windows that grow for as long as there is time: a filter
that an index serves reaches the beginning of the log at once, any other one says how far it came
(docs/adr/0074).
"""

import datetime as dt
import time
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from consent.audit.act_cursor import ActCursor
from consent.audit.log_query import AuditFilter, load_audit_lines

FIRST_WINDOW = 2_000  # lines
GROWTH = 4  # of a window to the next, as long as there is time for it
SECONDS = 0.6  # of looking for one page
MOST_PARTS = 20  # lines of an act that are shown in its place
MOST_COUNTED = 1_000  # of an act's lines; how many more there are nobody counts
Place = tuple[dt.datetime, int]  # of a line: its moment and number

# index: consent_audit_event_pkey
LINE_BEFORE_SQL = """SELECT recorded, id FROM consent_audit_event WHERE id <= %s
  ORDER BY id DESC LIMIT 1"""
# What belongs together: {alone} is the number of a line that is an act of its own.
ACT_SQL = "actor_kind, actor, request_id, {alone} AS alone"
VISIBLE_SQL = "pg_visible_in_snapshot(xid, %(snapshot)s::pg_snapshot)"
# Acts of one window, the newest first, without those that stand on a page above. That is asked of
# each in its turn, and of no more than are wanted.
# index: what serves the filter (docs/implementation/audit.md), consent_audit_event_request
ACTS_SQL = f"""
SELECT a.recorded, a.id, a.actor_kind, a.actor, a.request_id, a.alone FROM (
  SELECT (max(ARRAY[extract(epoch FROM recorded), id]))[2]::bigint AS id,
    max(recorded) AS recorded, actor_kind, actor, request_id, alone
  FROM (SELECT id, recorded, xid, {ACT_SQL} FROM consent_audit_event
    WHERE {{where}} AND {{window}} OFFSET 0) w
  WHERE {VISIBLE_SQL}
  GROUP BY actor_kind, actor, request_id, alone
  ORDER BY 2 DESC, 1 DESC) a
WHERE {{unseen}} LIMIT %(limit)s
"""
UNSEEN_SQL = f"""(a.alone IS NOT NULL OR NOT (SELECT EXISTS (SELECT FROM consent_audit_event
  WHERE request_id = a.request_id AND request_id <> '' AND actor_kind = a.actor_kind
    AND actor = a.actor AND (recorded, id) >= (%(high)s, %(high_id)s)
    AND {{alone}} IS NULL AND {{where}} AND {VISIBLE_SQL})))"""
# index: consent_audit_event_request
PARTS_SQL = f"""
SELECT a.nr, array_agg(p.id ORDER BY p.recorded DESC, p.id DESC) FROM
  unnest(%(kinds)s::text[], %(actors)s::text[], %(requests)s::text[])
    WITH ORDINALITY a(actor_kind, actor, request_id, nr)
  CROSS JOIN LATERAL (SELECT id, recorded FROM consent_audit_event
    WHERE request_id = a.request_id AND request_id <> '' AND actor_kind = a.actor_kind
      AND actor = a.actor AND {{alone}} IS NULL AND {{where}} AND {VISIBLE_SQL}
    LIMIT {MOST_COUNTED}) p
GROUP BY a.nr
"""


@dataclass(frozen=True, slots=True)
class Act:
    """lines: the newest first, some of `count`; `id` and `recorded` are the newest one's."""

    id: int
    recorded: dt.datetime
    request: str
    count: int
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_cut(self) -> bool:
        return self.count > len(self.lines)

    @property
    def is_uncounted(self) -> bool:
        return self.count >= MOST_COUNTED


@dataclass(frozen=True, slots=True)
class ActPage:
    """before: where the next page begins, None at the end of what the filter lets through;
    searched_until: the moment back to which lines were looked at, where time ran out first.
    """

    acts: list[Act]
    before: ActCursor | None
    searched_until: dt.datetime | None


def list_acts(
    audit_filter: AuditFilter, before: ActCursor | None, limit: int, seconds: float = SECONDS
) -> ActPage:
    """List the newest acts that fit; before: of the page above. Every act is on one page."""
    found: list[tuple[Any, ...]] = []
    seen: set[tuple[Any, ...]] = set()
    snapshot = before.snapshot if before else select_snapshot()
    high: Place | None = (before.recorded, before.id) if before else None
    anchor = before.id if before else select_anchor(audit_filter.end)
    began, size = time.monotonic(), FIRST_WINDOW
    while True:
        started = time.monotonic()
        low = select_place(anchor - size)
        if low and high and low >= high:
            low = (high[0] - dt.timedelta(hours=1), low[1])
        if low and audit_filter.start and low[0] < audit_filter.start:
            low = None
        acts = select_acts(audit_filter, low, high, before, snapshot, limit + 1 + len(seen))
        for act in acts:
            if act[2:] not in seen:
                seen.add(act[2:])
                found.append(act)
        if len(found) > limit or low is None:
            break
        now = time.monotonic()
        left = (seconds - (now - began)) / (now - started)  # windows like this one
        high, anchor, size = low, low[1], min(size * GROWTH, int(size * left))
        if size < FIRST_WINDOW:
            break
    shown = found[:limit]
    rest: ActCursor | None = None
    until = None
    if len(found) > limit:
        rest = ActCursor(shown[-1][0], shown[-1][1], snapshot)
    elif low is not None:
        rest, until = ActCursor(*low, snapshot), low[0]
    return ActPage(load_acts(audit_filter, shown, snapshot), rest, until)


def alone_sql(audit_filter: AuditFilter) -> str:
    """What others did is one line each for an auditor of some hospitals, who is not told by which
    request.
    """
    foreign = "" if audit_filter.hospitals is None else " OR actor_hospital <> ALL(%(hospitals)s)"
    return f"CASE WHEN request_id = ''{foreign} THEN id END"


def select_acts(
    audit_filter: AuditFilter,
    low: Place | None,
    high: Place | None,
    before: ActCursor | None,
    snapshot: str,
    limit: int,
) -> list[tuple[Any, ...]]:
    """(moment and number of the newest line, actor_kind, actor, request_id, alone) of the acts
    with a line from low to before high.
    """
    where, parameters = audit_filter.where_sql()
    alone = alone_sql(audit_filter)
    window = ["true"]
    if low:
        window.append("recorded >= %(low)s AND (recorded > %(low)s OR id >= %(low_id)s)")
    if high:
        window.append("recorded <= %(window)s AND (recorded < %(window)s OR id < %(window_id)s)")
    sql = ACTS_SQL.format(
        alone=alone,
        where=where,
        window=" AND ".join(window),
        unseen=UNSEEN_SQL.format(alone=alone, where=where) if before else "true",
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                **parameters,
                "snapshot": snapshot,
                "limit": limit,
                "low": low and low[0],
                "low_id": low and low[1],
                "window": high and high[0],
                "window_id": high and high[1],
                "high": before and before.recorded,
                "high_id": before and before.id,
            },
        )
        return cursor.fetchall()


def load_acts(audit_filter: AuditFilter, found: list[tuple[Any, ...]], snapshot: str) -> list[Act]:
    """The acts with their newest lines, in this order."""
    where, parameters = audit_filter.where_sql()
    joined = [act for act in found if act[5] is None]
    ids: dict[tuple[Any, ...], list[int]] = {act[2:]: [act[1]] for act in found}
    if joined:
        with connection.cursor() as cursor:
            cursor.execute(
                PARTS_SQL.format(alone=alone_sql(audit_filter), where=where),
                {
                    **parameters,
                    "snapshot": snapshot,
                    "kinds": [act[2] for act in joined],
                    "actors": [act[3] for act in joined],
                    "requests": [act[4] for act in joined],
                },
            )
            for nr, parts in cursor.fetchall():
                act = joined[nr - 1]
                ids[act[2:]] = [act[1], *(i for i in parts if i != act[1])]
    shown = {key: numbers[:MOST_PARTS] for key, numbers in ids.items()}
    lines = {
        line["id"]: line
        for line in load_audit_lines(audit_filter, [i for n in shown.values() for i in n])
    }
    return [
        Act(
            id=act[1],
            recorded=act[0],
            request=act[4],
            count=min(len(ids[act[2:]]), MOST_COUNTED),
            lines=[lines[i] for i in shown[act[2:]] if i in lines],
        )
        for act in found
    ]


def select_snapshot() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text")
        return str(cursor.fetchone()[0])


def select_place(number: int) -> Place | None:
    """Moment and number of the last line up to this number, None before the first."""
    with connection.cursor() as cursor:
        cursor.execute(LINE_BEFORE_SQL, [number])
        place: Place | None = cursor.fetchone()
        return place


def select_anchor(end: dt.datetime | None) -> int:
    """About the number of the newest line before the end: numbers and moments rise together."""
    newest = select_place(2**63 - 1)
    if newest is None:
        return 0
    low, high = 0, newest[1] + 1
    while end is not None and newest[0] >= end and high - low > FIRST_WINDOW // 2:
        middle = (low + high) // 2
        place = select_place(middle)
        if place is not None and place[0] >= end:
            high = middle
        else:
            low = middle
    return high
