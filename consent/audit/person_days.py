"""List who did what about a patient, day by day: what one actor did on one day with one outcome is
one entry, in what the asking auditor may see.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from consent.audit.log_query import AuditFilter

MOST_ENTRIES = 5_000  # the newest
# What is cut from others' lines (redact_foreign_line) is not grouped by either: the address.
# index: consent_audit_event_person, consent_audit_person_person, consent_audit_event_pkey
PERSON_DAYS_SQL = """
SELECT l.day, l.actor_kind, l.actor, l.actor_hospital, l.role, l.outcome,
  l.emergency, max(l.recorded), count(*), array_agg(DISTINCT l.code), array_agg(DISTINCT l.purpose),
  array_agg(DISTINCT l.reason) FILTER (WHERE l.reason <> ''),
  array_agg(DISTINCT l.address) FILTER (WHERE l.address <> '')
FROM (
  SELECT (recorded AT TIME ZONE %(zone)s)::date AS day, recorded, actor_kind, actor,
    actor_hospital, role, outcome, code, purpose, reason,
    (purpose = 'BTG' OR code = %(emergency)s) AS emergency,
    CASE WHEN %(hospitals)s::text[] IS NULL OR actor_hospital = ANY(%(hospitals)s)
      THEN address ELSE '' END AS address
  FROM consent_audit_event WHERE {where}) l
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY 1 DESC, 8 DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class PersonDayEntry:
    """last: the newest of its lines; addresses: of the asking auditor's own hospitals alone."""

    day: dt.date
    actor_kind: str
    actor: str
    actor_hospital: str
    role: str
    outcome: str
    emergency: bool
    last: dt.datetime
    lines: int
    codes: list[str]
    purposes: list[str]
    reasons: list[str]
    addresses: list[str]

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


def list_person_days(audit_filter: AuditFilter) -> list[PersonDayEntry]:
    """The newest first, of the filter's patient."""
    where, parameters = audit_filter.where_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            PERSON_DAYS_SQL.format(where=where),
            {**parameters, "zone": settings.TIME_ZONE, "most": MOST_ENTRIES},
        )
        return [PersonDayEntry(*row[:11], row[11] or [], row[12] or []) for row in cursor]
