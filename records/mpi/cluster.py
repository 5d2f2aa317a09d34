"""Pairs -> persons: the best pairs first, each only where nothing that is known of the two groups speaks against it. Pure.

What one person cannot have: two different citizen numbers of his own, two places among twins, another sex together with another birth date,
himself as a parent. Nobody comes together by a chain alone: each registration of one group is held against each of the other. A child without a
name goes to one named child only where no other may be it as well.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from records.mpi.levels import Levels, close, compare
from records.mpi.profile import Profile
from records.mpi.rules import spelling
from records.mpi.signs import UNNAMED, another_name, obstacle, sole_sign

REVIEW, AGAINST = 0.05, 0.02
TWIN = 0.3
LOOK = 12  # registrations of a group that are held against the other's


@dataclass(frozen=True, slots=True)
class Edge:
    one: int
    two: int
    probability: float
    levels: Levels
    twin: float = 0.0

    @property
    def single(self) -> float:
        """Of a child without a name, if there is no twin: whether there is one is looked for among the registrations themselves."""
        return self.probability / (1 - self.twin) if self.levels.name in UNNAMED and self.twin < 1 else self.probability


@dataclass(slots=True)
class Clusters:
    """of: registration -> its group; review: pairs for a human, with what held them up."""

    of: list[int]
    review: list[tuple[Edge, str]] = field(default_factory=list)


Probability = Callable[[int, int], float]


def cluster(profiles: Sequence[Profile], edges: Sequence[Edge], probability: Probability, limit: float, start: Sequence[int] | None = None,
            foes: Mapping[int, set[int]] | None = None, twinless: bool = False, arriving: bool = False) -> Clusters:
    """limit: from what probability on two are joined without a human; edges: of probability REVIEW and more, and those that are twins with TWIN
    and more; start: groups that are there already; foes: whom a human has called different;
    twinless: a register in which no twins are; arriving: more may come, a twin too. The same edges give the same groups, in whatever order they come."""
    group = list(start or range(len(profiles)))
    members: dict[int, list[int]] = {}
    for i, g in enumerate(group):
        members.setdefault(g, []).append(i)
    ordered = sorted(edges, key=lambda e: (-e.single, e.one, e.two))
    held: list[tuple[Edge, str]] = []

    def join(edge: Edge) -> None:
        a, b = sorted((group[edge.one], group[edge.two]))
        for i in members[b]:
            group[i] = a
        members[a] += members.pop(b)

    def attempt(edge: Edge, rivals: bool) -> None:
        a, b = group[edge.one], group[edge.two]
        if a == b:
            return
        if foes and any(foes.get(i, set()) & set(members[b]) for i in members[a]):
            return
        why = another_name(edge.levels, twinless) or ("" if edge.single >= limit else "doubtful")
        why = why or against(profiles, members[a], members[b], edge, probability, limit) or sole_sign(edge.levels)
        if not why and ((arriving and rivals) or edge.levels.name == "same_parent") and one_of_several(profiles[edge.one], profiles[edge.two]):
            why = "rivals"
        if not why and rivals and (rivalled(members[a] + members[b], nameless_of, twins_of, group) or two_children(profiles, members[a], members[b], twins_of)):
            why = "rivals"
        if not why and not arriving and equalled(edge):
            why = "equals"
        if why:
            held.append((edge, why))
        else:
            join(edge)

    def equalled(edge: Edge) -> bool:
        """Whether another group, that is no one with this one, is as probable for one of the two."""
        return any(
            group[e.one if e.two == end else e.two] not in (group[edge.one], group[edge.two]) and not obstacle(e.levels, twinless)
            and contradicts(members[group[e.one if e.two == end else e.two]], members[group[edge.two if end == edge.one else edge.one]])
            for end in (edge.one, edge.two) for e in equals.get((end, round(edge.single, 6)), ()))

    def contradicts(one: list[int], two: list[int]) -> bool:
        return any(conflict(profiles[i], profiles[j]) or (foes and j in foes.get(i, ())) for i, j in product(one[:LOOK], two[:LOOK]))

    equals: dict[tuple[int, float], list[Edge]] = {}
    for e in ordered:
        if e.single >= limit:
            for end in (e.one, e.two):
                equals.setdefault((end, round(e.single, 6)), []).append(e)
    nameless_of, twins_of = neighbours(e for e in ordered if e.levels.name in UNNAMED and e.single >= REVIEW), neighbours(e for e in ordered if e.twin >= TWIN)
    for nameless in (False, True):
        for edge in ordered:
            if edge.single >= REVIEW and nameless == (edge.levels.name in UNNAMED):
                attempt(edge, nameless)
    best: dict[tuple[int, int], tuple[Edge, str]] = {}
    for edge, why in held:
        pair = (min(group[edge.one], group[edge.two]), max(group[edge.one], group[edge.two]))
        if pair[0] != pair[1]:
            best.setdefault(pair, (edge, why))
    return Clusters(group, sorted(best.values(), key=lambda r: (-r[0].probability, r[0].one, r[0].two)))


def twins(levels: Levels, same: float, twin: float) -> float:
    """How probable it is that there are two children: of one birth date and another name, one of them may be the other's twin, however much the
    rest speaks for one person."""
    return same + twin if levels.birth == "same" and another_name(levels) else twin


def against(profiles: Sequence[Profile], a: list[int], b: list[int], edge: Edge, probability: Probability, limit: float) -> str:
    """Why the two groups cannot be one person without a human, or ""."""
    strong = weak = 0
    sure = edge.levels.number == "same" or edge.levels.insurance == "same" or edge.levels.paper == "same"
    for i, j in product(a[:LOOK], b[:LOOK]):
        if why := conflict(profiles[i], profiles[j]):
            return why
        if not sure:
            chance = probability(i, j)
            strong, weak = strong + (chance >= limit), weak + (chance < AGAINST)
    return "chain" if weak and weak >= strong else ""


def conflict(one: Profile, two: Profile) -> str:
    """What one person cannot have, or ""."""
    if one.number and two.number and one.number != two.number and not close(one.number, two.number):
        return "two_numbers"
    if one.order and two.order and one.order != two.order:
        return "two_orders"
    if (one.spelling.child or two.spelling.child) and spelling.level(one.spelling, two.spelling) == "is_parent":
        return "own_parent"
    if (one.spelling.marked.marks or two.spelling.marked.marks) and spelling.level(one.spelling, two.spelling) == "marked":
        return "marked_name"
    if one.sex and two.sex and one.sex != two.sex and one.birth and two.birth and compare(one, two).birth == "differ":
        return "sex_and_birth"
    return ""


def neighbours(edges: Iterable[Edge]) -> dict[int, set[int]]:
    out: dict[int, set[int]] = {}
    for e in edges:
        out.setdefault(e.one, set()).add(e.two)
        out.setdefault(e.two, set()).add(e.one)
    return out


def one_of_several(one: Profile, two: Profile) -> bool:
    """Whether a child without a name is marked as one of several, and nothing says that the other one is the same of them."""
    return (one.spelling.several or two.spelling.several) and (not one.order or one.order != two.order)


def two_children(profiles: Sequence[Profile], a: list[int], b: list[int], twins_of: dict[int, set[int]]) -> bool:
    """Whether a named child of one group is a twin of a named one of the other: a child without a name brings the two together, and may be either."""
    there = {j for j in b if not profiles[j].spelling.base}
    return any(twins_of.get(i, set()) & there for i in a if not profiles[i].spelling.base)


def rivalled(together: list[int], nameless_of: dict[int, set[int]], twins_of: dict[int, set[int]], group: list[int]) -> bool:
    """Whether a child without a name may be another named child as well, or one of these has a twin beside them."""
    here = {group[i] for i in together}
    return any(group[other] not in here for i in together for other in (*nameless_of.get(i, ()), *twins_of.get(i, ())))
