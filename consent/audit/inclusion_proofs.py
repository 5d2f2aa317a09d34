"""Prove that leaves stand in the tree of a head (RFC 6962 2.1.1), one after the other in the order
of their positions and in constant memory: from blocks of 256 leaves, and of 256 roots that the
sealer keeps (subtrees.py).
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from consent.audit.merkle_tree import build_inclusion_proof, build_tree_levels
from consent.audit.subtrees import (
    STEP,
    WIDTH,
    prove_consistency,
    range_root,
    read_nodes,
)

AHEAD = 32  # blocks of leaves that are read at once where one follows the other


class LogDamaged(Exception):
    """What was sealed does not lead to the signed head: nothing is proved by it."""


class InclusionProver:
    """Proofs in the tree of the first `size` leaves with this root, to which each of them leads. Of
    each height it holds the block in which the last position lay.
    """

    def __init__(self, cursor: Any, size: int, root: bytes) -> None:
        self.cursor, self.size, self.root = cursor, size, root
        self.heights = range(0, max(1, (size - 1).bit_length()), STEP)  # the last holds the root
        self.blocks: dict[int, tuple[int, list[list[bytes]]]] = {}
        self.above: tuple[int, str] = (-1, "")
        self.quoted: tuple[int, list[list[str]]] = (-1, [])
        self.read: tuple[int, list[bytes]] = (0, [])

    def path(self, position: int) -> list[bytes]:
        """From the leaf's sibling up to the root. Raises LogDamaged."""
        return [node for height in self.heights for node in self.siblings(height, position)]

    def path_json(self, position: int) -> str:
        """The same as canonical JSON; what stands above a block of leaves is made once."""
        block = position >> STEP
        if self.quoted[0] != block:
            levels = self.levels(0, block)[:-1]
            self.quoted = (block, [[f'"{n.hex()}"' for n in level] for level in levels])
        own = ",".join(build_inclusion_proof([*self.quoted[1], []], position & (WIDTH - 1)))
        if self.above[0] != block:
            nodes = [n for h in self.heights[1:] for n in self.siblings(h, position)]
            self.above = (block, ",".join(f'"{n.hex()}"' for n in nodes))
        return f"[{','.join(filter(None, (own, self.above[1])))}]"

    def siblings(self, height: int, position: int) -> list[bytes]:
        index = position >> height
        return build_inclusion_proof(self.levels(height, index >> STEP), index & (WIDTH - 1))

    def levels(self, height: int, block: int) -> list[list[bytes]]:
        """The levels of the tree over the nodes of one block, whose root is the one that stands in
        the block above: what was kept may have been changed.
        """
        known = self.blocks.get(height)
        if known is None or known[0] != block:
            root = self.root
            if height != self.heights[-1]:
                root = self.levels(height + STEP, block >> STEP)[0][block & (WIDTH - 1)]
            levels = build_tree_levels(self.nodes(height, block << STEP))
            if levels[-1] != [root] and height:
                levels = build_tree_levels(self.nodes(height, block << STEP, kept=False))
            if levels[-1] != [root]:
                first = block << (height + STEP)
                raise LogDamaged(
                    f"the sealed lines from position {first} on do not lead to the signed head of"
                    f" {self.size} lines: ask audit_verify what was changed"
                )
            known = self.blocks[height] = (block, levels)
        return known[1]

    def nodes(self, height: int, first: int, *, kept: bool = True) -> list[bytes]:
        """Roots of `height` from `first` on, at most a block; the last of the tree may stand over
        less than 2^height leaves. kept: from what the sealer keeps, as far as it has come.
        """
        if height == 0:
            return self.leaves(first)
        full = min(first + WIDTH, self.size >> height)
        nodes = read_nodes(self.cursor, height, first, full) if kept else []
        for index in range(first + len(nodes), full):
            nodes.append(self.root_of(index << height, (index + 1) << height, kept=kept))
        if full < first + WIDTH and full << height < self.size:
            nodes.append(self.root_of(full << height, self.size, kept=kept))
        return nodes

    def root_of(self, first: int, last: int, *, kept: bool) -> bytes:
        return range_root(self.cursor, first, last, kept=kept)

    def leaves(self, first: int) -> list[bytes]:
        begin, held = self.read
        if not begin <= first < begin + len(held):
            wanted = WIDTH * (AHEAD if first == begin + len(held) else 1)
            last = min(first + wanted, self.size)
            held, begin = read_nodes(self.cursor, 0, first, last), first
            if len(held) != last - first:
                raise LogDamaged(f"sealed lines from position {first} to {last} are missing")
            self.read = (begin, held)
        return held[first - begin : first - begin + WIDTH]


def build_consistency_path(cursor: Any, first: int, second: int) -> Sequence[bytes]:
    """That the tree of `second` leaves goes on from that of `first`, from the kept subtrees."""
    return prove_consistency(first, second, partial(range_root, cursor))
