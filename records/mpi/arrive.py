"""A registration arrives: whom it is linked to, and which pairs a human has to look at. Decided as in a whole file (resolve.py), beside the persons
who are there: these are not split, and not joined with each other."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from alliance.config.literals import plain
from records.mpi import block
from records.mpi.cluster import LOOK, REVIEW, TWIN, Clusters, Edge, cluster, twins
from records.mpi.correction import read
from records.mpi.force import in_force
from records.mpi.levels import Levels, compare
from records.mpi.match import LEAST
from records.mpi.profile import Profile, profile
from records.mpi.resolve import USUAL
from records.mpi.rules import name

log = logging.getLogger("xinglin.mpi")
PEOPLE = 40  # persons that one arrival is held against: the most probable ones that may be he, or his twin
ASKED = 0.2  # how probable a pair is that a human is asked about
MOST = 3  # pairs that one arrival may ask humans about: the most probable ones
# Of each person those who share a block, then the first others, so many in all: never all of them, for a person may have thousands.
# index: match_key, source_person, name_key_whole
BESIDE = """
WITH block AS MATERIALIZED (
  SELECT b.found FROM unnest(%(keys)s::bigint[]) AS asked(key)
    CROSS JOIN LATERAL (SELECT array_agg(source_id) AS found FROM (SELECT source_id FROM records_matchkey m WHERE m.key = asked.key LIMIT %(most)s + 1) x) b
), hit AS (
  SELECT DISTINCT unnest(found[1:%(most)s]) AS id FROM block
), near AS MATERIALIZED (
  SELECT p.id, p.person_id, p.words, p.correction FROM hit JOIN records_sourcepatient p ON p.id = hit.id WHERE p.words IS NOT NULL AND p.id <> ALL(%(waiting)s::bigint[])
), member AS (
  SELECT id, person_id, words, correction, true AS hit FROM near
  UNION ALL SELECT f.*, false FROM (SELECT DISTINCT person_id FROM near) people CROSS JOIN LATERAL (
    SELECT m.id, m.person_id, m.words, m.correction FROM records_sourcepatient m
    WHERE m.person_id = people.person_id AND m.words IS NOT NULL AND m.id <> ALL(%(waiting)s::bigint[]) ORDER BY m.id LIMIT %(look)s
  ) f WHERE f.id NOT IN (SELECT id FROM hit)
)
SELECT s.id, s.person_id, s.words, s.hit, s.correction,
  (SELECT count(*) FROM (SELECT FROM records_namekey WHERE whole AND key = %(name)s LIMIT 5000) x),
  (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'records_sourcepatient'::regclass),
  (SELECT count(*) FROM block WHERE cardinality(found) > %(most)s)
FROM (SELECT *, row_number() OVER (PARTITION BY person_id ORDER BY hit DESC, id) AS place FROM member) s WHERE s.place <= %(look)s ORDER BY s.id
"""
# index: match_key
MEETING = """
SELECT DISTINCT a.source FROM unnest((SELECT %(sources)s::bigint[]), (SELECT %(keys)s::bigint[])) AS a(source, key)
WHERE EXISTS (SELECT FROM records_matchkey m WHERE m.key = a.key AND m.source_id <> a.source)
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """link: the person whom the registration goes to, or None; way: the registration of his that it goes by; reasons: codes of the evidence; review:
    (other registration, reasons) for a human; part: children without a name who were linked with a child whose twin this is, as (registration, twin);
    crowded: a block held more others than he was compared with."""

    link: UUID | None
    way: int
    reasons: tuple[str, ...]
    review: tuple[tuple[int, tuple[str, ...]], ...]
    part: tuple[tuple[int, int], ...] = ()
    crowded: bool = False


NOTHING = Verdict(None, 0, (), ())
Chances = Callable[[Profile, Profile, Levels], tuple[float, float]]  # of one person, of twins


def rule() -> str:
    return f"rule/{in_force().version}"


def meeting(blocks: Mapping[int, Sequence[int]]) -> set[int]:
    """Of registrations, with their keys: those that share one with anybody. The others have nobody to be held against."""
    pairs = [(i, k) for i, keys in blocks.items() for k in keys]
    with connection.cursor() as cursor:
        cursor.execute(MEETING, {"sources": plain(i for i, _ in pairs), "keys": plain(k for _, k in pairs)})
        return {i for i, in cursor.fetchall()}


def weigh(asked: Profile, keys: Sequence[int], person: UUID, called: str, waiting: set[int]) -> Verdict:
    """asked: by the row of the index as its key; keys: of his blocks; called: the name as it was sent; waiting: registrations of the same write that
    have not had their turn."""
    source = int(asked.key)
    with connection.cursor() as cursor:
        cursor.execute(BESIDE, {"keys": plain(keys), "most": block.AT_ONCE, "look": LOOK, "waiting": plain(sorted(waiting)), "name": name.fold(called)})
        rows = [r for r in cursor.fetchall() if r[0] != source]
    if not rows:
        return NOTHING
    namesakes, size, large = max(rows[0][5], 1), max(rows[0][6], LEAST), rows[0][7]
    if large:
        log.warning("MPI210 %s blocks of registration %s hold more than %s others: it was compared with so many of each", large, source, block.AT_ONCE)

    def chances(one: Profile, two: Profile, levels: Levels) -> tuple[float, float]:
        common = namesakes / size if levels.name == "same" and asked.spelling.full in (one.spelling.full, two.spelling.full) else 0.0
        found = in_force().chances(levels, size, common)
        return found[0] / sum(found), twins(levels, found[0] / sum(found), found[2] / sum(found))

    there = {i: profile(read(sealed, i, correction), str(i)) for i, _, sealed, _, correction, *_ in rows}
    near: dict[UUID, float] = {}
    for i, whose, _, hit, *_ in rows:
        if hit and (chance := max(chances(asked, there[i], compare(asked, there[i])))) >= REVIEW:
            near[whose] = max(chance, near.get(whose, 0.0))
    chosen = {person, *sorted(near, key=lambda p: -near[p])[:PEOPLE]}
    rows = [r for r in rows if r[1] in chosen]
    profiles = [asked, *(there[r[0]] for r in rows)]
    persons = [person, *(r[1] for r in rows)]
    first: dict[UUID, int] = {}
    start = [first.setdefault(p, i) for i, p in enumerate(persons)]
    done, edges = gathered(profiles, start, chances)
    best = sorted((e for e in edges if e.one == 0 and e.single >= REVIEW), key=lambda e: (-e.single, e.two))
    joined = next((e for e in best if done.of[0] == done.of[e.two] and persons[e.two] != person), None)
    alone = persons.count(person) == 1
    held = {e.two: why for e, why in done.review if e.one == 0}
    asks: list[tuple[int, tuple[str, ...]]] = []
    seen = {person} | ({persons[joined.two]} if joined is not None and alone else set())
    for e in best:
        if persons[e.two] not in seen and e.single >= ASKED:
            seen.add(persons[e.two])
            asks.append((int(profiles[e.two].key), (*evidence(e), f"held:{held.get(e.two, 'bridge')}")))
    part = () if asked.spelling.base else tuple(
        (int(n.key), int(profiles[e.two].key)) for e in edges if e.one == 0 and e.twin >= TWIN and not profiles[e.two].spelling.base and persons[e.two] != person
        for n, whose in zip(profiles, persons, strict=True) if n.spelling.base and whose == persons[e.two])
    if joined is None or not alone:
        return Verdict(None, 0, (), tuple(asks[:MOST]), part, large > 0)
    return Verdict(persons[joined.two], int(profiles[joined.two].key), evidence(joined), tuple(asks[:MOST]), part, large > 0)


def gathered(profiles: Sequence[Profile], start: Sequence[int], chances: Chances) -> tuple[Clusters, list[Edge]]:
    """The first profile beside the groups of the others: only it may move, but twins among the others hold it back."""
    edges = []
    nameless = any(p.spelling.base for p in profiles)
    for j, two in enumerate(profiles):
        for i, one in enumerate(profiles[: j if nameless else min(j, 1)]):
            levels = compare(one, two)
            same, twin = chances(one, two, levels)
            if (i == 0 and same >= REVIEW) or twin >= TWIN:
                edges.append(Edge(i, j, same if i == 0 else 0.0, levels, twin))

    def probability(i: int, j: int) -> float:
        return chances(profiles[i], profiles[j], compare(profiles[i], profiles[j]))[0]

    return cluster(profiles, edges, probability, USUAL, start, arriving=True), edges


def evidence(edge: Edge) -> tuple[str, ...]:
    """field:level of all that both say, and how probable it is; pages say it in words."""
    return (*(f"{field}:{level}" for field, level in zip(Levels._fields, edge.levels, strict=True) if level), f"probability:{edge.probability:.4f}")
