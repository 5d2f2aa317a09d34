"""The exact bytes and hash of an audit line, versioned; all that sealing and verifying share (RFC 6962 2.1 leaf hash)."""

import hashlib
import json
from typing import Any

VERSION = 1
# The order of the columns as they are selected for hashing and exporting; the name of the first is the line's number.
FIELDS = ("id", "recorded", "code", "actor_kind", "actor", "actor_hospital", "role", "purpose", "outcome", "reason", "person",
          "target", "detail", "refs", "address", "request_id")
SELECT = ("id, to_char(recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), code, actor_kind, actor, actor_hospital, "
          "role, purpose, outcome, reason, person::text, target, detail, refs, address, request_id")


def as_object(row: tuple[Any, ...]) -> dict[str, Any]:
    """A selected row as the JSON object that is hashed and exported."""
    return {"v": VERSION, **dict(zip(FIELDS, row, strict=True))}


def encode(line: dict[str, Any]) -> bytes:
    """Sorted keys, no spaces, UTF-8 (RFC 8785 for strings, integers and lists)."""
    return json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def head_message(size: int, root: bytes, sealed_at: str) -> bytes:
    """What the signature of a tree head covers."""
    return encode({"v": VERSION, "size": size, "root": root.hex(), "sealed_at": sealed_at})
