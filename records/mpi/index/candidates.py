"""Load the match candidates of new registrations: every profile that shares a blocking key with one
of them, and the others of their persons.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from alliance.platform.array_literals import text_array_literal, unquoted_array_literal
from records.mpi.index.pending_registration import PendingRegistration
from records.mpi.index.placeholder_dates import find_placeholder_dates
from records.mpi.matching import blocking
from records.mpi.matching.clustering import MAX_COMPARED_MEMBERS
from records.mpi.matching.rules import name_forms

# Of each person those who share a block, then the first others, so many in all: never all of them,
# for a person may have thousands. The sub-selects hide the arrays' lengths from the planner, so
# that one generic plan serves one arrival and fifty.
# index: match_key, source_person, name_key_whole
CANDIDATES_SQL = """
WITH block AS MATERIALIZED (
  SELECT a.source, b.found FROM unnest((SELECT %(askers)s::bigint[]),
      (SELECT %(keys)s::bigint[])) AS a(source, key)
    CROSS JOIN LATERAL (SELECT array_agg(source_id) AS found
        FROM (SELECT source_id FROM records_matchkey m WHERE m.key = a.key LIMIT %(most)s + 1) x) b
), hit AS MATERIALIZED (
  SELECT DISTINCT source, unnest(found[1:%(most)s]) AS id FROM block
), near AS MATERIALIZED (
  SELECT hit.source, p.id, p.person_id, p.words, p.correction, p.hospital_id, p.birth_date, p.name
    FROM hit JOIN records_sourcepatient p ON p.id = hit.id
  WHERE p.words IS NOT NULL AND (p.id = hit.source
      OR p.id NOT IN (SELECT unnest(%(waiting)s::bigint[])))
), member AS (
  SELECT source, id, person_id, words, correction, hospital_id, birth_date, name, true AS hit
    FROM near
  UNION ALL SELECT people.source, f.*, false
    FROM (SELECT DISTINCT source, person_id FROM near) people CROSS JOIN LATERAL (
    SELECT m.id, m.person_id, m.words, m.correction, m.hospital_id, m.birth_date, m.name
      FROM records_sourcepatient m
    WHERE m.person_id = people.person_id AND m.words IS NOT NULL
      AND m.id NOT IN (SELECT unnest(%(waiting)s::bigint[])) ORDER BY m.id LIMIT %(look)s
  ) f WHERE (people.source, f.id) NOT IN (SELECT source, id FROM hit)
), called AS MATERIALIZED (
  SELECT source, name FROM unnest((SELECT %(sources)s::bigint[]), (SELECT %(names)s::text[]))
    AS t(source, name) WHERE source IN (SELECT source FROM near WHERE id <> source)
), namesakes AS MATERIALIZED (
  SELECT name, (SELECT count(*)
      FROM (SELECT FROM records_namekey WHERE whole AND key = n.name LIMIT 5000) x) AS many
    FROM (SELECT DISTINCT name FROM called) n
)
SELECT s.source, s.id, s.person_id, s.words, s.correction, s.hit, s.hospital_id, s.birth_date,
  o.hospital_id, o.birth_date, s.birth_date = o.birth_date OR s.name = o.name, n.many,
  (SELECT greatest(reltuples, 0)::bigint FROM pg_class
      WHERE oid = 'records_sourcepatient'::regclass),
  (SELECT count(*) FROM block b WHERE b.source = s.source AND cardinality(found) > %(most)s)
FROM (SELECT *, row_number() OVER (PARTITION BY source, person_id ORDER BY hit DESC, id) AS place
    FROM member) s
  JOIN called c ON c.source = s.source JOIN namesakes n ON n.name = c.name
    LEFT JOIN records_sourcepatient o ON o.id = s.source
WHERE s.place <= %(look)s AND s.id <> s.source ORDER BY s.source, s.id
"""
# index: match_key
BLOCK_SHARERS_SQL = """
SELECT DISTINCT a.source FROM unnest((SELECT %(sources)s::bigint[]),
    (SELECT %(keys)s::bigint[])) AS a(source, key)
WHERE EXISTS (SELECT FROM records_matchkey m WHERE m.key = a.key AND m.source_id <> a.source)
"""


@dataclass(frozen=True, slots=True)
class CandidateRegistration:
    """A registration that is there; shares_block: it shares a block with the one that arrives;
    undated: its hospital gives its birth date to all of whom it knows none.
    """

    source_patient_id: int
    person_id: UUID
    encrypted_demographics: bytes
    encrypted_correction: bytes | None
    shares_block: bool
    has_placeholder_date: bool = False


@dataclass(frozen=True, slots=True)
class Candidates:
    """namesake_count: how many bear the name as it was sent; index_size: registrations in all,
    about; crowded_blocks: blocks that hold more than are looked at; has_placeholder_date: likewise
    of the one that arrives.
    """

    registrations: list[CandidateRegistration]
    namesake_count: int
    index_size: int
    crowded_blocks: int
    has_placeholder_date: bool = False


NO_CANDIDATES = Candidates([], 0, 0, 0)


def find_candidates(
    arriving: Sequence[PendingRegistration], waiting: Collection[int]
) -> dict[int, Candidates]:
    """{arrival: who is beside it}; who is not named has nobody. waiting: registrations that have
    not had their turn, which nobody meets.
    """
    pairs = [
        (registration.source_patient_id, key)
        for registration in arriving
        for key in registration.blocks
    ]
    candidates: dict[int, Candidates] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            CANDIDATES_SQL,
            {
                "askers": unquoted_array_literal(i for i, _ in pairs),
                "keys": unquoted_array_literal(k for _, k in pairs),
                "most": blocking.MAX_COMPARED_PER_BLOCK,
                "look": MAX_COMPARED_MEMBERS,
                "waiting": unquoted_array_literal(sorted(waiting)),
                "sources": unquoted_array_literal(
                    registration.source_patient_id for registration in arriving
                ),
                "names": text_array_literal(
                    name_forms.fold_name(registration.corrected_demographics.name)
                    for registration in arriving
                ),
            },
        )
        rows = cursor.fetchall()
    placeholder_dates = find_placeholder_dates(
        {
            pair
            for *_, other_hospital, birth, own_hospital, own_birth, looks_alike, _, _, _ in rows
            for pair in ([(other_hospital, birth)] if looks_alike else [])
            + [(own_hospital, own_birth)]
        }
    )
    for (
        arriving_id,
        source_patient_id,
        person_id,
        encrypted_demographics,
        encrypted_correction,
        shares_block,
        other_hospital,
        birth,
        own_hospital,
        own_birth,
        _,
        *counts,
    ) in rows:
        if arriving_id not in candidates:
            candidates[arriving_id] = Candidates(
                [], *counts, has_placeholder_date=(own_hospital, own_birth) in placeholder_dates
            )
        candidates[arriving_id].registrations.append(
            CandidateRegistration(
                source_patient_id,
                person_id,
                encrypted_demographics,
                encrypted_correction,
                shares_block,
                (other_hospital, birth) in placeholder_dates,
            )
        )
    return candidates


def find_block_sharers(blocks_by_source: Mapping[int, Sequence[int]]) -> set[int]:
    """Of registrations, with their keys: those that share one with anybody. The others have
    nobody to be held against.
    """
    pairs = [
        (source_patient_id, key)
        for source_patient_id, keys in blocks_by_source.items()
        for key in keys
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            BLOCK_SHARERS_SQL,
            {
                "sources": unquoted_array_literal(
                    source_patient_id for source_patient_id, _ in pairs
                ),
                "keys": unquoted_array_literal(key for _, key in pairs),
            },
        )
        return {source_patient_id for (source_patient_id,) in cursor.fetchall()}
