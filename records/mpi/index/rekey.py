"""Recompute the keys by which registrations are found and compared, as this release makes them. Who
is whom is not decided anew.

What they were found by before they had another name or number stays: of it the index has no more
than the keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from alliance.platform.array_literals import text_array_literal, unquoted_array_literal
from records.mpi.index.field_protection import decrypt_demographics, hash_all_keys
from records.mpi.index.find_keys import own_find_keys
from records.mpi.index.identifier_digest import digest_identifiers
from records.mpi.index.number_correction import NumberCorrection, apply_correction
from records.mpi.matching.fhir_patient import parse_indexed_patient
from records.mpi.matching.profile import build_profile
from records.mpi.matching.rules import name_keys

# Raise it where registrations would get other keys to be found or compared by
# (tests/unit/test_rekey.py says when): setup gives them theirs.
KEY_VERSION = 4
# Where two registrations of one hospital turn out to have one hospital number, the older one keeps
# it.
# index: records_patientidentifier source, records_namekey_pkey, records_matchkey_pkey
REKEY_SQL = """
WITH number AS (
  SELECT * FROM unnest(%(number_sources)s::bigint[], %(kinds)s::text[], %(digests)s::bytea[])
    AS t(source_id, kind, digest)
), key AS (
  SELECT * FROM unnest(%(key_sources)s::bigint[], %(hospitals)s::int[], %(keys)s::text[],
      %(wholes)s::boolean[], %(formers)s::boolean[])
    AS t(source_id, hospital_id, key, whole, former)
), block AS (
  SELECT * FROM unnest(%(block_sources)s::bigint[], %(blocks)s::bigint[]) AS t(source_id, key)
), number_out AS (
  DELETE FROM records_patientidentifier o WHERE source_id = ANY(%(sources)s::bigint[])
    AND kind <> 'former'
    AND NOT EXISTS (SELECT FROM number n
        WHERE (n.source_id, n.kind, n.digest) = (o.source_id, o.kind, o.digest))
), number_in AS (
  INSERT INTO records_patientidentifier (source_id, kind, digest) SELECT source_id, kind, digest
    FROM number n
    WHERE NOT EXISTS (SELECT FROM records_patientidentifier o
        WHERE (o.source_id, o.kind, o.digest) = (n.source_id, n.kind, n.digest))
    ORDER BY source_id ON CONFLICT DO NOTHING RETURNING source_id, kind, digest
), key_out AS (
  DELETE FROM records_namekey o WHERE source_id = ANY(%(sources)s::bigint[]) AND NOT former
    AND NOT EXISTS (SELECT FROM key n
        WHERE (n.source_id, n.key, n.whole) = (o.source_id, o.key, o.whole))
), key_in AS (
  INSERT INTO records_namekey (source_id, hospital_id, key, whole, former)
    SELECT source_id, hospital_id, key, whole, former FROM key
    ON CONFLICT (source_id, key, whole) DO UPDATE SET former = excluded.former
      WHERE records_namekey.former <> excluded.former
), block_out AS (
  DELETE FROM records_matchkey o WHERE source_id = ANY(%(sources)s::bigint[])
    AND NOT EXISTS (SELECT FROM block n WHERE (n.source_id, n.key) = (o.source_id, o.key))
), block_in AS (
  INSERT INTO records_matchkey (source_id, key) SELECT source_id, key FROM block n
    WHERE NOT EXISTS (SELECT FROM records_matchkey o
        WHERE (o.source_id, o.key) = (n.source_id, n.key))
), done AS (
  UPDATE records_sourcepatient SET keyed = %(version)s WHERE id = ANY(%(sources)s::bigint[])
)
SELECT count(*) FROM number n WHERE NOT EXISTS (SELECT FROM records_patientidentifier o
    WHERE (o.source_id, o.kind, o.digest) = (n.source_id, n.kind, n.digest))
  AND NOT EXISTS (SELECT FROM number_in i
      WHERE (i.source_id, i.kind, i.digest) = (n.source_id, n.kind, n.digest))
"""


@dataclass(frozen=True, slots=True)
class RekeyedRegistration:
    """A registration as the index has it; words, correction: sealed; patient: as its hospital
    sent it last.
    """

    source: int
    hospital_id: int
    words: bytes
    correction: bytes | None
    patient: dict[str, Any]


def do_rekey_registrations(registrations: Sequence[RekeyedRegistration]) -> int:
    """How many numbers stay out, because an older registration of the hospital has them: they
    differ in nothing that anybody sees.
    """
    if not registrations:
        return 0
    numbers: set[tuple[int, str, bytes]] = set()
    keys: dict[tuple[int, int, str, bool], bool] = {}
    blocks: list[tuple[int, int]] = []
    for registration in registrations:
        patient, demographics = (
            parse_indexed_patient(registration.patient),
            decrypt_demographics(registration.words, registration.source),
        )
        corrected_patient = (
            NumberCorrection.decrypt(
                registration.correction, registration.source
            ).correct_identifiers(patient)
            if registration.correction
            else patient
        )
        numbers |= {
            (registration.source, *digest)
            for digest in digest_identifiers(corrected_patient, registration.hospital_id)
        }
        for names, former in (
            ((demographics.name, *demographics.former), True),
            (corrected_patient.features.names, False),
        ):
            keys |= {
                (registration.source, registration.hospital_id, key, whole): former
                for name in names
                for key, whole in name_keys.name_search_keys(name).items()
            }
        keys |= {
            (registration.source, registration.hospital_id, key, False): False
            for key in own_find_keys(corrected_patient, registration.hospital_id)
        }
        blocks += [
            (registration.source, key)
            for key in hash_all_keys(
                build_profile(
                    apply_correction(demographics, registration.correction, registration.source),
                    str(registration.source),
                )
            )
        ]
    ordered_numbers = sorted(numbers)
    with connection.cursor() as cursor:
        cursor.execute(
            REKEY_SQL,
            {
                "version": KEY_VERSION,
                "sources": unquoted_array_literal(
                    registration.source for registration in registrations
                ),
                "number_sources": unquoted_array_literal(name[0] for name in ordered_numbers),
                "kinds": text_array_literal(name[1] for name in ordered_numbers),
                "digests": text_array_literal(f"\\x{name[2].hex()}" for name in ordered_numbers),
                "key_sources": unquoted_array_literal(k[0] for k in keys),
                "hospitals": unquoted_array_literal(k[1] for k in keys),
                "keys": text_array_literal(k[2] for k in keys),
                "wholes": unquoted_array_literal(k[3] for k in keys),
                "formers": unquoted_array_literal(keys.values()),
                "block_sources": unquoted_array_literal(b[0] for b in blocks),
                "blocks": unquoted_array_literal(b[1] for b in blocks),
            },
        )
        return int(cursor.fetchone()[0])
