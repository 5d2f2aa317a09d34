"""64-bit names for what is searched: for finding, never for security. Hospital and patient are columns of their own."""

import hashlib
from functools import lru_cache

SEPARATOR = "\x1f"

VERSION = 7  # of all that is kept for searching: a greater one makes `manage.py setup` index everything anew


@lru_cache(maxsize=20_000)
def named(text: str) -> int:
    """What joins a reference and the resource that it names: the hash of Type/id. A patient and an encounter are named by many resources in a row."""
    return hashed("resource", text)


def hashed(*parts: str) -> int:
    """A signed 64-bit integer of the parts, as PostgreSQL's bigint."""
    data = SEPARATOR.join(parts).encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)


def short(*parts: str) -> int:
    """A signed 32-bit integer, for sets of some hundred names such as units."""
    data = SEPARATOR.join(parts).encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=4).digest(), "big", signed=True)


@lru_cache(maxsize=50_000)
def coded(system: str, code: str) -> int:
    """The mark of a code that stands in a resource: what a consent may name."""
    return hashed("coded", system, code)


def authored(type_name: str, fhir_id: str) -> int:
    """The mark of the author of a resource."""
    return hashed("author", f"{type_name}/{fhir_id}")
