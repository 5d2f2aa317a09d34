"""The master key, and what is wrapped with it (AES-256-GCM): the data keys of records and of
columns.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from alliance.platform.state_files import find_key, load_key

MASTER_KEY_NAME, NEXT_KEY_NAME = "body_key", "body_key_next"


class KeyNotFound(Exception):
    """The database names a key that the secrets of this installation do not open."""


def load_master_keys() -> list[bytes]:
    """The master key; while it is being changed its successor too, which is the one to wrap
    with.
    """
    return [bytes.fromhex(k) for k in (load_key(MASTER_KEY_NAME), find_key(NEXT_KEY_NAME)) if k]


def wrap_key(master: bytes, content: bytes, purpose: str) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(master).encrypt(nonce, content, purpose.encode())


def unwrap_key(wrapped: bytes, purpose: str) -> bytes:
    """Raises NoAuditKey."""
    for master in load_master_keys():
        try:
            return AESGCM(master).decrypt(
                bytes(wrapped[:12]), bytes(wrapped[12:]), purpose.encode()
            )
        except InvalidTag:
            continue
    raise KeyNotFound(
        "the master key (secrets/body_key, or XINGLIN_BODY_KEY) is not the one that this database"
        " was written with: restore it from the backup of the secrets"
    )
