"""Read from the log what somebody did themselves: whose records a clinician opened lately, what
auditors looked into last. Each question walks the lines of its actors alone, and not for ever.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.utils import timezone

from consent.audit.event import AuditOutcome, EventCode

RECENT_SPAN = dt.timedelta(days=30)
MAX_LINES = 1000  # of openings, that are looked through for persons
# index: consent_audit_event_actor
OPENED_SQL = """
SELECT person, max(recorded) FROM (
  SELECT person, recorded FROM consent_audit_event
  WHERE actor_kind = 'staff' AND actor = %(staff)s AND recorded >= %(since)s
    AND actor_hospital = %(hospital)s AND code = %(code)s AND outcome = %(outcome)s
    AND person IS NOT NULL
  ORDER BY recorded DESC LIMIT %(lines)s) opened
GROUP BY person ORDER BY 2 DESC LIMIT %(most)s
"""
# index: consent_audit_event_actor
NEWEST_SQL = """
SELECT recorded, detail FROM consent_audit_event
WHERE actor_kind = 'staff' AND actor = ANY(%(staff)s) AND recorded >= %(since)s
  AND code = %(code)s AND (%(target)s = '' OR target = %(target)s)
ORDER BY recorded DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class NotedAct:
    """When somebody did something, and what the line says of it."""

    at: dt.datetime
    detail: str


def list_opened_persons(staff_id: str, hospital: str, most: int) -> list[tuple[UUID, dt.datetime]]:
    """(person as the line names them, when last) of the records that this one has opened as one of
    the hospital's, the last opened first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            OPENED_SQL,
            {
                "staff": staff_id,
                "hospital": hospital,
                "since": timezone.now() - RECENT_SPAN,
                "code": EventCode.RECORD_OPEN.value,
                "outcome": AuditOutcome.SUCCESS.value,
                "lines": MAX_LINES,
                "most": most,
            },
        )
        return cursor.fetchall()


def list_newest_acts(
    staff_ids: Collection[int], code: EventCode, most: int, target: str = ""
) -> list[NotedAct]:
    """What these have done of this kind in the last days, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            NEWEST_SQL,
            {
                "staff": [str(s) for s in staff_ids],
                "since": timezone.now() - RECENT_SPAN,
                "code": code.value,
                "target": target,
                "most": most,
            },
        )
        return [NotedAct(*row) for row in cursor.fetchall()]
