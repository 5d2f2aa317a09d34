"""How good the persons found are, against what is known: pairs within persons, by groups of people, and what a human's review adds. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from records.mpi.cluster import Edge

REVIEWS = 30  # pairs for a thousand registrations that humans may look at
EVERY = 1000  # all that a rule left to them
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Measured:
    precision: float
    recall: float
    f1: float
    links: int


def pairs_of(groups: Iterable[Sequence[int]]) -> set[Pair]:
    return {pair for members in groups for pair in combinations(sorted(members), 2)}


def grouped(of: Sequence[object], counted: Sequence[bool]) -> list[list[int]]:
    out: dict[object, list[int]] = defaultdict(list)
    for i, key in enumerate(of):
        if counted[i]:
            out[key].append(i)
    return list(out.values())


def measure(found: set[Pair], truth: set[Pair]) -> Measured:
    right = len(found & truth)
    precision = right / len(found) if found else 1.0
    recall = right / len(truth) if truth else 1.0
    return Measured(precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0, len(found))


def reviewed(of: Sequence[int], review: Sequence[tuple[Edge, str]], person: Sequence[object], most: int = REVIEWS) -> tuple[list[int], float]:
    """The groups after humans have looked at the most probable pairs, at most so many for a thousand registrations, and decided rightly; and how many of those were
    one person."""
    looked = [edge for edge, _ in review[: most * len(of) // 1000]]
    parent = {group: group for group in of}

    def top(group: int) -> int:
        while parent[group] != group:
            group = parent[group]
        return group

    right = [e for e in looked if person[e.one] == person[e.two]]
    for e in right:
        parent[top(of[e.two])] = top(of[e.one])
    return [top(group) for group in of], len(right) / len(looked) if looked else 1.0


def recalls(found: set[Pair], truth: set[Pair], group: Mapping[str, Sequence[bool]]) -> dict[str, float]:
    """Of each group of people: the recall of pairs in which one of the two belongs to it."""
    out = {}
    for name, inside in group.items():
        mine = {p for p in truth if inside[p[0]] or inside[p[1]]}
        if mine:
            out[name] = len(found & mine) / len(mine)
    return out
