"""Count what a hospital's staff and systems did, and who of other hospitals read its records.

No index serves a hospital: lines are counted in windows from the newest back, each once, for as
long as there is time, and the answer says how far that came (docs/adr/0074, docs/adr/0078).
"""

import datetime as dt
import time
from collections import Counter
from dataclasses import dataclass, field

from django.db import connection

from consent.audit.act_query import select_anchor, select_place
from consent.audit.day_span import DaySpan
from consent.audit.event_groups import EVENT_GROUPS, READINGS, codes_of_group
from consent.audit.staff_activity import TIMES_SQL

FIRST_WINDOW = 40_000  # lines
GROWTH = 4
SECONDS = 2.5  # of counting for one page
GROUP_OF_CODE = {code: key for key in EVENT_GROUPS for code in codes_of_group(key)}
OPENINGS = ("records:record:open", "records:record:read", "records:record:search")

# One row for all lines that are alike. Of other hospitals: only those that read records of this
# one, without who it was. LIKE sifts what the exact test then decides, in half the time.
# index: consent_audit_event_recorded
WINDOW_SQL = f"""
SELECT l.own, l.actor_hospital, l.actor_kind, l.actor, l.role, l.code, l.reason, l.crosses,
  l.emergency, count(*), sum(l.times)::bigint
FROM (
  SELECT actor_hospital = %(code)s AS own, actor_hospital, role, code,
    CASE WHEN actor_hospital = %(code)s THEN actor_kind ELSE '' END AS actor_kind,
    CASE WHEN actor_hospital = %(code)s THEN actor ELSE '' END AS actor,
    CASE WHEN outcome = 'refused' AND actor_hospital = %(code)s THEN reason END AS reason,
    purpose = 'BTG' AS emergency,
    CASE WHEN outcome = 'refused' THEN {TIMES_SQL} ELSE 1 END AS times,
    CASE WHEN code = ANY(%(openings)s) AND outcome = 'success' AND actor_hospital = %(code)s
      THEN EXISTS (SELECT FROM unnest(refs) r WHERE split_part(r, '/', 1) <> %(code)s)
      ELSE false END AS crosses
  FROM consent_audit_event
  WHERE recorded >= %(low)s AND recorded < %(high)s
    AND (actor_hospital = %(code)s OR (code = ANY(%(readings)s) AND outcome = 'success'
      AND refs <> '{{}}' AND refs::text LIKE %(among)s
      AND EXISTS (SELECT FROM unnest(refs) r WHERE starts_with(r, %(own)s))))) l
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""


@dataclass(slots=True)
class HospitalActivity:
    """Lines of the log. by_kind: {kind of event: {role, "" of who has none: lines}}; staff,
    systems: {account or client: lines}; opens: {account: opens that reached another hospital's
    records}, broken: those of them in an emergency; read_by: {(hospital, role, emergency): lines
    that read this one's records}; back_to: where time ran out, the moment back to which lines were
    counted.
    """

    lines: int = 0
    by_kind: dict[str, Counter[str]] = field(default_factory=dict)
    staff: Counter[str] = field(default_factory=Counter)
    systems: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    opens: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    read_by: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    back_to: dt.datetime | None = None


def count_hospital_activity(code: str, span: DaySpan, seconds: float = SECONDS) -> HospitalActivity:
    activity = HospitalActivity()
    high, size = span.end, FIRST_WINDOW
    anchor = select_anchor(span.end)
    began = time.monotonic()
    while True:
        started = time.monotonic()
        place = select_place(anchor - size)
        low = max(place[0], span.start) if place else span.start
        if low >= high:  # many lines of one moment
            low = max(high - dt.timedelta(hours=1), span.start)
        add_window(activity, code, low, high)
        if low <= span.start or place is None:
            return activity
        now = time.monotonic()
        left = (seconds - (now - began)) / (now - started)  # windows like this one
        high, anchor, size = low, place[1], min(size * GROWTH, int(size * left))
        if size < FIRST_WINDOW:
            activity.back_to = low
            return activity


def add_window(
    activity: HospitalActivity, hospital: str, low: dt.datetime, high: dt.datetime
) -> None:
    """Add the lines from low to before high."""
    with connection.cursor() as cursor:
        cursor.execute(
            WINDOW_SQL,
            {
                "code": hospital,
                "own": f"{hospital}/",
                "among": f"%{hospital}/%",
                "low": low,
                "high": high,
                "readings": list(READINGS),
                "openings": list(OPENINGS),
            },
        )
        for own, at, kind, actor, role, code, reason, crosses, emergency, n, times in cursor:
            if not own:
                activity.read_by[at, role, emergency] += n
                continue
            activity.lines += n
            group = activity.by_kind.setdefault(GROUP_OF_CODE.get(code, "system"), Counter())
            group[role if kind != "client" else "client"] += n
            if kind in ("staff", "administrator_client"):
                activity.staff[actor] += n
            if kind == "client":
                activity.systems[actor] += n
            if reason is not None:
                activity.refusals[reason] += times
            if crosses and kind == "staff":
                activity.opens[actor] += n
                activity.broken[actor] += n if emergency else 0
