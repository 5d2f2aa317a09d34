"""The words of a registration at rest: encrypted with a key of the index (AES-256-GCM, bound to their row), so that no table of the index holds
a readable number, phone or address; and the keys of its blocks as keyed hashes."""

import hashlib
import hmac
import json
import os
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from records.mpi.block import home, keys
from records.mpi.profile import Profile, Words


class WrongIndexKey(Exception):
    """The database's index was written with another key than this installation has."""


@cache
def cipher() -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, b"xinglin patient index words").derive(settings.INDEX_KEY))


def seal(words: Words, source: int, mark: str = "") -> bytes:
    """mark: tells whether anything is new the next time."""
    nonce = os.urandom(12)
    return nonce + cipher().encrypt(nonce, json.dumps([{f: getattr(words, f) for f in Words.__dataclass_fields__}, mark], ensure_ascii=False).encode(), str(source).encode())


def opened(sealed: bytes, source: int) -> tuple[dict[str, Any], str]:
    """Raises WrongIndexKey where they are another row's, or of another installation."""
    try:
        words, mark = json.loads(cipher().decrypt(bytes(sealed[:12]), bytes(sealed[12:]), str(source).encode()))
    except InvalidTag as error:
        raise WrongIndexKey(f"the index key (secrets/index_key, or XINGLIN_INDEX_KEY) does not open source patient {source}: restore it from the backup of the secrets") from error
    return words, mark


def unseal(sealed: bytes, source: int) -> Words:
    words, _ = opened(sealed, source)
    return Words(**{**words, "papers": tuple(words["papers"]), "former": tuple(words.get("former", ()))})


def mark_of(*known: object) -> str:
    """Of all that the index keeps of a registration."""
    return hashlib.sha256(repr(known).encode()).hexdigest()[:24]


def hashed(profile: Profile) -> list[int]:
    """The block keys as 64-bit numbers: for finding only, what they lead to is compared by its words."""
    return numbers(keys(profile))


def homes(profile: Profile) -> list[int]:
    """Likewise, of those who live together."""
    return numbers(home(profile))


def kept(profile: Profile) -> list[int]:
    """All that the index keeps of a registration."""
    return [*hashed(profile), *homes(profile)]


def numbers(texts: set[str]) -> list[int]:
    made = (hmac.digest(settings.INDEX_KEY, f"block|{k}".encode(), "sha256")[:8] for k in texts)
    return sorted({int.from_bytes(d, "big", signed=True) for d in made})
