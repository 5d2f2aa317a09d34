"""Pairs -> persons: the best pairs first, each only where nothing that is known of the two
groups speaks against it. Pure.

What one person cannot have: two different citizen numbers of their own, two places among twins,
another sex together with another birth date, themselves as a parent. Nobody comes together by a
chain alone: each registration of one group is held against each of the other. A child without a
name goes to one named child only where no other may be it as well.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from records.mpi.matching.comparison_levels import (
    ComparisonLevels,
    compare_profiles,
    is_one_edit_apart,
)
from records.mpi.matching.join_evidence import (
    UNNAMED_LEVELS,
    join_obstacle,
    other_name_reason,
    sole_sign_reason,
)
from records.mpi.matching.profile import Profile
from records.mpi.matching.rules import name_levels

REVIEW_PROBABILITY, WEAK_PROBABILITY = 0.05, 0.02
TWIN_THRESHOLD = 0.3
MAX_COMPARED_MEMBERS = 12  # registrations of a group that are held against the other's


@dataclass(frozen=True, slots=True)
class ScoredPair:
    one: int
    two: int
    probability: float
    levels: ComparisonLevels
    twin: float = 0.0

    @property
    def single(self) -> float:
        """Of a child without a name, if there is no twin: whether there is one is looked for
        among the registrations themselves.
        """
        return (
            self.probability / (1 - self.twin)
            if self.levels.name in UNNAMED_LEVELS and self.twin < 1
            else self.probability
        )


@dataclass(slots=True)
class Clusters:
    """of: registration -> its group; review: pairs for a human, with what held them up."""

    group_of: list[int]
    review: list[tuple[ScoredPair, str]] = field(default_factory=list)


PairProbability = Callable[[int, int], float]


def cluster_profiles(
    profiles: Sequence[Profile],
    edges: Sequence[ScoredPair],
    probability: PairProbability,
    limit: float,
    start: Sequence[int] | None = None,
    foes: Mapping[int, set[int]] | None = None,
    twinless: bool = False,
    arriving: bool = False,
) -> Clusters:
    """limit: from what probability on two are joined without a human; edges: of probability
    REVIEW and more, and those that are twins with TWIN and more; start: groups that are there
    already; foes: whom a human has called different; twinless: a register in which no twins are;
    arriving: more may come, a twin too. The same edges give the same groups, in whatever order they
    come.
    """
    group_of = list(start or range(len(profiles)))
    members: dict[int, list[int]] = {}
    for i, g in enumerate(group_of):
        members.setdefault(g, []).append(i)
    ordered = sorted(edges, key=lambda e: (-e.single, e.one, e.two))
    held: list[tuple[ScoredPair, str]] = []

    def join(edge: ScoredPair) -> None:
        kept, absorbed = sorted((group_of[edge.one], group_of[edge.two]))
        for i in members[absorbed]:
            group_of[i] = kept
        members[kept] += members.pop(absorbed)

    def attempt(edge: ScoredPair, rivals: bool) -> None:
        first_group, second_group = group_of[edge.one], group_of[edge.two]
        if first_group == second_group:
            return
        if foes and any(
            foes.get(i, set()) & set(members[second_group]) for i in members[first_group]
        ):
            return
        why = other_name_reason(edge.levels, twinless) or (
            "" if edge.single >= limit else "doubtful"
        )
        why = (
            why
            or cluster_conflict(
                profiles, members[first_group], members[second_group], edge, probability, limit
            )
            or sole_sign_reason(edge.levels)
        )
        if (
            not why
            and ((arriving and rivals) or edge.levels.name == "same_parent")
            and is_one_of_several(profiles[edge.one], profiles[edge.two])
        ):
            why = "rivals"
        if (
            not why
            and rivals
            and (
                has_rivals(
                    members[first_group] + members[second_group], nameless_of, twins_of, group_of
                )
                or has_named_twins(profiles, members[first_group], members[second_group], twins_of)
            )
        ):
            why = "rivals"
        if not why and not arriving and equalled(edge):
            why = "equals"
        if why:
            held.append((edge, why))
        else:
            join(edge)

    def equalled(edge: ScoredPair) -> bool:
        """Whether another group, that is no one with this one, is as probable for one of the
        two.
        """
        return any(
            group_of[e.one if e.two == end else e.two]
            not in (group_of[edge.one], group_of[edge.two])
            and not join_obstacle(e.levels, twinless)
            and contradicts(
                members[group_of[e.one if e.two == end else e.two]],
                members[group_of[edge.two if end == edge.one else edge.one]],
            )
            for end in (edge.one, edge.two)
            for e in equals.get((end, round(edge.single, 6)), ())
        )

    def contradicts(first_members: list[int], second_members: list[int]) -> bool:
        return any(
            identity_conflict(profiles[i], profiles[j]) or (foes and j in foes.get(i, ()))
            for i, j in product(
                first_members[:MAX_COMPARED_MEMBERS], second_members[:MAX_COMPARED_MEMBERS]
            )
        )

    equals: dict[tuple[int, float], list[ScoredPair]] = {}
    for e in ordered:
        if e.single >= limit:
            for end in (e.one, e.two):
                equals.setdefault((end, round(e.single, 6)), []).append(e)
    nameless_of, twins_of = (
        pair_neighbours(
            e for e in ordered if e.levels.name in UNNAMED_LEVELS and e.single >= REVIEW_PROBABILITY
        ),
        pair_neighbours(e for e in ordered if e.twin >= TWIN_THRESHOLD),
    )
    for nameless in (False, True):
        for edge in ordered:
            if edge.single >= REVIEW_PROBABILITY and nameless == (
                edge.levels.name in UNNAMED_LEVELS
            ):
                attempt(edge, nameless)
    best: dict[tuple[int, int], tuple[ScoredPair, str]] = {}
    for edge, why in held:
        pair = (
            min(group_of[edge.one], group_of[edge.two]),
            max(group_of[edge.one], group_of[edge.two]),
        )
        if pair[0] != pair[1]:
            best.setdefault(pair, (edge, why))
    return Clusters(
        group_of, sorted(best.values(), key=lambda r: (-r[0].probability, r[0].one, r[0].two))
    )


def twin_probability(levels: ComparisonLevels, same: float, twin: float) -> float:
    """How probable it is that there are two children: of one birth date and another name, one of
    them may be the other's twin, however much the rest speaks for one person.
    """
    return same + twin if levels.birth == "same" and other_name_reason(levels) else twin


def cluster_conflict(
    profiles: Sequence[Profile],
    first_members: list[int],
    second_members: list[int],
    edge: ScoredPair,
    probability: PairProbability,
    limit: float,
) -> str:
    """Why the two groups cannot be one person without a human, or ""."""
    strong = weak = 0
    documents_agree = (
        edge.levels.number == "same"
        or edge.levels.insurance == "same"
        or edge.levels.paper == "same"
    )
    for i, j in product(
        first_members[:MAX_COMPARED_MEMBERS], second_members[:MAX_COMPARED_MEMBERS]
    ):
        if why := identity_conflict(profiles[i], profiles[j]):
            return why
        if not documents_agree:
            chance = probability(i, j)
            strong, weak = strong + (chance >= limit), weak + (chance < WEAK_PROBABILITY)
    return "chain" if weak and weak >= strong else ""


def identity_conflict(first: Profile, second: Profile) -> str:
    """What one person cannot have, or ""."""
    if (
        first.number
        and second.number
        and first.number != second.number
        and not is_one_edit_apart(first.number, second.number)
    ):
        return "two_numbers"
    if first.order and second.order and first.order != second.order:
        return "two_orders"
    if (first.spelling.child or second.spelling.child) and name_levels.name_level(
        first.spelling, second.spelling
    ) == "is_parent":
        return "own_parent"
    if (first.spelling.marked.marks or second.spelling.marked.marks) and name_levels.name_level(
        first.spelling, second.spelling
    ) == "marked":
        return "marked_name"
    if (
        first.sex
        and second.sex
        and first.sex != second.sex
        and first.birth
        and second.birth
        and compare_profiles(first, second).birth == "differ"
    ):
        return "sex_and_birth"
    return ""


def pair_neighbours(edges: Iterable[ScoredPair]) -> dict[int, set[int]]:
    neighbours: dict[int, set[int]] = {}
    for edge in edges:
        neighbours.setdefault(edge.one, set()).add(edge.two)
        neighbours.setdefault(edge.two, set()).add(edge.one)
    return neighbours


def is_one_of_several(first: Profile, second: Profile) -> bool:
    """Whether a child without a name is marked as one of several, and nothing says that the
    other one is the same of them.
    """
    return (first.spelling.several or second.spelling.several) and (
        not first.order or first.order != second.order
    )


def has_named_twins(
    profiles: Sequence[Profile],
    first_members: list[int],
    second_members: list[int],
    twins_of: dict[int, set[int]],
) -> bool:
    """Whether a named child of one group is a twin of a named one of the other: a child without
    a name brings the two together, and may be either.
    """
    named = {j for j in second_members if not profiles[j].spelling.base}
    return any(
        twins_of.get(i, set()) & named for i in first_members if not profiles[i].spelling.base
    )


def has_rivals(
    joined_members: list[int],
    nameless_of: dict[int, set[int]],
    twins_of: dict[int, set[int]],
    group_of: list[int],
) -> bool:
    """Whether a child without a name may be another named child as well, or one of these has a
    twin beside them.
    """
    joined_groups = {group_of[i] for i in joined_members}
    return any(
        group_of[other] not in joined_groups
        for i in joined_members
        for other in (*nameless_of.get(i, ()), *twins_of.get(i, ()))
    )
