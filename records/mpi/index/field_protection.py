"""The words of a registration at rest: encrypted with a key of the index (AES-256-GCM, bound to
their row), so that no table of the index holds a readable number, phone or address; and the keys of
its blocks as keyed hashes.
"""

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

from records.mpi.matching.blocking import blocking_keys, household_keys
from records.mpi.matching.profile import Demographics, Profile


class WrongIndexKey(Exception):
    """The database's index was written with another key than this installation has."""


@cache
def index_cipher() -> AESGCM:
    return AESGCM(
        HKDF(SHA256(), 32, None, b"xinglin patient index words").derive(settings.INDEX_KEY)
    )


def encrypt_demographics(
    demographics: Demographics, source_patient_id: int, change_mark: str = ""
) -> bytes:
    """change_mark: tells whether anything is new the next time."""
    nonce = os.urandom(12)
    return nonce + index_cipher().encrypt(
        nonce,
        json.dumps(
            [{f: getattr(demographics, f) for f in Demographics.__dataclass_fields__}, change_mark],
            ensure_ascii=False,
        ).encode(),
        str(source_patient_id).encode(),
    )


def decrypt_fields(
    encrypted_demographics: bytes, source_patient_id: int
) -> tuple[dict[str, Any], str]:
    """Raises WrongIndexKey where they are another row's, or of another installation."""
    try:
        fields, change_mark = json.loads(
            index_cipher().decrypt(
                bytes(encrypted_demographics[:12]),
                bytes(encrypted_demographics[12:]),
                str(source_patient_id).encode(),
            )
        )
    except InvalidTag as error:
        raise WrongIndexKey(
            "the index key (secrets/index_key, or XINGLIN_INDEX_KEY) does not open source patient"
            f" {source_patient_id}: restore it from the backup of the secrets"
        ) from error
    return fields, change_mark


def decrypt_demographics(encrypted_demographics: bytes, source_patient_id: int) -> Demographics:
    fields, _ = decrypt_fields(encrypted_demographics, source_patient_id)
    return Demographics(
        **{**fields, "papers": tuple(fields["papers"]), "former": tuple(fields.get("former", ()))}
    )


def fingerprint_fields(*fields: object) -> str:
    """Of all that the index keeps of a registration."""
    return hashlib.sha256(repr(fields).encode()).hexdigest()[:24]


def hash_blocking_keys(profile: Profile) -> list[int]:
    """The block keys as 64-bit numbers: for finding only, what they lead to is compared by its
    words.
    """
    return hash_keys(blocking_keys(profile))


def hash_household_keys(profile: Profile) -> list[int]:
    """Likewise, of those who live together."""
    return hash_keys(household_keys(profile))


def hash_all_keys(profile: Profile) -> list[int]:
    """All that the index keeps of a registration."""
    return [*hash_blocking_keys(profile), *hash_household_keys(profile)]


def hash_keys(keys: set[str]) -> list[int]:
    digests = (hmac.digest(settings.INDEX_KEY, f"block|{k}".encode(), "sha256")[:8] for k in keys)
    return sorted({int.from_bytes(d, "big", signed=True) for d in digests})
