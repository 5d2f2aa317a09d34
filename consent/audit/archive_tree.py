"""Prove by one file that all leaves of a month stand in the tree of a signed head: the month's
leaves with the roots of all that lies between, before and after them, in the order of the tree (RFC
6962 2.1). Pure.
"""

from collections.abc import Iterable, Iterator

from consent.audit.canonical_line import node_hash
from consent.audit.merkle_tree import EMPTY

Run = tuple[int, int]  # positions, the last one included


class WrongTree(ValueError):
    """What was given is not the tree of that size, in its order."""


class RunTree:
    """Fold leaves and roots of aligned subtrees, from position 0 on, to the root of the tree.
    Memory: a node of each height.
    """

    def __init__(self) -> None:
        self.size = 0
        self.nodes: list[tuple[int, bytes]] = []

    def push(self, height: int, node: bytes) -> None:
        """Raises WrongTree where no subtree of that height begins here."""
        if self.size & ((1 << height) - 1):
            raise WrongTree(f"no subtree of height {height} begins at {self.size}")
        self.size += 1 << height
        while self.nodes and self.nodes[-1][0] == height:
            node = node_hash(self.nodes.pop()[1], node)
            height += 1
        self.nodes.append((height, node))

    def root(self) -> bytes:
        if not self.nodes:
            return EMPTY
        node = self.nodes[-1][1]
        for _height, left in reversed(self.nodes[:-1]):
            node = node_hash(left, node)
        return node


def split_gap(first: int, last: int) -> Iterator[tuple[int, int]]:
    """(height, position among the subtrees of that height) of the subtrees that make up the leaves
    [first, last), from the left.
    """
    while first < last:
        height = (last - first).bit_length() - 1
        if first:
            height = min(height, (first & -first).bit_length() - 1)
        yield height, first >> height
        first += 1 << height


def list_gaps(runs: Iterable[Run], size: int) -> list[tuple[int, int]]:
    """What lies before, between and after the runs, as [first, last); one more than there are
    runs, empty ones too. Raises WrongTree where they do not follow each other below `size`.
    """
    gaps, at = [], 0
    for first, last in runs:
        if not at <= first <= last < size:
            raise WrongTree(f"positions {first} to {last} do not lie where they should")
        gaps.append((at, first))
        at = last + 1
    return [*gaps, (at, size)]


def extend_runs(runs: list[Run], position: int) -> None:
    """Add a position that is greater than all of them."""
    if runs and runs[-1][1] + 1 == position:
        runs[-1] = (runs[-1][0], position)
    else:
        runs.append((position, position))
