"""Source patients: which rows of the index a hospital's Patient ids are, and which a person has."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import connection

from alliance.config.literals import plain, texts
from consent.terms import Source
from records.fhir.hashes import named
from records.fhir.types import TYPES


class Known(NamedTuple):
    """A row of the index: the person whom it is linked to, its home, its sealed words, and a number that was put right, sealed."""

    id: int
    person: UUID
    home: UUID
    words: bytes | None = None
    correction: bytes | None = None


# index: one_source_patient
LOOK_UP = "SELECT fhir_id, id, person_id, home, words, correction FROM records_sourcepatient WHERE hospital_id = %s AND fhir_id = ANY((SELECT %s::text[])::text[])"
CREATE = """
WITH person AS (
  INSERT INTO records_person (id, created_at) SELECT p, now() FROM unnest(%(persons)s::uuid[]) p
)
INSERT INTO records_sourcepatient (hospital_id, fhir_id, person_id, home, registered, name, gender, birth_date, decided_by, confirmed, updated_at)
SELECT %(hospital)s, i, p, p, false, '', '', '', '', false, now() FROM unnest(%(ids)s::text[], %(persons)s::uuid[]) AS t(i, p)
ON CONFLICT (hospital_id, fhir_id) DO NOTHING RETURNING fhir_id, id, person_id, home
"""
# By any id that one of his registrations ever had as a person: links and undone links break nobody's bookmark.
# index: records_sourcepatient_home_key, source_person
OF_PERSON = """
SELECT s.id, s.hospital_id, h.code, s.fhir_id, s.home, s.joined_at FROM records_sourcepatient s JOIN alliance_hospital h ON h.id = s.hospital_id
WHERE s.person_id = (SELECT o.person_id FROM records_sourcepatient o WHERE o.home = %s) ORDER BY s.id
"""
# index: records_sourcepatient_pkey
SAID_OF = "SELECT id, confirmed, correction, decided_by FROM records_sourcepatient WHERE id = ANY ((SELECT %s::bigint[])::bigint[])"


def look_up(hospital_id: int, fhir_ids: Collection[str]) -> dict[str, Known]:
    """{Patient id: row of the index} of those that are known."""
    if not fhir_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, [hospital_id, texts(sorted(fhir_ids))])
        return {fhir_id: Known(*rest) for fhir_id, *rest in cursor.fetchall()}


def create(hospital_id: int, fhir_ids: Collection[str]) -> dict[str, Known]:
    """Make rows, each with a person of its own until the index decides otherwise; rows that exist are kept."""
    if not fhir_ids:
        return {}
    ids = sorted(fhir_ids)
    with connection.cursor() as cursor:
        cursor.execute(CREATE, {"hospital": hospital_id, "ids": texts(ids), "persons": plain(uuid4() for _ in ids)})
        made = {fhir_id: Known(*rest) for fhir_id, *rest in cursor.fetchall()}
    return made | look_up(hospital_id, set(ids) - made.keys())


def of_person(person: UUID) -> tuple[Source, ...]:
    """All his registrations, the oldest first: its home is his id now."""
    with connection.cursor() as cursor:
        cursor.execute(OF_PERSON, [person])
        return tuple(Source(*row) for row in cursor.fetchall())


def said_of(rows: Collection[int]) -> dict[int, tuple[bool, bytes | None, str]]:
    """{row of the index: (a curator has seen the card, a number put right, sealed; who moved him last)}."""
    with connection.cursor() as cursor:
        cursor.execute(SAID_OF, [plain(sorted(set(rows)))])
        return {i: tuple(said) for i, *said in cursor.fetchall()}


def person_of_resource(hospital_id: int, type_name: str, fhir_id: str) -> UUID | None:
    """Whom a stored resource is about; asked before the gate decides, and never told to the caller."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT record_person_of(%s::integer, %s::bigint, %s::smallint, %s::text)", [hospital_id, named(f"{type_name}/{fhir_id}"), TYPES[type_name].number, fhir_id])
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


def persons_of(rows: Collection[int]) -> dict[int, UUID]:
    """{row of the index: its person}."""
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, person_id FROM records_sourcepatient WHERE id = ANY(%s)", [sorted(rows)])
        return dict(cursor.fetchall())
