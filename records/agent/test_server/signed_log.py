"""Keep a log with a signed head, as witnesses see it: a line for each receipt, an RFC 6962 tree, a
C2SP checkpoint with the proof that it goes on from the one before.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from ..checkpoint import (
    ED25519,
    CheckpointFault,
    Head,
    compute_key_id,
    goes_on,
    hash_node,
    raw_key,
    verify_cosignature,
)
from .refusals import SyncFault
from .site import Caller, Site

ORIGIN = "xinglin-agent/test-server"
ROOT = re.compile(r"[0-9a-f]{64}")
FIRST = b"the log of a test server"


def append_line(site: Site, line: bytes) -> None:
    site.database.write(
        "INSERT INTO leaves VALUES ((SELECT count(*) FROM leaves), ?)",
        hashlib.sha256(b"\x00" + line).digest(),
    )


def begin_log(site: Site) -> None:
    """So that there is a head from the first moment on."""
    if not load_leaves(site):
        append_line(site, FIRST)


def load_leaves(site: Site) -> list[bytes]:
    return [bytes(row[0]) for row in site.database.rows("SELECT hash FROM leaves ORDER BY number")]


def compute_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 2.1."""
    row = leaves
    while len(row) > 1:
        pairs = [row[i : i + 2] for i in range(0, len(row), 2)]
        row = [hash_node(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return row[0]


def prove_consistency(first: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """RFC 6962 2.1.2: SUBPROOF; empty where it is the same tree."""
    if first == len(leaves):
        return [] if whole else [compute_root(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if first <= split:
        return [*prove_consistency(first, leaves[:split], whole), compute_root(leaves[split:])]
    return [
        *prove_consistency(first - split, leaves[split:], False),
        compute_root(leaves[:split]),
    ]


def tell_head(site: Site) -> dict[str, Any]:
    leaves = load_leaves(site)
    return {"size": len(leaves), "root": compute_root(leaves).hex()}


def answer_heads(site: Site, caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
    """`POST /sync/<hospital>/heads`. Raises SyncFault."""
    seen, leaves = read_seen(asked.get("seen")), load_leaves(site)
    head = Head(len(leaves), compute_root(leaves), ORIGIN)
    path: list[bytes] = []
    contradicts = False
    if seen is not None:
        path = prove_consistency(seen.size, leaves) if seen.size <= head.size else []
        contradicts = not goes_on(seen, head, path)
        keep_cosignature(site, caller, seen, asked.get("cosignature") or "")
    return {
        "checkpoint": sign_note(site, head),
        "consistency": [node.hex() for node in path],
        "key": site.fingerprint,
        "public_key": raw_key(site.signing_key.public_key()).hex(),
        "contradicts": contradicts,
        "restored": None,
        "witnesses": [],
    }


def sign_note(site: Site, head: Head) -> str:
    key = site.signing_key.public_key()
    signed = compute_key_id(ORIGIN, ED25519, raw_key(key))
    signed += site.signing_key.sign(head.body.encode())
    return f"{head.body}\n— {ORIGIN} {base64.b64encode(signed).decode()}\n"


def answer_checkpoint(site: Site) -> str:
    """`GET /sync/<hospital>/checkpoint`; without others' co-signatures."""
    leaves = load_leaves(site)
    return sign_note(site, Head(len(leaves), compute_root(leaves), ORIGIN))


def read_seen(said: Any) -> Head | None:
    if said is None:
        return None
    size, root = (said.get("size"), said.get("root")) if isinstance(said, dict) else (None, None)
    if type(size) is not int or size < 1 or not isinstance(root, str) or not ROOT.fullmatch(root):
        raise SyncFault("seen")
    return Head(size, bytes.fromhex(root), str(said.get("origin") or ORIGIN))


def keep_cosignature(site: Site, caller: Caller, seen: Head, line: Any) -> None:
    """Raises SyncFault where it proves nothing."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not line:
        return
    row = site.database.row("SELECT witness FROM systems WHERE client = ?", caller.client)
    if not row["witness"]:
        raise SyncFault(
            "cosignature",
            detail_zh="这个系统没有登记见证密钥",
            detail_en="this system has enrolled no witness key",
        )
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(row["witness"]))
        verify_cosignature(str(line), seen.body, key)
    except (CheckpointFault, ValueError, TypeError) as fault:
        raise SyncFault("cosignature", detail_zh=str(fault), detail_en=str(fault)) from fault
    site.database.write(
        "INSERT INTO cosignatures VALUES (?, ?, ?)", caller.client, seen.size, json.dumps(line)
    )
