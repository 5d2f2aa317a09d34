"""When somebody last looked at a record before now, by the lines of their own accesses
(docs/adr/0056). What others did is not asked.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from consent.audit.event import EventCode
from consent.audit.log_query import ABOUT_PERSON_SQL

# so long without a page of the record ends a visit: what is new stays so from tab to tab
VISIT_PAUSE = dt.timedelta(minutes=30)
# the store stamps with the beginning of a transaction: what was being written at that moment was
# not seen
WRITING_TIME = dt.timedelta(minutes=1)

# What the line of a page of the record itself is about; a document or an encounter that somebody
# opens by its address is a part of a visit, and no look alone.
RECORD_TARGET = "alliance/record"
# The newest visit that looked at the record and does not go on now.
# index: consent_audit_event_person, consent_audit_event_pkey
LAST_LOOK_SQL = f"""
WITH opens AS MATERIALIZED (
  SELECT id, recorded, target = %(record)s AS looked,
    lag(recorded) OVER (ORDER BY recorded, id) AS earlier
  FROM consent_audit_event
  WHERE {ABOUT_PERSON_SQL}
    AND actor_kind = 'staff' AND actor = %(actor)s AND code = %(code)s AND outcome = 'success'),
visits AS MATERIALIZED (
  SELECT id, recorded, looked, count(*) FILTER (WHERE earlier IS NULL
    OR recorded - earlier >= %(pause)s) OVER (ORDER BY recorded, id) AS visit
  FROM opens),
past AS MATERIALIZED (
  SELECT max(visit) AS visit FROM visits WHERE looked AND visit <= (
    SELECT max(visit) - (clock_timestamp() - max(recorded) < %(pause)s)::int FROM visits))
SELECT min(v.recorded) FILTER (WHERE v.looked), coalesce((
  SELECT array_agg(DISTINCT split_part(ref, '/', 1))
  FROM consent_audit_event e CROSS JOIN unnest(e.refs) ref
  WHERE (e.id, e.recorded) IN (SELECT w.id, w.recorded FROM visits w JOIN past USING (visit))
    AND split_part(ref, '/', 2) = 'Patient'), '{{}}')
FROM visits v JOIN past USING (visit)
"""


@dataclass(frozen=True, slots=True)
class LastLook:
    """The visit of a record before this one. at: when it began; hospitals: codes of those whose
    registrations of the patient it showed.
    """

    at: dt.datetime
    hospitals: frozenset[str]

    @property
    def seen_until(self) -> dt.datetime:
        """What was stored later may not have been seen."""
        return self.at - WRITING_TIME

    def has_missed(self, hospital: str, received: dt.datetime | None) -> bool:
        """Whether something that stands there now did not at that visit: it came later, or nothing
        of its hospital was open then.
        """
        return hospital not in self.hospitals or (
            received is not None and received > self.seen_until
        )


def find_last_look(person: UUID, staff_id: str) -> LastLook | None:
    """Find it by the staff member's own lines; None where the log that is kept has none. By any id
    that the person ever had.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            LAST_LOOK_SQL,
            {
                "person": person,
                "actor": staff_id,
                "code": EventCode.RECORD_OPEN.value,
                "pause": VISIT_PAUSE,
                "record": RECORD_TARGET,
                "start": None,
                "end": None,
            },
        )
        at, hospitals = cursor.fetchone()
    return None if at is None else LastLook(at, frozenset(hospitals))
