"""How good the persons found are, against what is known: pairs within persons, by groups of
people, and what a human's review adds. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from records.mpi.matching.clustering import ScoredPair

REVIEWS_PER_THOUSAND = 30  # pairs for a thousand registrations that humans may look at
EVERY = 1000  # all that a rule left to them
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PairMeasures:
    precision: float
    recall: float
    f1: float
    links: int


def pairs_within_groups(groups: Iterable[Sequence[int]]) -> set[Pair]:
    return {pair for members in groups for pair in combinations(sorted(members), 2)}


def group_by_key(keys: Sequence[object], counted: Sequence[bool]) -> list[list[int]]:
    groups: dict[object, list[int]] = defaultdict(list)
    for i, key in enumerate(keys):
        if counted[i]:
            groups[key].append(i)
    return list(groups.values())


def measure_pairs(linked: set[Pair], truth: set[Pair]) -> PairMeasures:
    true_positives = len(linked & truth)
    precision = true_positives / len(linked) if linked else 1.0
    recall = true_positives / len(truth) if truth else 1.0
    return PairMeasures(
        precision,
        recall,
        2 * precision * recall / (precision + recall) if true_positives else 0.0,
        len(linked),
    )


def groups_after_review(
    group_of: Sequence[int],
    review: Sequence[tuple[ScoredPair, str]],
    person_of: Sequence[object],
    per_thousand: int = REVIEWS_PER_THOUSAND,
) -> tuple[list[int], float]:
    """The groups after humans have looked at the most probable pairs, at most so many for a
    thousand registrations, and decided rightly; and how many of those were one person.
    """
    reviewed = [edge for edge, _ in review[: per_thousand * len(group_of) // 1000]]
    parent = {group: group for group in group_of}

    def top(group: int) -> int:
        while parent[group] != group:
            group = parent[group]
        return group

    same_person = [e for e in reviewed if person_of[e.one] == person_of[e.two]]
    for e in same_person:
        parent[top(group_of[e.two])] = top(group_of[e.one])
    return [top(group) for group in group_of], len(same_person) / len(reviewed) if reviewed else 1.0


def recall_by_group(
    linked: set[Pair], truth: set[Pair], belongs: Mapping[str, Sequence[bool]]
) -> dict[str, float]:
    """Of each group of people: the recall of pairs in which one of the two belongs to it."""
    recalls = {}
    for name, in_group in belongs.items():
        group_pairs = {p for p in truth if in_group[p[0]] or in_group[p[1]]}
        if group_pairs:
            recalls[name] = len(linked & group_pairs) / len(group_pairs)
    return recalls
