"""Compute RFC 6962 Merkle trees: roots grown leaf by leaf from a frontier, inclusion proofs, and
their check. Pure.
"""

import hashlib
from typing import TypeVar

from consent.audit.canonical_line import node_hash

Node = TypeVar("Node", bytes, str)  # a hash, or its text
EMPTY = hashlib.sha256(b"").digest()


class Frontier:
    """The roots of the perfect subtrees of a log, largest first: all that is needed to go on
    appending.
    """

    def __init__(self, size: int = 0, nodes: list[bytes] | None = None) -> None:
        self.size = size
        self.nodes = list(nodes or [])

    def add(self, leaf: bytes) -> None:
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self.nodes.pop(), node)
            size >>= 1
        self.nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self.nodes:
            return EMPTY
        node = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            node = node_hash(left, node)
        return node


def build_tree_levels(leaves: list[bytes]) -> list[list[bytes]]:
    """Build all levels of the tree, leaves first; an odd last node rises unchanged (the same tree
    as RFC 6962's).
    """
    out = [leaves]
    while len(out[-1]) > 1:
        row = out[-1]
        out.append(
            [
                node_hash(row[i], row[i + 1]) if i + 1 < len(row) else row[i]
                for i in range(0, len(row), 2)
            ]
        )
    return out


def build_inclusion_proof(rows: list[list[Node]], index: int) -> list[Node]:
    """Build the audit path of a leaf (RFC 6962 2.1.1) from the levels of its tree."""
    path = []
    for row in rows[:-1]:
        sibling = index ^ 1
        if sibling < len(row):
            path.append(row[sibling])
        index >>= 1
    return path


def root_from_proof(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Compute the root that a proof leads to (RFC 9162 2.1.3.2); None where the proof has the
    wrong length.
    """
    if index >= size:
        return None
    node, fn, sn = leaf, index, size - 1
    for sibling in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            node = node_hash(node, sibling)
        fn >>= 1
        sn >>= 1
    return node if sn == 0 else None


def build_consistency_proof(rows: list[list[bytes]], first: int) -> list[bytes]:
    """Prove that the tree of these levels goes on from its first leaves (RFC 6962 2.1.2); empty
    where it is the same tree, or the earlier one was empty.
    """
    if not 0 < first < len(rows[0]):
        return []
    index, height = first - 1, 0
    while index & 1:  # the largest whole subtree that ends the earlier tree
        index, height = index >> 1, height + 1
    path = [] if index == 0 else [rows[height][index]]
    for row in rows[height:-1]:
        sibling = index ^ 1
        if sibling < len(row):
            path.append(row[sibling])
        index >>= 1
    return path


def is_consistent_tree(
    first: int, first_root: bytes, second: int, second_root: bytes, path: list[bytes]
) -> bool:
    """Whether the proof leads from the earlier root to the later one (RFC 9162 2.1.4.2)."""
    if first == 0 or first >= second:
        return not path and (first == 0 or (first, first_root) == (second, second_root))
    nodes = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not nodes:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    earlier = later = nodes[0]
    for node in nodes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            earlier, later = node_hash(node, earlier), node_hash(node, later)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            later = node_hash(later, node)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and (earlier, later) == (first_root, second_root)
