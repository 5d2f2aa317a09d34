"""Who lives with a patient, as far as the index knows: registrations of others that share
their phone or address.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from alliance.platform.array_literals import unquoted_array_literal
from alliance.sql.hospitals import HOSPITALS
from records.mpi.index.field_protection import hash_household_keys
from records.mpi.index.number_correction import read_demographics
from records.mpi.matching import blocking
from records.mpi.matching.comparison_levels import compare_profiles
from records.mpi.matching.profile import Demographics, build_profile

MAX_HOUSEMATES = 12
# index: match_key, records_sourcepatient_pkey
HOUSEMATES_SQL = f"""
WITH hit AS (
  SELECT DISTINCT b.source_id AS id FROM unnest(%(keys)s::bigint[]) AS asked(key)
    CROSS JOIN LATERAL (SELECT source_id FROM records_matchkey m
        WHERE m.key = asked.key LIMIT %(most)s) b
)
SELECT DISTINCT ON (s.person_id) s.id, s.person_id, h.code || '/Patient/' || s.fhir_id,
  s.hospital_id, s.words, s.correction
FROM hit JOIN records_sourcepatient s ON s.id = hit.id JOIN {HOSPITALS} h ON h.id = s.hospital_id
WHERE s.words IS NOT NULL AND s.person_id <> ALL (SELECT p.person_id FROM records_sourcepatient p
    WHERE p.id = ANY(%(own)s::bigint[])) ORDER BY s.person_id, s.id LIMIT 40
"""


@dataclass(frozen=True, slots=True)
class Housemate:
    """shares: "phone", "address" or both."""

    person: UUID
    ref: str  # hospital/Patient/id
    hospital_id: int
    words: Demographics
    shares: tuple[str, ...]


def list_housemates(
    source_patient_ids: Collection[int], demographics: Collection[Demographics]
) -> list[Housemate]:
    """Of the registrations `source_patient_ids`, which say `demographics`: each other person once,
    at most twelve.
    """
    profiles = [build_profile(w) for w in demographics]
    keys = sorted({k for p in profiles for k in hash_household_keys(p)})
    with connection.cursor() as cursor:
        cursor.execute(
            HOUSEMATES_SQL,
            {
                "keys": unquoted_array_literal(keys),
                "most": blocking.MAX_COMPARED_PER_BLOCK,
                "own": unquoted_array_literal(sorted(source_patient_ids)),
            },
        )
        rows = cursor.fetchall()
    housemates = []
    for (
        source_patient_id,
        person_id,
        ref,
        hospital_id,
        encrypted_demographics,
        encrypted_correction,
    ) in rows:
        theirs = read_demographics(encrypted_demographics, source_patient_id, encrypted_correction)
        levels = [compare_profiles(p, build_profile(theirs)) for p in profiles]
        shares = tuple(
            f for f in ("phone", "address") if any(getattr(lv, f) == "same" for lv in levels)
        )
        if shares:
            housemates.append(Housemate(person_id, ref, hospital_id, theirs, shares))
    return housemates[:MAX_HOUSEMATES]
