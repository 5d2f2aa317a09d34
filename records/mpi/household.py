"""Who lives with a patient, as far as the index knows: registrations of others that share his phone or his door."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from alliance.config.literals import plain
from records.mpi import block
from records.mpi.correction import read
from records.mpi.levels import compare
from records.mpi.profile import Words, profile
from records.mpi.sealed import homes

MOST = 12
# index: match_key, records_sourcepatient_pkey
NEAR = """
WITH hit AS (
  SELECT DISTINCT b.source_id AS id FROM unnest(%(keys)s::bigint[]) AS asked(key)
    CROSS JOIN LATERAL (SELECT source_id FROM records_matchkey m WHERE m.key = asked.key LIMIT %(most)s) b
)
SELECT DISTINCT ON (s.person_id) s.id, s.person_id, h.code || '/Patient/' || s.fhir_id, s.hospital_id, s.words, s.correction
FROM hit JOIN records_sourcepatient s ON s.id = hit.id JOIN alliance_hospital h ON h.id = s.hospital_id
WHERE s.words IS NOT NULL AND s.person_id <> ALL (SELECT p.person_id FROM records_sourcepatient p WHERE p.id = ANY(%(own)s::bigint[])) ORDER BY s.person_id, s.id LIMIT 40
"""


@dataclass(frozen=True, slots=True)
class Housemate:
    """shares: "phone", "address" or both."""

    person: UUID
    ref: str  # hospital/Patient/id
    hospital_id: int
    words: Words
    shares: tuple[str, ...]


def household(own: Collection[int], words: Collection[Words]) -> list[Housemate]:
    """Of the registrations `own`, which say `words`: each other person once, at most twelve."""
    asked = [profile(w) for w in words]
    keys = sorted({k for p in asked for k in homes(p)})
    with connection.cursor() as cursor:
        cursor.execute(NEAR, {"keys": plain(keys), "most": block.AT_ONCE, "own": plain(sorted(own))})
        rows = cursor.fetchall()
    out = []
    for source, person, ref, hospital, sealed, correction in rows:
        theirs = read(sealed, source, correction)
        levels = [compare(p, profile(theirs)) for p in asked]
        shares = tuple(f for f in ("phone", "address") if any(getattr(lv, f) == "same" for lv in levels))
        if shares:
            out.append(Housemate(person, ref, hospital, theirs, shares))
    return out[:MOST]
