"""Proofs over the log from kept subtrees: the same as from all leaves, whether the sealer has come
so far or not, and whatever somebody has done to the subtrees.
"""

from functools import partial
from typing import Any

from consent.audit.merkle_tree import build_consistency_proof, build_tree_levels
from consent.audit.subtrees import extend_subtrees, prove_consistency, range_root
from consent.audit.witnesses import SeenHead, compare_with_log
from tests import draws
from tests.support.leaf_log import LEAVES, SIZE, head_of, log

__all__ = ["log"]


def test_proofs_are_those_of_the_whole_tree(log: Any) -> None:
    levels = build_tree_levels(LEAVES)
    firsts = [
        1,
        255,
        256,
        257,
        65_535,
        65_536,
        65_537,
        69_999,
        *(1 + draws.randbelow(SIZE - 1) for _ in range(6)),
    ]
    for added in (0, 1, 300):
        for _ in range(added):
            extend_subtrees(log, SIZE)
        for first in firsts:
            path = prove_consistency(first, SIZE, partial(range_root, log))
            assert path == build_consistency_proof(levels, first), (added, first)
    log.execute("SELECT height, count(*) FROM consent_audit_subtree GROUP BY 1 ORDER BY 1")
    assert log.fetchall() == [(8, SIZE // 256), (16, 1)]


def test_a_damaged_subtree_is_noticed_and_no_witness_blamed(log: Any) -> None:
    for _ in range(10):
        extend_subtrees(log, SIZE)
    seen = SeenHead(1000, head_of(1000).root)
    assert compare_with_log(seen, head_of(SIZE))[0] is False
    log.execute("UPDATE consent_audit_subtree SET hash = '\\x00' WHERE position = 7 AND height = 8")
    contradicts, path = compare_with_log(seen, head_of(SIZE))
    assert not contradicts and path == build_consistency_proof(build_tree_levels(LEAVES), 1000)
    assert compare_with_log(SeenHead(1000, b"\x01" * 32), head_of(SIZE))[0] is True
    assert compare_with_log(SeenHead(SIZE + 1, b"\x01" * 32), head_of(SIZE))[0] is True
