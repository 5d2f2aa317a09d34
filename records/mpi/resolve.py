"""A whole set of registrations -> persons: block, compare, learn, decide, group. Label-free, the same for every set, and the same result for the
same registrations in whatever order they come. Pure."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from records.mpi import block
from records.mpi.cluster import REVIEW, TWIN, Clusters, Edge, cluster, twins
from records.mpi.levels import Levels, compare
from records.mpi.model import CLASSES, Model, standard
from records.mpi.profile import Profile
from records.mpi.rules import birth
from records.mpi.train import Pattern, train

WRONG = 0.0005  # of the pairs that are joined, how many may be wrong by the model's own account
LEAST, USUAL = 0.7, 0.985
TELLING = 2000  # registrations that can tell whether a register has twins
TWINLESS = 0.001  # pairs of twins for one registration below which a register, as learnt, has none: one birth in eighty is of twins


@dataclass(frozen=True, slots=True)
class Resolved:
    """clusters: of the registrations in the order that they came; skipped: blocks that were too large to help, and how large."""

    clusters: Clusters
    model: Model
    threshold: float
    pairs: int
    skipped: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Names:
    """How probable it is that a stranger has this name: counted by persons, as far as their birth dates tell them apart."""

    births: dict[str, int]
    total: int

    @classmethod
    def of(cls, profiles: Iterable[Profile]) -> "Names":
        seen: dict[str, set[object]] = defaultdict(set)
        for p in profiles:
            if p.spelling.full and not p.spelling.base:
                seen[p.spelling.full].add(p.birth)
        births = {name: len(found) for name, found in seen.items()}
        return cls(births, sum(births.values()))

    def chance(self, levels: Levels, p: Profile) -> float:
        """To one figure, so that like cases are one; 0 where it does not matter."""
        return float(f"{self.births.get(p.spelling.full, 1) / self.total:.1g}") if levels.name == "same" else 0.0


@dataclass(frozen=True, slots=True)
class Fixed:
    """What stands whatever the rules say: groups that humans made (registration -> one of the group), and who may not come together."""

    start: Mapping[str, str]
    foes: Mapping[str, frozenset[str]]


def resolve(given: Sequence[Profile], first: Model | None = None, *, learning: bool = True, fixed: Fixed | None = None) -> Resolved:
    """first: the model that the learning begins with; the release's own where none is given. Without learning it is taken as it is, with the limit
    that single arrivals have."""
    first = first or standard()
    place = sorted(range(len(given)), key=lambda i: given[i].key)
    profiles = dated(given[i] for i in place)
    names, size = Names.of(profiles), len(profiles)
    found, skipped = block.candidates(profiles)
    compared: list[tuple[int, int, Pattern]] = []
    alike: dict[Pattern, Pattern] = {}  # millions of pairs have some thousands of patterns
    for one, others in found.items():
        for two in sorted(others):
            levels = compare(profiles[one], profiles[two])
            pattern = (levels, names.chance(levels, profiles[one]))
            compared.append((one, two, alike.setdefault(pattern, pattern)))
    patterns = Counter(pattern for _, _, pattern in compared)
    model = train(patterns, size, f"{first.version}+em", first) if learning else first
    known: dict[Pattern, tuple[float, float]] = {}
    for pattern in patterns:
        chances = model.chances(pattern[0], size, pattern[1])
        known[pattern] = chances[0] / sum(chances), twins(pattern[0], chances[0] / sum(chances), chances[2] / sum(chances))
    edges = [Edge(one, two, known[pattern][0], pattern[0], known[pattern][1])
             for one, two, pattern in compared if known[pattern][0] >= REVIEW or known[pattern][1] >= TWIN]

    def probability(i: int, j: int) -> float:
        levels = compare(profiles[i], profiles[j])
        return model.probability(levels, size, names.chance(levels, profiles[i]))

    limit = threshold(e.single for e in edges) if learning else USUAL
    at = {p.key: i for i, p in enumerate(profiles)} if fixed else {}
    start = [at[fixed.start.get(p.key, p.key)] for p in profiles] if fixed else None
    foes = {at[k]: {at[x] for x in others if x in at} for k, others in fixed.foes.items() if k in at} if fixed else {}
    clusters = cluster(profiles, edges, probability, limit, start, foes, learning and size >= TELLING and model.share[CLASSES.index("twin")] < TWINLESS)
    return Resolved(moved(clusters, place), model, limit, len(compared), skipped)


def dated(profiles: Iterable[Profile]) -> list[Profile]:
    """The registrations of whole registers, without the dates that are habits of their hospitals."""
    given = list(profiles)
    days = Counter((p.hospital, p.birth) for p in given if p.birth)
    months: Counter[tuple[str, int, int]] = Counter()
    for (hospital, day), many in days.items():
        months[hospital, day.year, day.month] += many
    often = {(hospital, day): months[hospital, day.year, day.month] for (hospital, day), many in days.items() if birth.is_habit(many, months[hospital, day.year, day.month])}
    people: dict[tuple[str, dt.date], set[str]] = defaultdict(set)  # of these alone: one who is registered often is one
    for p in given if often else ():
        if p.birth and (p.hospital, p.birth) in often:
            people[p.hospital, p.birth].add(p.spelling.full)
    habits = {key for key, names in people.items() if birth.is_habit(len(names), often[key])}
    return [p.undated() if p.birth and (p.hospital, p.birth) in habits else p for p in given]


def threshold(probabilities: Iterable[float]) -> float:
    """The least probability at which no more than WRONG of all pairs down to there are wrong, as the model believes."""
    doubt, limit = 0.0, USUAL
    for n, p in enumerate(sorted((p for p in probabilities if p >= LEAST), reverse=True), 1):
        doubt += 1 - p
        if doubt / n > WRONG:
            break
        limit = min(limit, p)
    return limit


def moved(clusters: Clusters, place: list[int]) -> Clusters:
    """In the order in which the registrations came."""
    of = [0] * len(place)
    for i, group in enumerate(clusters.of):
        of[place[i]] = place[group]
    return Clusters(of, [(Edge(place[e.one], place[e.two], e.probability, e.levels, e.twin), why) for e, why in clusters.review])
