"""A registration arrives: whom it is linked to, and which pairs a human has to look at. Decided as in a whole file (resolve.py), beside the persons
who are there: these are not split, and not joined with each other."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from records.mpi import block
from records.mpi.beside import Beside
from records.mpi.cluster import REVIEW, TWIN, Clusters, Edge, cluster, conflict, twins
from records.mpi.correction import read
from records.mpi.force import in_force
from records.mpi.levels import Levels, compare
from records.mpi.match import LEAST
from records.mpi.profile import Profile, profile
from records.mpi.resolve import USUAL
from records.mpi.signs import documents, obstacle

log = logging.getLogger("xinglin.mpi")
PEOPLE = 40  # persons that one arrival is held against: who shares an identity document, who may be the patient with ASKED and more, the most probable others, twins among them
ASKED = 0.2  # how probable a pair is that a human is asked about
EQUAL = 1e-6  # what two probabilities differ by that are the same
MOST = 3  # pairs that one arrival may ask humans about: those that share an identity document, then the most probable ones


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


def weigh(asked: Profile, person: UUID, found: Beside) -> Verdict:
    """asked: by the row of the index as its key; person: his until now."""
    if not found.others:
        return NOTHING
    namesakes, size = max(found.namesakes, 1), max(found.size, LEAST)
    if found.crowded:
        log.warning("MPI210 %s blocks of registration %s hold more than %s others: it was compared with so many of each", found.crowded, asked.key, block.AT_ONCE)

    def chances(one: Profile, two: Profile, levels: Levels) -> tuple[float, float]:
        common = namesakes / size if levels.name == "same" and asked.spelling.full in (one.spelling.full, two.spelling.full) else 0.0
        found = in_force().chances(levels, size, common)
        return found[0] / sum(found), twins(levels, found[0] / sum(found), found[2] / sum(found))

    asked = asked.undated() if found.undated else asked
    there = {o.id: p.undated() if o.undated else p for o in found.others for p in [profile(read(o.words, o.id, o.correction), str(o.id))]}
    near: dict[UUID, tuple[bool, bool, float]] = {}
    for o in found.others:
        if o.hit and max(same_or_twin := chances(asked, there[o.id], levels := compare(asked, there[o.id]))) >= REVIEW:
            near[o.person] = max((documents(levels) > 0, same_or_twin[0] >= ASKED, max(same_or_twin)), near.get(o.person, (False, False, 0.0)))
    chosen = {person, *sorted(near, key=near.__getitem__, reverse=True)[:PEOPLE]}
    held_against = [o for o in found.others if o.person in chosen]
    profiles = [asked, *(there[o.id] for o in held_against)]
    persons = [person, *(o.person for o in held_against)]
    first: dict[UUID, int] = {}
    start = [first.setdefault(p, i) for i, p in enumerate(persons)]
    done, edges = gathered(profiles, start, chances)
    best = sorted((e for e in edges if e.one == 0 and e.single >= REVIEW), key=lambda e: (-e.single, e.two))
    joined = next((e for e in best if done.of[0] == done.of[e.two] and persons[e.two] != person), None)
    alone = persons.count(person) == 1
    if joined is not None and (equal := rivals(asked, joined, best, profiles, persons)):
        held_by, joined = dict.fromkeys((joined.two, *(e.two for e in equal)), "equals"), None
    else:
        held_by = {}
    held = {e.two: why for e, why in done.review if e.one == 0} | held_by
    asks: list[tuple[int, tuple[str, ...]]] = []
    seen = {person} | ({persons[joined.two]} if joined is not None and alone else set())
    for e in sorted(best, key=lambda e: not documents(e.levels)):  # namesakes of one birth date are many: whoever shares a document is asked about before them
        if persons[e.two] not in seen and e.single >= ASKED:
            seen.add(persons[e.two])
            asks.append((int(profiles[e.two].key), (*evidence(e), f"held:{held.get(e.two, 'bridge')}")))
    part = () if asked.spelling.base else tuple(
        (int(n.key), int(profiles[e.two].key)) for e in edges if e.one == 0 and e.twin >= TWIN and not profiles[e.two].spelling.base and persons[e.two] != person
        for n, whose in zip(profiles, persons, strict=True) if n.spelling.base and whose == persons[e.two])
    if joined is None or not alone:
        return Verdict(None, 0, (), tuple(asks[:MOST]), part, found.crowded > 0)
    return Verdict(persons[joined.two], int(profiles[joined.two].key), evidence(joined), tuple(asks[:MOST]), part, found.crowded > 0)


def rivals(asked: Profile, joined: Edge, best: Sequence[Edge], profiles: Sequence[Profile], persons: Sequence[UUID]) -> list[Edge]:
    """Registrations of other persons who are as probable as the one that was found, and whom nothing contradicts: which of them it is a human decides."""
    return [e for e in best if persons[e.two] not in (persons[0], persons[joined.two]) and abs(e.single - joined.single) < EQUAL and not obstacle(e.levels)
            and not any(conflict(asked, profiles[i]) for i, p in enumerate(persons) if p == persons[e.two])]


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
