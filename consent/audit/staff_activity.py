"""Count what one of the staff did, as their lines of the log tell it: acts by day, patients, how
their records were opened, refusals, nights, addresses; and what colleagues do in a day.

An act is all lines of one request (docs/adr/0074). How a record was opened follows from the line:
the gate lets other hospitals' records through for a current treatment or in an emergency, so
nothing is decided anew (docs/adr/0078).
"""

import datetime as dt
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection

from consent.audit.day_span import DaySpan
from consent.audit.event import EventCode
from consent.audit.event_groups import READINGS
from consent.audit.log_query import ACTOR_KINDS_OF

MOST_LINES = 50_000  # of one person, the newest
MOST_PATIENTS = 50  # that are listed
MOST_ADDRESSES = 20
PEERS = 24  # colleagues who are looked at
PEER_LINES = 5_000  # of each, the newest
NIGHT = (22, 6)  # hours, from and before
# The gate refuses so where it knows of no treatment, or of none that somebody else confirms.
WITHOUT_TREATMENT = ("no_relationship", "unconfirmed")
ACT_SQL = "CASE WHEN request_id = '' THEN id::text ELSE request_id END"
# A line of a refusal that came again within the minute counts for all of them
# (consent/audit/refusal_counter.py).
TIMES_SQL = r"coalesce(substring(detail FROM '^(\d{1,9}) more')::bigint, 1)"
HOSPITALS_SQL = "(%(hospitals)s::text[] IS NULL OR actor_hospital = ANY(%(hospitals)s))"

# index: consent_audit_event_actor, consent_audit_person_pkey
STAFF_ACTIVITY_SQL = f"""
WITH mine AS MATERIALIZED (
  SELECT id, recorded, recorded AT TIME ZONE %(zone)s AS local, code, outcome, reason, purpose,
    person, address, {ACT_SQL} AS act, {TIMES_SQL} AS times,
    code = ANY(%(readings)s) AND outcome = 'success' AND cardinality(refs) > 0 AS is_reading,
    EXISTS (SELECT FROM unnest(refs) r WHERE split_part(r, '/', 1) <> actor_hospital) AS crosses
  FROM consent_audit_event
  WHERE actor_kind = ANY(%(kinds)s) AND actor = %(actor)s AND recorded >= %(start)s
    AND recorded < %(end)s AND {HOSPITALS_SQL}
  ORDER BY recorded DESC LIMIT %(most)s),
named AS MATERIALIZED (
  SELECT m.*, coalesce(m.person, p.person) AS patient
  FROM mine m LEFT JOIN LATERAL (SELECT p.person FROM consent_audit_person p
    WHERE m.person IS NULL AND p.event = m.id AND p.written = m.recorded OFFSET 0) p ON true),
ways AS (
  SELECT patient, bool_or(is_reading) AS opened,
    bool_or(is_reading AND crosses AND purpose <> 'BTG') AS treated,
    bool_or(is_reading AND purpose = 'BTG') AS emergency,
    bool_or(is_reading AND NOT crosses AND purpose <> 'BTG') AS own,
    bool_or(outcome = 'refused' AND reason = ANY(%(without)s)) AS without,
    bool_or(code = %(declare)s AND outcome = 'success') AS declared
  FROM named WHERE patient IS NOT NULL GROUP BY patient)
SELECT
  (SELECT count(*) FROM mine),
  (SELECT min(recorded) FROM mine),
  (SELECT count(DISTINCT act) FROM mine),
  (SELECT count(DISTINCT act) FROM mine WHERE extract(hour FROM local) >= %(night)s
    OR extract(hour FROM local) < %(morning)s),
  (SELECT coalesce(jsonb_agg(jsonb_build_array(d.day, d.n)), '[]') FROM (
    SELECT local::date AS day, count(DISTINCT act) AS n FROM mine GROUP BY 1) d),
  (SELECT coalesce(jsonb_agg(jsonb_build_array(d.reason, d.n)), '[]') FROM (
    SELECT reason, sum(times)::bigint AS n FROM mine WHERE outcome = 'refused'
    GROUP BY 1 ORDER BY 2 DESC, 1) d),
  (SELECT coalesce(jsonb_agg(jsonb_build_array(d.address, d.n, d.last)), '[]') FROM (
    SELECT address, count(DISTINCT act) AS n, max(recorded) AS last FROM mine WHERE address <> ''
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_ADDRESSES}) d),
  (SELECT jsonb_build_array(count(*) FILTER (WHERE opened), count(*) FILTER (WHERE own),
    count(*) FILTER (WHERE treated), count(*) FILTER (WHERE emergency),
    count(*) FILTER (WHERE without), count(*) FILTER (WHERE declared)) FROM ways),
  (SELECT coalesce(jsonb_agg(jsonb_build_array(d.patient, d.n, d.refused, d.emergency, d.last)),
    '[]') FROM (
    SELECT patient, count(DISTINCT act) AS n, bool_or(outcome = 'refused') AS refused,
      bool_or(purpose = 'BTG') AS emergency, max(recorded) AS last
    FROM named WHERE patient IS NOT NULL
    GROUP BY 1 ORDER BY 2 DESC, 5 DESC, 1 LIMIT {MOST_PATIENTS}) d),
  (SELECT count(*) FROM ways)
"""
# Acts of each colleague on each day on which they did anything.
# index: consent_audit_event_actor
PEER_DAYS_SQL = f"""
SELECT x.actor, count(DISTINCT e.act) FROM unnest(%(actors)s::text[]) x(actor)
CROSS JOIN LATERAL (
  SELECT (recorded AT TIME ZONE %(zone)s)::date AS day, {ACT_SQL} AS act
  FROM consent_audit_event
  WHERE actor_kind = 'staff' AND actor = x.actor AND recorded >= %(start)s
    AND recorded < %(end)s AND {HOSPITALS_SQL}
  ORDER BY recorded DESC LIMIT {PEER_LINES}) e
GROUP BY x.actor, e.day
"""


@dataclass(frozen=True, slots=True)
class PatientCount:
    """One patient whom the lines are about, in how many acts."""

    person: UUID
    acts: int
    refused: bool
    emergency: bool
    last: dt.datetime


@dataclass(frozen=True, slots=True)
class PatientWays:
    """Patients, by how their records were opened; one may be in several. own: their own
    hospital's records alone, for which no treatment is asked; treated: other hospitals' records,
    which the gate opened for a current treatment; without: refused, for no treatment was known;
    declared: the treatment was declared by the person themself.
    """

    opened: int
    own: int
    treated: int
    emergency: int
    without: int
    declared: int


@dataclass(frozen=True, slots=True)
class StaffActivity:
    """back_to: where lines were left out, the moment of the oldest one that was counted."""

    acts: int
    nights: int
    by_day: dict[dt.date, int]
    refusals: list[tuple[str, int]]
    addresses: list[tuple[str, int, dt.datetime]]
    ways: PatientWays
    patients: list[PatientCount]
    all_patients: int
    back_to: dt.datetime | None

    @property
    def median(self) -> float | None:
        """Of the days on which they did anything."""
        return statistics.median(self.by_day.values()) if self.by_day else None


def count_staff_activity(
    actor: str, span: DaySpan, hospitals: Sequence[str] | None
) -> StaffActivity:
    """What an account did for these hospitals (None: for any)."""
    with connection.cursor() as cursor:
        cursor.execute(
            STAFF_ACTIVITY_SQL,
            {
                **span_parameters(span, hospitals),
                "kinds": ACTOR_KINDS_OF["staff"],
                "actor": actor,
                "readings": list(READINGS),
                "without": list(WITHOUT_TREATMENT),
                "declare": EventCode.RELATION_DECLARE.value,
                "night": NIGHT[0],
                "morning": NIGHT[1],
                "most": MOST_LINES,
            },
        )
        lines, oldest, acts, nights, *found = cursor.fetchone()
    # Django leaves JSON of a cursor as text.
    days, refusals, addresses, ways, patients = (orjson.loads(text) for text in found[:5])
    return StaffActivity(
        acts=acts,
        nights=nights,
        by_day={dt.date.fromisoformat(day): n for day, n in days},
        refusals=[(reason, n) for reason, n in refusals],
        addresses=[(a, n, dt.datetime.fromisoformat(last)) for a, n, last in addresses],
        ways=PatientWays(*ways),
        patients=[
            PatientCount(UUID(p), n, refused, emergency, dt.datetime.fromisoformat(last))
            for p, n, refused, emergency, last in patients
        ],
        all_patients=found[5],
        back_to=oldest if lines >= MOST_LINES else None,
    )


def span_parameters(span: DaySpan, hospitals: Sequence[str] | None) -> dict[str, Any]:
    return {
        "start": span.start,
        "end": span.end,
        "zone": settings.TIME_ZONE,
        "hospitals": None if hospitals is None else list(hospitals),
    }


def compute_peer_median(
    actors: Sequence[str], span: DaySpan, hospitals: Sequence[str] | None
) -> tuple[float | None, int]:
    """(the median acts of a colleague's day, of the days on which they did anything; of how many
    colleagues).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            PEER_DAYS_SQL,
            {**span_parameters(span, hospitals), "actors": list(actors[:PEERS])},
        )
        rows = cursor.fetchall()
    if not rows:
        return None, 0
    return statistics.median(n for _actor, n in rows), len({actor for actor, _n in rows})
