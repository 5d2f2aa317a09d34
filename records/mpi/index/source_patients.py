"""Source patients: which rows of the index a hospital's Patient ids are, and which a person has."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import connection

from alliance.platform.array_literals import text_array_literal, unquoted_array_literal
from alliance.sql.hospitals import HOSPITALS
from consent.terms import Source
from records.fhir.hashes import reference_hash
from records.fhir.resource_types import TYPES


class SourcePatientRow(NamedTuple):
    """A row of the index: the person whom it is linked to, its home, its sealed words, and a
    number that was put right, sealed.
    """

    source_patient_id: int
    person_id: UUID
    home: UUID
    encrypted_demographics: bytes | None = None
    encrypted_correction: bytes | None = None


# index: one_source_patient
FIND_ROWS_SQL = (
    "SELECT fhir_id, id, person_id, home, words, correction FROM records_sourcepatient WHERE"
    " hospital_id = %s AND fhir_id = ANY((SELECT %s::text[])::text[])"
)
CREATE_ROWS_SQL = """
WITH person AS (
  INSERT INTO records_person (id, created_at) SELECT p, now() FROM unnest(%(persons)s::uuid[]) p
)
INSERT INTO records_sourcepatient (hospital_id, fhir_id, person_id, home, registered, name, gender,
    birth_date, decided_by, confirmed, updated_at)
SELECT %(hospital)s, i, p, p, false, '', '', '', '', false, now()
  FROM unnest(%(ids)s::text[], %(persons)s::uuid[]) AS t(i, p)
ON CONFLICT (hospital_id, fhir_id) DO NOTHING RETURNING fhir_id, id, person_id, home
"""
# By any id that one of their registrations ever had as a person: links and undone links break
# nobody's bookmark.
# index: records_sourcepatient_home_key, source_person
SOURCES_OF_PERSON_SQL = f"""
SELECT s.id, s.hospital_id, h.code, s.fhir_id, s.home, s.joined_at FROM records_sourcepatient s
  JOIN {HOSPITALS} h ON h.id = s.hospital_id
WHERE s.person_id = (SELECT o.person_id FROM records_sourcepatient o WHERE o.home = %s)
  ORDER BY s.id
"""
# index: source_person
REGISTRATIONS_OF_PERSONS_SQL = f"""
SELECT s.person_id, s.registered, s.id, s.hospital_id, h.code, s.fhir_id, s.home, s.joined_at
  FROM records_sourcepatient s JOIN {HOSPITALS} h ON h.id = s.hospital_id
WHERE s.person_id = ANY((SELECT %s::uuid[])::uuid[]) ORDER BY s.id
"""
# index: records_sourcepatient_pkey
CURATION_FIELDS_SQL = (
    "SELECT id, confirmed, correction, decided_by FROM records_sourcepatient WHERE id = ANY"
    " ((SELECT %s::bigint[])::bigint[])"
)


def find_source_rows(hospital_id: int, fhir_ids: Collection[str]) -> dict[str, SourcePatientRow]:
    """{Patient id: row of the index} of those that are known."""
    if not fhir_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(FIND_ROWS_SQL, [hospital_id, text_array_literal(sorted(fhir_ids))])
        return {fhir_id: SourcePatientRow(*columns) for fhir_id, *columns in cursor.fetchall()}


def create_source_rows(hospital_id: int, fhir_ids: Collection[str]) -> dict[str, SourcePatientRow]:
    """Make rows, each with a person of its own until the index decides otherwise; rows that
    exist are kept.
    """
    if not fhir_ids:
        return {}
    ids = sorted(fhir_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            CREATE_ROWS_SQL,
            {
                "hospital": hospital_id,
                "ids": text_array_literal(ids),
                "persons": unquoted_array_literal(uuid4() for _ in ids),
            },
        )
        created = {fhir_id: SourcePatientRow(*columns) for fhir_id, *columns in cursor.fetchall()}
    return created | find_source_rows(hospital_id, set(ids) - created.keys())


def sources_of_person(person_id: UUID) -> tuple[Source, ...]:
    """All registrations of a person, the oldest first: its home is the person's id now."""
    with connection.cursor() as cursor:
        cursor.execute(SOURCES_OF_PERSON_SQL, [person_id])
        return tuple(Source(*row) for row in cursor.fetchall())


class PersonRegistrations(NamedTuple):
    """All registrations of a person, and the ids of their Patients that one hospital has stored."""

    sources: tuple[Source, ...]
    patients: tuple[str, ...]


def registrations_of_persons(
    persons: Collection[UUID], hospital_id: int
) -> dict[UUID, PersonRegistrations]:
    """{person: registrations, the oldest first}. hospital_id: whose Patients are named."""
    if not persons:
        return {}
    found: dict[UUID, tuple[list[Source], list[str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            REGISTRATIONS_OF_PERSONS_SQL, [unquoted_array_literal(sorted(persons, key=str))]
        )
        for person, registered, *source in cursor.fetchall():
            sources, patients = found.setdefault(person, ([], []))
            sources.append(Source(*source))
            if registered and sources[-1].hospital_id == hospital_id:
                patients.append(sources[-1].fhir_id)
    return {p: PersonRegistrations(tuple(s), tuple(own)) for p, (s, own) in found.items()}


def load_curation_fields(
    source_patient_ids: Collection[int],
) -> dict[int, tuple[bool, bytes | None, str]]:
    """{row of the index: (a curator has seen the card, a number put right, sealed; who moved it
    last)}.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            CURATION_FIELDS_SQL, [unquoted_array_literal(sorted(set(source_patient_ids)))]
        )
        return {
            source_patient_id: tuple(fields) for source_patient_id, *fields in cursor.fetchall()
        }


def find_person_of_resource(hospital_id: int, type_name: str, fhir_id: str) -> UUID | None:
    """Whom a stored resource is about; asked before the gate decides, and never told to the
    caller.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record_person_of(%s::integer, %s::bigint, %s::smallint, %s::text)",
            [
                hospital_id,
                reference_hash(f"{type_name}/{fhir_id}"),
                TYPES[type_name].number,
                fhir_id,
            ],
        )
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


def persons_of_rows(source_patient_ids: Collection[int]) -> dict[int, UUID]:
    """{row of the index: its person}."""
    if not source_patient_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, person_id FROM records_sourcepatient WHERE id = ANY(%s)",
            [sorted(source_patient_ids)],
        )
        return dict(cursor.fetchall())
