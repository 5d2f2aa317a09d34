"""List for a patient who did what about them over a span of days (PIPL 44, 45): what one actor did
on one day with one outcome is one entry, and what is not listed is counted.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from consent.audit.day_span import DaySpan
from consent.audit.log_query import ABOUT_PERSON_SQL

MOST_ENTRIES = 3_000  # the newest; two hundred pages
# index: consent_audit_event_person, consent_audit_person_person, consent_audit_event_pkey
OWN_ACCESSES_SQL = f"""
SELECT max(recorded), max(id), actor_kind, actor, actor_hospital, role, code, purpose, outcome,
  array_agg(DISTINCT reason) FILTER (WHERE reason <> ''), count(*),
  count(*) OVER (), sum(count(*)) OVER ()
FROM consent_audit_event
WHERE {ABOUT_PERSON_SQL} AND actor_kind <> 'patient'
  AND recorded >= %(start)s AND recorded < %(end)s
GROUP BY (recorded AT TIME ZONE %(zone)s)::date, 3, 4, 5, 6, 7, 8, 9
ORDER BY 1 DESC, 2 DESC LIMIT %(most)s
"""
# index: consent_audit_event_person, consent_audit_person_person, consent_audit_event_pkey
OWN_DOINGS_SQL = f"""
SELECT count(*) FROM consent_audit_event
WHERE {ABOUT_PERSON_SQL} AND actor_kind = 'patient'
  AND recorded >= %(start)s AND recorded < %(end)s
"""


@dataclass(frozen=True, slots=True)
class OwnAccess:
    """last: the newest of its lines, number: by which an auditor finds it."""

    last: dt.datetime
    number: int
    actor_kind: str
    actor: str
    actor_hospital: str
    role: str
    code: str
    purpose: str
    outcome: str
    reasons: list[str]
    times: int

    def as_line(self) -> dict[str, Any]:
        """What names are looked up by (consent/audit/line_names.py)."""
        return {
            "actor_kind": self.actor_kind,
            "actor": self.actor,
            "actor_hospital": self.actor_hospital,
            "role": self.role,
            "target": "",
            "detail": "",
            "person": None,
        }


@dataclass(frozen=True, slots=True)
class OwnAccesses:
    """entries: the newest of `found`, which stand for so many lines; own: lines of what the patient
    did, which are not among them.
    """

    entries: list[OwnAccess]
    found: int
    lines: int
    own: int


def list_own_accesses(person: UUID, span: DaySpan, most: int = MOST_ENTRIES) -> OwnAccesses:
    """The newest first."""
    parameters = {
        "person": person,
        "start": span.start,
        "end": span.end,
        "zone": settings.TIME_ZONE,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(OWN_ACCESSES_SQL, parameters)
        rows = cursor.fetchall()
        cursor.execute(OWN_DOINGS_SQL, parameters)
        own = cursor.fetchone()[0]
    entries = [OwnAccess(*row[:9], row[9] or [], row[10]) for row in rows]
    found, lines = (int(n) for n in rows[0][11:]) if rows else (0, 0)
    return OwnAccesses(entries, found, lines, own)
