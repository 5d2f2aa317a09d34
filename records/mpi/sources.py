"""Source patients: which rows of the index a hospital's Patient ids are, and which a person has."""

from collections.abc import Collection
from uuid import UUID, uuid4

from django.db import connection

from consent.terms import Source

# index: one_source_patient
LOOK_UP = "SELECT fhir_id, id FROM records_sourcepatient WHERE hospital_id = %s AND fhir_id = ANY(%s)"
CREATE = """
WITH person AS (
  INSERT INTO records_person (id, created_at) SELECT p, now() FROM unnest(%(persons)s::uuid[]) p
)
INSERT INTO records_sourcepatient (hospital_id, fhir_id, person_id, registered, name, gender, birth_date, decided_by, updated_at)
SELECT %(hospital)s, i, p, false, '', '', '', '', now() FROM unnest(%(ids)s::text[], %(persons)s::uuid[]) AS t(i, p)
ON CONFLICT (hospital_id, fhir_id) DO NOTHING
"""
OF_PERSON = """
SELECT s.id, s.hospital_id, h.code, s.fhir_id FROM records_sourcepatient s JOIN alliance_hospital h ON h.id = s.hospital_id
WHERE s.person_id = %s ORDER BY s.id
"""
PERSON_OF = """
SELECT p.person_id FROM record_resource r JOIN records_sourcepatient p ON p.id = r.patient
WHERE r.hospital = %s AND r.type = %s AND r.fhir_id = %s
"""


def look_up(hospital_id: int, fhir_ids: Collection[str]) -> dict[str, int]:
    """{Patient id: row of the index} of those that are known."""
    if not fhir_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, [hospital_id, list(fhir_ids)])
        return dict(cursor.fetchall())


def create(hospital_id: int, fhir_ids: Collection[str]) -> dict[str, int]:
    """Make rows, each with a person of its own until the index decides otherwise; rows that exist are kept."""
    if not fhir_ids:
        return {}
    ids = sorted(fhir_ids)
    with connection.cursor() as cursor:
        cursor.execute(CREATE, {"hospital": hospital_id, "ids": ids, "persons": [uuid4() for _ in ids]})
    return look_up(hospital_id, ids)


def of_person(person: UUID) -> tuple[Source, ...]:
    with connection.cursor() as cursor:
        cursor.execute(OF_PERSON, [person])
        return tuple(Source(*row) for row in cursor.fetchall())


def person_of(rows: Collection[int]) -> UUID | None:
    """The person of these rows of the index (0 means none), where it is just one."""
    chosen = {r for r in rows if r}
    if not chosen:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT person_id FROM records_sourcepatient WHERE id = ANY(%s) LIMIT 2", [list(chosen)])
        found = cursor.fetchall()
    return found[0][0] if len(found) == 1 else None


def person_of_resource(hospital_id: int, type_name: str, fhir_id: str) -> UUID | None:
    """Whom a stored resource is about; asked before the gate decides, and never told to the caller."""
    with connection.cursor() as cursor:
        cursor.execute(PERSON_OF, [hospital_id, type_name, fhir_id])
        row = cursor.fetchone()
    return row[0] if row else None
