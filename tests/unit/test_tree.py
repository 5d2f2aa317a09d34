"""The Merkle tree against the vectors that are published with Certificate Transparency (RFC 6962
2.1, RFC 9162 2.1), then for all small sizes.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from consent.audit import canonical_line, merkle_tree

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "fixtures/merkle.json").read_text()
)
LEAVES = [canonical_line.leaf_hash(bytes.fromhex(x)) for x in VECTORS["inputs"]]
ROOTS = [bytes.fromhex(x) for x in VECTORS["roots"]]


def unhex(proof: list[str]) -> list[bytes]:
    return [bytes.fromhex(x) for x in proof]


def test_hashes_of_leaves_and_nodes() -> None:
    assert merkle_tree.EMPTY.hex() == VECTORS["empty"] == merkle_tree.Frontier().root().hex()
    for place, expected in VECTORS["leaves"].items():
        assert LEAVES[int(place)].hex() == expected
    for node in VECTORS["nodes"]:
        assert (
            canonical_line.node_hash(
                bytes.fromhex(node["left"]), bytes.fromhex(node["right"])
            ).hex()
            == node["hash"]
        )


def test_the_root_of_each_prefix() -> None:
    """Grown leaf by leaf, as the sealer does, and built whole, as whoever checks does."""
    frontier = merkle_tree.Frontier()
    for size, (leaf, root) in enumerate(zip(LEAVES, ROOTS, strict=True), 1):
        frontier.add(leaf)
        assert frontier.root() == root, size
        assert merkle_tree.build_tree_levels(LEAVES[:size])[-1][0] == root, size


@pytest.mark.parametrize(
    "vector", VECTORS["inclusion"], ids=lambda v: f"{v['index']} of {v['size']}"
)
def test_inclusion(vector: dict[str, Any]) -> None:
    index, size, proof = vector["index"], vector["size"], unhex(vector["proof"])
    assert (
        merkle_tree.build_inclusion_proof(merkle_tree.build_tree_levels(LEAVES[:size]), index)
        == proof
    )
    assert merkle_tree.root_from_proof(LEAVES[index], index, size, proof) == ROOTS[size - 1]
    for wrong in (
        *([*proof[:i], merkle_tree.EMPTY, *proof[i + 1 :]] for i in range(len(proof))),
        [*proof, ROOTS[size - 1]],
        [ROOTS[size - 1], *proof],
        *([proof[:-1]] if proof else []),
    ):
        assert merkle_tree.root_from_proof(LEAVES[index], index, size, wrong) != ROOTS[size - 1]
    for place, whole in (
        (index + 1, size),
        (index ^ 2, size),
        (index, size * 2),
        (index, size // 2),
    ):
        assert (place, whole) == (index, size) or merkle_tree.root_from_proof(
            LEAVES[index], place, whole, proof
        ) != ROOTS[size - 1], (place, whole)


@pytest.mark.parametrize(
    "vector", VECTORS["consistency"], ids=lambda v: f"{v['first']} to {v['second']}"
)
def test_consistency(vector: dict[str, Any]) -> None:
    first, second, proof = vector["first"], vector["second"], unhex(vector["proof"])
    earlier, later = ROOTS[first - 1], ROOTS[second - 1]
    assert (
        merkle_tree.build_consistency_proof(merkle_tree.build_tree_levels(LEAVES[:second]), first)
        == proof
    )
    assert merkle_tree.is_consistent_tree(first, earlier, second, later, proof)
    for wrong in (
        *([*proof[:i], merkle_tree.EMPTY, *proof[i + 1 :]] for i in range(len(proof))),
        [*proof, earlier],
        [later, *proof],
        *([proof[:-1]] if proof else []),
    ):
        assert not merkle_tree.is_consistent_tree(first, earlier, second, later, wrong)
    assert not merkle_tree.is_consistent_tree(first, merkle_tree.EMPTY, second, later, proof)
    assert not merkle_tree.is_consistent_tree(first, earlier, second, merkle_tree.EMPTY, proof)
    for one, other in (
        (first + 1, second),
        (first ^ 2, second),
        (first, second * 2),
        (first, second // 2),
    ):
        assert not merkle_tree.is_consistent_tree(one, earlier, other, later, proof), (one, other)


def test_inclusion_proofs_for_all_sizes() -> None:
    for size in range(1, 40):
        leaves = [canonical_line.leaf_hash(bytes([i])) for i in range(size)]
        frontier = merkle_tree.Frontier()
        for leaf in leaves:
            frontier.add(leaf)
        rows = merkle_tree.build_tree_levels(leaves)
        assert rows[-1][0] == frontier.root()
        for i, leaf in enumerate(leaves):
            assert (
                merkle_tree.root_from_proof(
                    leaf, i, size, merkle_tree.build_inclusion_proof(rows, i)
                )
                == frontier.root()
            )
            assert (
                merkle_tree.root_from_proof(
                    canonical_line.leaf_hash(b"other"),
                    i,
                    size,
                    merkle_tree.build_inclusion_proof(rows, i),
                )
                != frontier.root()
            )


def test_consistency_proofs_for_all_sizes() -> None:
    leaves = [canonical_line.leaf_hash(bytes([i])) for i in range(40)]
    other = canonical_line.leaf_hash(b"other")
    for size in range(1, 40):
        rows = merkle_tree.build_tree_levels(leaves[:size])
        root = rows[-1][0]
        for first in range(size + 1):
            earlier, proof = (
                (
                    merkle_tree.build_tree_levels(leaves[:first])[-1][0]
                    if first
                    else merkle_tree.EMPTY
                ),
                merkle_tree.build_consistency_proof(rows, first),
            )
            assert merkle_tree.is_consistent_tree(first, earlier, size, root, proof)
            if 0 < first < size:
                assert not merkle_tree.is_consistent_tree(
                    first, other, size, root, proof
                ) and not merkle_tree.is_consistent_tree(first, earlier, size, other, proof)
                assert not merkle_tree.is_consistent_tree(
                    first, earlier, size, root, proof[:-1]
                ) and not merkle_tree.is_consistent_tree(
                    first, earlier, size, root, [*proof, other]
                )
            elif first:
                assert not merkle_tree.is_consistent_tree(first, other, size, root, proof)
