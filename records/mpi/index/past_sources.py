"""Which registrations a person had at a moment that has passed, links and undone links taken back
(docs/adr/0076).
"""

import datetime as dt
from uuid import UUID

from django.db import connection

from alliance.sql.hospitals import HOSPITALS
from consent.sql.past import REGISTRATION_HISTORY, row_then
from consent.terms import Source

WAS = row_then("registration", "s.id")
# index: records_sourcepatient_home_key, source_person, consent_fact_history_person,
# consent_fact_history_fact, records_sourcepatient_pkey, records_person_pkey
SOURCES_THEN_SQL = f"""
WITH asked AS MATERIALIZED (
  SELECT coalesce((p.was->>'person_id')::uuid, s.person_id) AS person
  FROM records_sourcepatient s LEFT JOIN LATERAL ({WAS}) p ON true
  WHERE s.home = %(person)s
), candidate AS (
  SELECT s.id FROM records_sourcepatient s WHERE s.person_id = (SELECT person FROM asked)
  UNION SELECT h.fact FROM {REGISTRATION_HISTORY} h
    WHERE h.person = (SELECT person FROM asked) AND h.until > %(now)s
)
SELECT s.id, s.hospital_id, h.code, s.fhir_id, s.home,
  coalesce((p.was->>'joined_at')::timestamptz, s.joined_at)
FROM records_sourcepatient s
JOIN {HOSPITALS} h ON h.id = s.hospital_id
LEFT JOIN records_person made ON made.id = s.home
LEFT JOIN LATERAL ({WAS}) p ON true
WHERE s.id = ANY(ARRAY(SELECT id FROM candidate))
  AND coalesce((p.was->>'person_id')::uuid, s.person_id) = (SELECT person FROM asked)
  AND coalesce(made.created_at <= %(now)s, true)
ORDER BY s.id
"""


def sources_of_person_then(person_id: UUID, moment: dt.datetime) -> tuple[Source, ...]:
    """All registrations that the person had then, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(SOURCES_THEN_SQL, {"person": person_id, "now": moment})
        return tuple(Source(*row) for row in cursor.fetchall())
