"""Register Patients that were written in the index, and decide LINK, REVIEW or NEW, in the writer's
transaction.

However many Patients arrive in one write: one statement for the locks, one for what the index
keeps; then they take turns (batch_resolver.py).
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection
from django.utils import timezone

from alliance.platform.array_literals import text_array_literal, unquoted_array_literal
from records.fhir.issues import Conflict, Issue, Problem
from records.mpi.index.batch_resolver import BatchResolver
from records.mpi.index.field_protection import encrypt_demographics, hash_household_keys
from records.mpi.index.find_keys import own_find_keys
from records.mpi.index.identifier_digest import digest_identifier, digest_identifiers
from records.mpi.index.pending_registration import ArrivedPatient, PendingRegistration
from records.mpi.index.rekey import KEY_VERSION
from records.mpi.index.source_patients import SourcePatientRow
from records.mpi.matching.fhir_patient import (
    IndexedPatient,
    demographics_from_patient,
    parse_indexed_patient,
)
from records.mpi.matching.profile import Profile
from records.mpi.matching.rules import name_keys

NOBODY_ID = UUID(int=0)
# What is kept of each: new rows in, rows that no longer hold marked as former, equal ones
# untouched. The sub-selects hide the arrays' lengths from the planner, so that one generic plan
# serves every call: planning costs more than the work. Who says another name, birth date or citizen
# number of its patient than before says since now who that is (docs/adr/0030): by the clock, for
# what was said since the transaction began was said of who it was before
# (consent/services/registration_locks.py).
# index: records_patientidentifier source, records_namekey_pkey, records_matchkey_pkey
STORE_SQL = """
WITH other AS (
  SELECT DISTINCT n.source_id FROM unnest((SELECT %(number_sources)s::bigint[]),
      (SELECT %(kinds)s::text[]), (SELECT %(digests)s::bytea[])) AS n(source_id, kind, digest)
  WHERE n.kind = 'resident' AND NOT EXISTS (SELECT FROM records_patientidentifier o
      WHERE (o.source_id, o.kind, o.digest) = (n.source_id, n.kind, n.digest))
), source AS (
  UPDATE records_sourcepatient s SET registered = true, joined_at = CASE WHEN s.registered
    AND ((s.name, s.birth_date) <> (t.name, t.birth) OR s.id IN (SELECT source_id FROM other))
      THEN clock_timestamp() ELSE s.joined_at END, name = t.name, gender = t.gender,
        birth_date = t.birth, words = t.words, keyed = %(keyed)s::smallint, updated_at = now()
  FROM unnest((SELECT %(sources)s::bigint[]), (SELECT %(names)s::text[]),
      (SELECT %(genders)s::text[]), (SELECT %(births)s::text[]), (SELECT %(words)s::bytea[]))
    AS t(id, name, gender, birth, words)
  WHERE s.id = t.id
), number AS (
  SELECT * FROM unnest((SELECT %(number_sources)s::bigint[]), (SELECT %(kinds)s::text[]),
      (SELECT %(digests)s::bytea[])) AS t(source_id, kind, digest)
), key AS (
  SELECT * FROM unnest((SELECT %(key_sources)s::bigint[]), (SELECT %(keys)s::text[]),
      (SELECT %(wholes)s::boolean[])) AS t(source_id, key, whole)
), block AS (
  SELECT * FROM unnest((SELECT %(block_sources)s::bigint[]), (SELECT %(blocks)s::bigint[]))
    AS t(source_id, key)
), block_out AS (
  DELETE FROM records_matchkey o WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[])
    AND NOT EXISTS (SELECT FROM block n WHERE (n.source_id, n.key) = (o.source_id, o.key))
), block_in AS (
  INSERT INTO records_matchkey (source_id, key) SELECT source_id, key FROM block n
    WHERE NOT EXISTS (SELECT FROM records_matchkey o
        WHERE (o.source_id, o.key) = (n.source_id, n.key))
), number_out AS (
  UPDATE records_patientidentifier o SET kind = 'former'
    WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[]) AND kind <> 'former'
    AND NOT EXISTS (SELECT FROM number n WHERE (n.source_id, n.digest) = (o.source_id, o.digest))
), number_changed AS (
  DELETE FROM records_patientidentifier o
    WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[])
    AND EXISTS (SELECT FROM number n WHERE (n.source_id, n.digest) = (o.source_id, o.digest))
    AND NOT EXISTS (SELECT FROM number n
        WHERE (n.source_id, n.kind, n.digest) = (o.source_id, o.kind, o.digest))
), key_out AS (
  UPDATE records_namekey o SET former = NOT former
    WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[])
    AND former = EXISTS (SELECT FROM key n
        WHERE (n.source_id, n.key, n.whole) = (o.source_id, o.key, o.whole))
), key_in AS (
  INSERT INTO records_namekey (source_id, hospital_id, key, whole, former)
    SELECT source_id, %(hospital)s, key, whole, false FROM key n
    WHERE NOT EXISTS (SELECT FROM records_namekey o
        WHERE (o.source_id, o.key, o.whole) = (n.source_id, n.key, n.whole))
)
INSERT INTO records_patientidentifier (source_id, kind, digest) SELECT source_id, kind, digest
  FROM number n
  WHERE NOT EXISTS (SELECT FROM records_patientidentifier o
      WHERE (o.source_id, o.kind, o.digest) = (n.source_id, n.kind, n.digest))
"""
# Two hospitals that register one person at once wait for each other, so they find each other; in
# order, so that two writes with several patients never wait in a circle. A write with more patients
# than PostgreSQL's table of locks has room for goes alone.
LOCK_SPACE, ALL_LOCK_SPACE, MAX_LOCKS = 7301, 7303, 600
LOCK_SQL = f"""
SELECT pg_advisory_xact_lock({LOCK_SPACE}, k)
  FROM (SELECT pg_advisory_xact_lock_shared({ALL_LOCK_SPACE}, 0) OFFSET 0) g
  CROSS JOIN (SELECT k FROM unnest(%s::int[]) k ORDER BY k OFFSET 0) t
"""
LOCK_ALL_SQL = f"SELECT pg_advisory_xact_lock({ALL_LOCK_SPACE}, 0)"
DIGEST_IN_ERROR = re.compile(r"\(digest\)=\(\\x([0-9a-f]+)\)")


def do_register_patients(hospital_id: int, arrivals: Sequence[ArrivedPatient]) -> dict[int, UUID]:
    """Register Patients that were stored: keep what is new of each, decide whom they are linked
    with, and return {row of the index: its new person} of those that were moved. Raises Conflict
    where another Patient of this hospital has the same hospital number, Problem for an identifier
    that cannot be.
    """
    today = timezone.localdate()
    registrations = [build_pending_registration(arrival, today) for arrival in arrivals]
    changed = [registration for registration in registrations if registration.has_changes]
    if not changed:
        return {}
    lock_registrations(changed)
    store_registrations(hospital_id, changed)
    return BatchResolver(changed).resolve()


def build_pending_registration(arrival: ArrivedPatient, today: dt.date) -> PendingRegistration:
    return PendingRegistration(
        arrival, parse_arrival(arrival), demographics_from_patient(arrival.patient, today)
    )


def lock_registrations(registrations: Sequence[PendingRegistration]) -> None:
    """Wait for whoever registers one of these persons, until the end of the transaction."""
    lock_keys = sorted({registration_lock_key(r.profile) for r in registrations})
    with connection.cursor() as cursor:
        if len(lock_keys) <= MAX_LOCKS:
            cursor.execute(LOCK_SQL, [unquoted_array_literal(lock_keys)])
        else:
            cursor.execute(LOCK_ALL_SQL)


def registration_lock_key(profile: Profile) -> int:
    """Of two writers who register one person at once, the second waits for the first: by the
    number, else by name and birth date.
    """
    identity = (
        profile.number
        or profile.borrowed
        or f"{''.join(sorted(''.join(profile.spelling.sounds)))}|{profile.birth}"
    )
    return int.from_bytes(digest_identifier("turn", identity)[:4], "big", signed=True)


def parse_arrival(arrival: ArrivedPatient) -> IndexedPatient:
    try:
        return parse_indexed_patient(arrival.patient)
    except Problem as problem:
        raise (problem.with_resource_path(arrival.place) if arrival.place else problem) from problem


def store_registrations(hospital_id: int, registrations: Sequence[PendingRegistration]) -> None:
    source_patient_ids = [registration.source_patient_id for registration in registrations]
    identifiers: dict[tuple[int, str, bytes], int] = {}
    keys: set[tuple[int, str, bool]] = set()
    blocks = [
        (source_patient_id, key)
        for source_patient_id, registration in zip(source_patient_ids, registrations, strict=True)
        for key in (*registration.blocks, *hash_household_keys(registration.profile))
    ]
    for position, (source_patient_id, registration) in enumerate(
        zip(source_patient_ids, registrations, strict=True)
    ):
        patient = registration.corrected_patient
        identifiers |= {
            (source_patient_id, *digest): position
            for digest in digest_identifiers(patient, hospital_id)
        }
        keys |= {
            (source_patient_id, key, whole)
            for name in patient.features.names
            for key, whole in name_keys.name_search_keys(name).items()
        }
        keys |= {(source_patient_id, key, False) for key in own_find_keys(patient, hospital_id)}
    encrypted_demographics = [
        encrypt_demographics(
            registration.kept_demographics,
            registration.source_patient_id,
            registration.change_mark,
        )
        for registration in registrations
    ]
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                STORE_SQL,
                {
                    "hospital": hospital_id,
                    "keyed": KEY_VERSION,
                    "sources": unquoted_array_literal(source_patient_ids),
                    "names": text_array_literal(
                        registration.corrected_patient.display[:200]
                        for registration in registrations
                    ),
                    "genders": text_array_literal(
                        registration.corrected_patient.features.gender
                        for registration in registrations
                    ),
                    "births": text_array_literal(
                        registration.corrected_patient.features.birth_date
                        for registration in registrations
                    ),
                    "number_sources": unquoted_array_literal(i[0] for i in identifiers),
                    "kinds": text_array_literal(i[1] for i in identifiers),
                    "digests": text_array_literal(f"\\x{i[2].hex()}" for i in identifiers),
                    "key_sources": unquoted_array_literal(k[0] for k in keys),
                    "keys": text_array_literal(k[1] for k in keys),
                    "wholes": unquoted_array_literal(k[2] for k in keys),
                    "words": text_array_literal(
                        f"\\x{demographics.hex()}" for demographics in encrypted_demographics
                    ),
                    "block_sources": unquoted_array_literal(b[0] for b in blocks),
                    "blocks": unquoted_array_literal(b[1] for b in blocks),
                },
            )
    except IntegrityError as error:
        taken_digest = DIGEST_IN_ERROR.search(str(error))
        place = next(
            (
                registrations[position].arrival.place
                for (_, _, d), position in reversed(identifiers.items())
                if taken_digest and d.hex() == taken_digest.group(1)
            ),
            "",
        )
        taken = Conflict(
            Issue(
                "duplicate",
                "Another Patient of this hospital has the same hospital number (type MR): update"
                " that one, or use If-None-Exist with the identifier.",
                "Patient.identifier",
                rule="patient.same-number",
            )
        )
        raise (taken.with_resource_path(place) if place else taken) from error


def store_known_registration(
    hospital_id: int, source_patient_id: int, patient: dict[str, Any]
) -> None:
    """What is kept of a Patient who is registered already."""
    store_registrations(
        hospital_id,
        [
            PendingRegistration(
                ArrivedPatient(SourcePatientRow(source_patient_id, NOBODY_ID, NOBODY_ID), patient),
                parse_indexed_patient(patient),
                demographics_from_patient(patient, timezone.localdate()),
            )
        ],
    )
