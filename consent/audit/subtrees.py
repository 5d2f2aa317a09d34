"""Prove that the log goes on from an earlier size (RFC 6962 2.1.2), from the roots of full subtrees
that the sealer keeps, a row for each 256 leaves and for each 256 of those; a proof over millions of
lines reads some thousand rows.
"""

from collections.abc import Callable
from typing import Any

from consent.audit.canonical_line import node_hash
from consent.audit.merkle_tree import Frontier

STEP = 8  # levels of the tree between two that are kept
WIDTH = 1 << STEP
TOP = 48
AT_ONCE = 64  # subtrees of a level that one round of the sealer adds
READ_LEAVES_SQL = (
    "SELECT hash FROM consent_audit_leaf WHERE position >= %s AND position < %s ORDER BY position"
)
READ_SUBTREES_SQL = (
    "SELECT hash FROM consent_audit_subtree WHERE height = %s AND position >= %s AND position < %s"
    " ORDER BY position"
)
KEPT_SQL = "SELECT coalesce(max(position) + 1, 0) FROM consent_audit_subtree WHERE height = %s"
INSERT_SQL = "INSERT INTO consent_audit_subtree (height, position, hash) VALUES (%s, %s, %s)"


class LogIncomplete(Exception):
    """Leaves or subtrees are missing that were sealed."""


def read_nodes(cursor: Any, height: int, first: int, last: int) -> list[bytes]:
    """Roots of the full subtrees [first, last) of a kept height; of height 0 the leaves."""
    if height == 0:
        cursor.execute(READ_LEAVES_SQL, [first, last])
    else:
        cursor.execute(READ_SUBTREES_SQL, [height, first, last])
    return [bytes(row[0]) for row in cursor.fetchall()]


def fold_nodes(nodes: list[bytes]) -> bytes:
    """The root over them."""
    tree = Frontier()
    for node in nodes:
        tree.add(node)
    return tree.root()


def extend_subtrees(cursor: Any, size: int) -> int:
    """Add subtrees that are full by now, some a round; how many. By the sealer alone."""
    added = 0
    for height in range(STEP, TOP + 1, STEP):
        cursor.execute(KEPT_SQL, [height])
        first = cursor.fetchone()[0]
        below = height - STEP
        if below:
            cursor.execute(KEPT_SQL, [below])
            full = cursor.fetchone()[0] >> STEP
        else:
            full = size >> STEP
        last = min(full, first + AT_ONCE)
        if last <= first:
            if not full:
                break
            continue
        nodes = read_nodes(cursor, below, first << STEP, last << STEP)
        if len(nodes) != (last - first) << STEP:
            raise LogIncomplete(f"subtrees of height {height} from {first}")
        cursor.executemany(
            INSERT_SQL,
            [
                (height, first + i, fold_nodes(nodes[i << STEP : (i + 1) << STEP]))
                for i in range(last - first)
            ],
        )
        added += last - first
    return added


def subtree_root(cursor: Any, height: int, position: int, *, kept: bool = True) -> bytes:
    """Of a full subtree: 2^height leaves from position * 2^height on. From the kept level below it,
    or, where the sealer has not come so far, from lower ones; from the leaves where not `kept`.
    """
    level = height - height % STEP if kept else 0
    while True:
        first, last = position << (height - level), (position + 1) << (height - level)
        nodes = read_nodes(cursor, level, first, last)
        if len(nodes) == last - first:
            return fold_nodes(nodes)
        if level == 0:
            raise LogIncomplete(f"leaves of the subtree {height}/{position}")
        level -= STEP


def range_root(cursor: Any, first: int, last: int, *, kept: bool = True) -> bytes:
    """The root of the leaves [first, last), which begin at a multiple of the greatest power of two
    below their number, as RFC 6962 splits.
    """
    nodes: list[bytes] = []
    at = first
    while at < last:
        height = (last - at).bit_length() - 1
        nodes.append(subtree_root(cursor, height, at >> height, kept=kept))
        at += 1 << height
    root = nodes.pop()
    while nodes:
        root = node_hash(nodes.pop(), root)
    return root


def prove_consistency(first: int, second: int, root_of: Callable[[int, int], bytes]) -> list[bytes]:
    """The path from the tree of `first` leaves to that of `second` (RFC 6962 2.1.2). root_of: of
    the leaves [from, to). Pure.
    """
    if not 0 < first < second:
        return []

    def prove(begin: int, end: int, known: int, *, whole: bool) -> list[bytes]:
        if known == end - begin:
            return [] if whole else [root_of(begin, end)]
        split = 1 << ((end - begin - 1).bit_length() - 1)
        if known <= split:
            return [
                *prove(begin, begin + split, known, whole=whole),
                root_of(begin + split, end),
            ]
        return [
            *prove(begin + split, end, known - split, whole=False),
            root_of(begin, begin + split),
        ]

    return prove(0, second, first, whole=True)
