"""64-bit hashes of what is searched: for finding, never for security. Hospital and patient are
columns of their own.
"""

import hashlib
from functools import lru_cache

from alliance.database.index_version import UNTAGGED, VERSION

SEPARATOR = "\x1f"

TAG = 0xFF  # the bits of an entry that say its version


@lru_cache(maxsize=20_000)
def reference_hash(text: str) -> int:
    """What joins a reference and the resource that it names: the hash of Type/id. A patient and
    an encounter are named by many resources in a row.
    """
    return hash_texts("resource", text)


def hash_texts(*parts: str) -> int:
    """A signed 64-bit integer of the parts, as PostgreSQL's bigint."""
    data = SEPARATOR.join(parts).encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)


def hash_for_index(*parts: str) -> int:
    """The same of one version of the index alone: its last bits say which, so that entries of
    two versions never meet, and those of one can be told from the other's.
    """
    return hash_texts(f"index {VERSION}", *parts) & ~TAG | VERSION & TAG


index_hash = (
    hash_for_index if VERSION > UNTAGGED else hash_texts
)  # of what is kept for searching: a token, or what a row of a side table is kept under


def short_hash(*parts: str) -> int:
    """A signed 32-bit integer, for sets of some hundred names such as units."""
    data = SEPARATOR.join(parts).encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=4).digest(), "big", signed=True)


@lru_cache(maxsize=50_000)
def code_mark(system: str, code: str) -> int:
    """The mark of a code that stands in a resource: what a consent may name."""
    return hash_texts("coded", system, code)


def author_mark(type_name: str, fhir_id: str) -> int:
    """The mark of the author of a resource."""
    return hash_texts("author", f"{type_name}/{fhir_id}")
