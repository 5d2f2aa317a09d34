"""What both sides compare of a record: 16 bytes, summed by bucket (docs/sync.md, Compare). Pure."""

import hashlib

MODULUS = 2**128


def compute_fingerprint(source: str, type: str, record: str, version: int | None, hash: str) -> int:
    """As an unsigned number. hash: in hex, small letters."""
    text = "\n".join((source, type, record, "" if version is None else str(version), hash))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
