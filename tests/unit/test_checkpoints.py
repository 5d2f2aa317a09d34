"""Checkpoints, co-signatures and consistency proofs: against published vectors, and the agent's
against the platform's.
"""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consent.audit import checkpoint as platform
from consent.audit.canonical_line import node_hash
from consent.audit.merkle_tree import Frontier, build_consistency_proof, build_tree_levels
from consent.audit.signing_keys import raw_key_bytes
from consent.audit.subtrees import prove_consistency
from records.agent import checkpoint as agent

# A checkpoint of a public log as its witnesses have co-signed it (arche2025h1.staging.ct, 2026).
NOTE = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
"""  # noqa: E501
LOG_KEY = "AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"  # of its vkey: kind, then the key
WITNESS_KEY = "BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
# The example of golang.org/x/mod/sumdb/note.
SIMPLE_KEY = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
# RFC 6962's eight leaves, as the test vectors of certificate-transparency have them.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOT_OF_8 = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
PROOF_6_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]


def key_of(vkey: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(vkey)[1:])


def root(leaves: list[bytes]) -> bytes:
    tree = Frontier()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def test_a_published_checkpoint_opens_and_no_changed_one() -> None:
    head = agent.open_checkpoint(NOTE, [key_of(LOG_KEY)])
    assert (head.size, head.origin) == (1432088532, "arche2025h1.staging.ct.transparency.dev")
    for wrong in (
        NOTE.replace("1432088532", "1432088533"),
        NOTE.replace("U7WM", "V7WM"),
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("— arche", "- arche"),
    ):
        with pytest.raises(agent.CheckpointFault):
            agent.open_checkpoint(wrong, [key_of(LOG_KEY)])
    with pytest.raises(agent.CheckpointFault, match="trust"):
        agent.open_checkpoint(NOTE, [key_of(SIMPLE_KEY)])


def test_a_published_cosignature_is_verified_on_both_sides() -> None:
    body, signatures = agent.split_note(NOTE)
    line = NOTE.rstrip("\n").rpartition("\n")[2]
    assert agent.verify_cosignature(line, body, key_of(WITNESS_KEY)) == 0x6A122120
    found = platform.check_cosignature(line, raw_key_bytes(key_of(WITNESS_KEY)), body)
    assert (found.name, found.at) == ("remora.n621.de", 0x6A122120) and len(signatures) == 2
    with pytest.raises(platform.BadCosignature):
        platform.check_cosignature(
            line, raw_key_bytes(key_of(WITNESS_KEY)), body.replace("1432088532", "1")
        )
    with pytest.raises(platform.BadCosignature):
        platform.check_cosignature(line, raw_key_bytes(key_of(LOG_KEY)), body)


def test_key_ids_are_those_that_are_published() -> None:
    known = base64.b64decode(SIMPLE_KEY)
    assert platform.compute_key_id("PeterNeumann", known[:1], known[1:]).hex() == "c74f20a3"
    assert agent.compute_key_id("PeterNeumann", known[:1], known[1:]).hex() == "c74f20a3"


def test_the_agents_cosignature_is_what_the_platform_checks() -> None:
    key, head = Ed25519PrivateKey.generate(), agent.Head(9, b"\x01" * 32, "example.org/log")
    line = agent.cosign(head, key, "nanqiao-1f", 1_800_000_000)
    body = platform.build_checkpoint_body(head.origin, head.size, head.root)
    assert body == head.body
    found = platform.check_cosignature(line, raw_key_bytes(key.public_key()), body)
    assert (found.name, found.at) == ("nanqiao-1f", 1_800_000_000)


def test_the_published_proof_is_made_and_accepted() -> None:
    leaves = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in LEAVES]
    assert root(leaves).hex() == ROOT_OF_8
    path = prove_consistency(6, 8, lambda a, b: root(leaves[a:b]))
    assert [n.hex() for n in path] == PROOF_6_8
    earlier, later = agent.Head(6, root(leaves[:6]), "x"), agent.Head(8, root(leaves), "x")
    assert agent.goes_on(earlier, later, path)
    assert not agent.goes_on(earlier, later, path[:-1])
    assert not agent.goes_on(agent.Head(6, root(leaves[:5]), "x"), later, path)
    assert not agent.goes_on(later, earlier, path), "a log that has become shorter"
    assert agent.goes_on(later, later, []) and not agent.goes_on(later, later, path)


def test_proofs_of_all_small_trees_are_those_of_the_other_implementation() -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(70)]
    for size in range(1, 70):
        levels = build_tree_levels(leaves[:size])
        later = agent.Head(size, root(leaves[:size]), "x")
        for first in range(1, size + 1):
            path = prove_consistency(first, size, lambda a, b: root(leaves[a:b]))
            assert path == build_consistency_proof(levels, first), (first, size)
            assert agent.goes_on(agent.Head(first, root(leaves[:first]), "x"), later, path)
    assert node_hash(b"a", b"b") == agent.hash_node(b"a", b"b")
