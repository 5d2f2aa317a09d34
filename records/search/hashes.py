"""64-bit names for what is searched: for finding, never for security. Hospital and patient are columns of their own."""

import hashlib

SEPARATOR = "\x1f"


def hashed(*parts: str) -> int:
    """A signed 64-bit integer of the parts, as PostgreSQL's bigint."""
    data = SEPARATOR.join(parts).encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)
