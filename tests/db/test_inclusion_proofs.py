"""Inclusion proofs from kept subtrees: the same as from all leaves, wherever the sealer has come,
and none where the log was changed.
"""

import json
from typing import Any

import pytest

from consent.audit.inclusion_proofs import InclusionProver, LogDamaged
from consent.audit.merkle_tree import build_inclusion_proof, build_tree_levels, root_from_proof
from consent.audit.subtrees import extend_subtrees
from tests.support.leaf_log import LEAVES, SIZE, head_of, log

__all__ = ["log"]
PLACES = (0, 1, 254, 255, 256, 257, 4095, 4096, 65_279, 65_535, 65_536, 65_537, 69_887, 69_999)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 65_535, 65_536, 65_537, SIZE])
@pytest.mark.parametrize("kept", [False, True])
def test_each_proof_is_that_of_the_whole_tree(log: Any, size: int, kept: bool) -> None:
    if kept:
        while extend_subtrees(log, SIZE):
            pass
    root = head_of(size).root
    levels = build_tree_levels(LEAVES[:size])
    prover = InclusionProver(log, size, root)
    for position in sorted({p for p in PLACES if p < size} | {size - 1}):
        path = prover.path(position)
        assert path == build_inclusion_proof(levels, position)
        assert json.loads(prover.path_json(position)) == [n.hex() for n in path]
        assert root_from_proof(LEAVES[position], position, size, path) == root


def test_a_changed_subtree_is_read_from_below(log: Any) -> None:
    while extend_subtrees(log, SIZE):
        pass
    root, levels = head_of(SIZE).root, build_tree_levels(LEAVES)
    log.execute("UPDATE consent_audit_subtree SET hash = %s WHERE position = 0", [b"x" * 32])
    prover = InclusionProver(log, SIZE, root)
    assert all(prover.path(p) == build_inclusion_proof(levels, p) for p in PLACES)


def test_a_changed_or_missing_leaf_proves_nothing(log: Any) -> None:
    while extend_subtrees(log, SIZE):
        pass
    root, levels = head_of(SIZE).root, build_tree_levels(LEAVES)
    log.execute("UPDATE consent_audit_leaf SET hash = %s WHERE position = 300", [b"x" * 32])
    prover = InclusionProver(log, SIZE, root)
    assert prover.path(255) == build_inclusion_proof(levels, 255), "the control"
    with pytest.raises(LogDamaged, match="position 256 on do not lead"):
        prover.path(256)
    log.execute("DELETE FROM consent_audit_leaf WHERE position = 600")
    with pytest.raises(LogDamaged, match="are missing"):
        InclusionProver(log, SIZE, root).path(599)
