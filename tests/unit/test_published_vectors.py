"""Trees, notes and signatures against what others have published: our own code, and the verifier of
evidence packages (tools/verify.py), which shares none of it.
"""

import base64
import hashlib
import json
from typing import Any

import pytest

from consent.audit import merkle_tree
from consent.audit.checkpoint import compute_key_id
from consent.audit.package_verifier import load_verifier
from tests.support.sources import ROOT

verify = load_verifier()


def read(name: str) -> Any:
    return json.loads((ROOT / "tests/fixtures" / name).read_text())


PROOFS, NOTES, SIGNATURES = map(read, ("tree_proofs.json", "signed_notes.json", "ed25519.json"))


def unhex(nodes: list[str]) -> list[bytes]:
    return [bytes.fromhex(n) for n in nodes]


def is_followed(size: int, root: str, *paths: tuple[str, int, list[str]]) -> bool:
    """Whether the verifier follows each of them, one after the other, to the root."""
    follower = verify.PathFollower(size, bytes.fromhex(root))
    try:
        return all(
            [
                follower.follow(bytes.fromhex(a), n, ",".join(f'"{p}"' for p in path).encode())
                for a, n, path in paths
            ]
        )
    except ValueError:
        return False


def test_a_path_that_shares_nodes_is_followed_as_by_itself() -> None:
    """What is told of a path does not depend on the one before it: all pairs of leaves of trees of
    all shapes, and each node of the second path altered.
    """
    for size in range(1, 14):
        leaves = [hashlib.sha256(bytes([n])).digest() for n in range(size)]
        levels = merkle_tree.build_tree_levels(leaves)
        root = levels[-1][0].hex()
        paths = [
            (a.hex(), n, [p.hex() for p in merkle_tree.build_inclusion_proof(levels, n)])
            for n, a in enumerate(leaves)
        ]
        for first in paths:
            for leaf, index, path in paths:
                assert is_followed(size, root, first, (leaf, index, path))
                assert not is_followed(size, root, first, ("00" * 32, index, path))
                assert not is_followed(size, root, first, (leaf, size, path))
                for n in range(len(path)):
                    wrong = [*path[:n], "00" * 32, *path[n + 1 :]]
                    assert not is_followed(size, root, first, (leaf, index, wrong))
                    assert not is_followed(size, root, first, (leaf, index, path[:n]))
                    assert not is_followed(size, root, first, (leaf, index, [*path, path[n]]))


def test_inclusion_proofs_of_others() -> None:
    valid = 0
    for index, size, root, leaf, proof, good in PROOFS["inclusion"]:
        found = merkle_tree.root_from_proof(bytes.fromhex(leaf), index, size, unhex(proof))
        assert (found == bytes.fromhex(root)) == good, (index, size, proof)
        assert is_followed(size, root, (leaf, index, proof)) == good, (index, size, proof)
        valid += good
    assert valid == 6 and len(PROOFS["inclusion"]) == 72


def test_consistency_proofs_of_others() -> None:
    for first, second, one, other, proof, good in PROOFS["consistency"]:
        given = (first, bytes.fromhex(one), second, bytes.fromhex(other), unhex(proof))
        for check in (merkle_tree.is_consistent_tree, verify.is_consistent):
            assert check(*given) == good, (check, first, second, proof)


def opens(vkey: str, note: str) -> bool:
    """Whether one of its signatures is by this verifier key. Raises ValueError."""
    name, _, coded = vkey.split("+", 2)
    kind, key = base64.b64decode(coded)[:1], base64.b64decode(coded)[1:]
    body, signatures = verify.split_note(note)
    mine = [
        s[4:] for n, s in signatures if n == name and s[:4] == verify.key_id_of(n, kind[0], key)
    ]
    if kind == b"\x04":
        return bool(mine) and all(verify.is_cosigned(key, s, body) for s in mine)
    return bool(mine) and all(verify.is_signed(key, s, body.encode()) for s in mine)


def test_notes_of_others() -> None:
    for vkey, note in NOTES["good"]:
        assert opens(vkey, note), vkey
        name, key_id, coded = vkey.split("+", 2)
        key = base64.b64decode(coded)
        assert compute_key_id(name, key[:1], key[1:]).hex() == key_id
    for vkey, note in NOTES["unsigned"]:
        assert not opens(vkey, note), (vkey, note)
    for note in NOTES["malformed"]:
        with pytest.raises(ValueError):
            verify.split_note(note)


def test_signatures_of_others() -> None:
    """What tools/verify.html is held against (tests/browser/test_verify_vectors.py)."""
    for key, message, signature in SIGNATURES["rfc8032"]:
        given = (bytes.fromhex(key), bytes.fromhex(signature), bytes.fromhex(message))
        assert verify.is_signed(*given)
        assert not verify.is_signed(given[0], given[1], given[2] + b"x")
    strange = [verify.is_signed(*map(bytes.fromhex, (k, s, m))) for k, m, s in SIGNATURES["cctv"]]
    assert 0 < sum(strange) < len(strange), "the control: some of either kind"
