"""Who is there when registrations arrive: all that share a block with each, and the others of their persons."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from alliance.config.literals import plain, texts
from records.mpi import block
from records.mpi.cluster import LOOK
from records.mpi.habits import common_dates
from records.mpi.news import News
from records.mpi.rules import name

# Of each person those who share a block, then the first others, so many in all: never all of them, for a person may have thousands. The sub-selects hide
# the arrays' lengths from the planner, so that one generic plan serves one arrival and fifty.
# index: match_key, source_person, name_key_whole
BESIDE = """
WITH block AS MATERIALIZED (
  SELECT a.source, b.found FROM unnest((SELECT %(askers)s::bigint[]), (SELECT %(keys)s::bigint[])) AS a(source, key)
    CROSS JOIN LATERAL (SELECT array_agg(source_id) AS found FROM (SELECT source_id FROM records_matchkey m WHERE m.key = a.key LIMIT %(most)s + 1) x) b
), hit AS MATERIALIZED (
  SELECT DISTINCT source, unnest(found[1:%(most)s]) AS id FROM block
), near AS MATERIALIZED (
  SELECT hit.source, p.id, p.person_id, p.words, p.correction, p.hospital_id, p.birth_date, p.name FROM hit JOIN records_sourcepatient p ON p.id = hit.id
  WHERE p.words IS NOT NULL AND (p.id = hit.source OR p.id NOT IN (SELECT unnest(%(waiting)s::bigint[])))
), member AS (
  SELECT source, id, person_id, words, correction, hospital_id, birth_date, name, true AS hit FROM near
  UNION ALL SELECT people.source, f.*, false FROM (SELECT DISTINCT source, person_id FROM near) people CROSS JOIN LATERAL (
    SELECT m.id, m.person_id, m.words, m.correction, m.hospital_id, m.birth_date, m.name FROM records_sourcepatient m
    WHERE m.person_id = people.person_id AND m.words IS NOT NULL AND m.id NOT IN (SELECT unnest(%(waiting)s::bigint[])) ORDER BY m.id LIMIT %(look)s
  ) f WHERE (people.source, f.id) NOT IN (SELECT source, id FROM hit)
), called AS MATERIALIZED (
  SELECT source, name FROM unnest((SELECT %(sources)s::bigint[]), (SELECT %(names)s::text[])) AS t(source, name) WHERE source IN (SELECT source FROM near WHERE id <> source)
), namesakes AS MATERIALIZED (
  SELECT name, (SELECT count(*) FROM (SELECT FROM records_namekey WHERE whole AND key = n.name LIMIT 5000) x) AS many FROM (SELECT DISTINCT name FROM called) n
)
SELECT s.source, s.id, s.person_id, s.words, s.correction, s.hit, s.hospital_id, s.birth_date, o.hospital_id, o.birth_date, s.birth_date = o.birth_date OR s.name = o.name, n.many,
  (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'records_sourcepatient'::regclass),
  (SELECT count(*) FROM block b WHERE b.source = s.source AND cardinality(found) > %(most)s)
FROM (SELECT *, row_number() OVER (PARTITION BY source, person_id ORDER BY hit DESC, id) AS place FROM member) s
  JOIN called c ON c.source = s.source JOIN namesakes n ON n.name = c.name LEFT JOIN records_sourcepatient o ON o.id = s.source
WHERE s.place <= %(look)s AND s.id <> s.source ORDER BY s.source, s.id
"""
# index: match_key
MEETING = """
SELECT DISTINCT a.source FROM unnest((SELECT %(sources)s::bigint[]), (SELECT %(keys)s::bigint[])) AS a(source, key)
WHERE EXISTS (SELECT FROM records_matchkey m WHERE m.key = a.key AND m.source_id <> a.source)
"""


@dataclass(frozen=True, slots=True)
class Other:
    """A registration that is there; hit: it shares a block with the one that arrives; undated: its hospital gives its birth date to all of whom it knows none."""

    id: int
    person: UUID
    words: bytes
    correction: bytes | None
    hit: bool
    undated: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """namesakes: how many bear the name as it was sent; size: registrations in all, about; crowded: blocks that hold more than are looked at;
    undated: likewise of the one that arrives."""

    others: list[Other]
    namesakes: int
    size: int
    crowded: int
    undated: bool = False


NOBODY = Beside([], 0, 0, 0)


def beside(arrived: Sequence[News], waiting: Collection[int]) -> dict[int, Beside]:
    """{arrival: who is beside it}; who is not named has nobody. waiting: registrations that have not had their turn, which nobody meets."""
    pairs = [(n.id, key) for n in arrived for key in n.blocks]
    out: dict[int, Beside] = {}
    with connection.cursor() as cursor:
        cursor.execute(BESIDE, {
            "askers": plain(i for i, _ in pairs), "keys": plain(k for _, k in pairs), "most": block.AT_ONCE, "look": LOOK, "waiting": plain(sorted(waiting)),
            "sources": plain(n.id for n in arrived), "names": texts(name.fold(n.seen.name) for n in arrived)})
        rows = cursor.fetchall()
    habits = common_dates({pair for *_, hospital, born, own, birth, alike, _, _, _ in rows for pair in ([(hospital, born)] if alike else []) + [(own, birth)]})
    for source, row, person, words, correction, hit, hospital, born, own, birth, _, *numbers in rows:
        if source not in out:
            out[source] = Beside([], *numbers, undated=(own, birth) in habits)
        out[source].others.append(Other(row, person, words, correction, hit, (hospital, born) in habits))
    return out


def meeting(blocks: Mapping[int, Sequence[int]]) -> set[int]:
    """Of registrations, with their keys: those that share one with anybody. The others have nobody to be held against."""
    pairs = [(i, k) for i, keys in blocks.items() for k in keys]
    with connection.cursor() as cursor:
        cursor.execute(MEETING, {"sources": plain(i for i, _ in pairs), "keys": plain(k for _, k in pairs)})
        return {i for i, in cursor.fetchall()}
