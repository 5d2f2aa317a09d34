"""The master key, and what is wrapped with it (AES-256-GCM): the data keys of records and of columns."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from alliance.config.home import secret, secret_if_there

MASTER, NEXT = "body_key", "body_key_next"


class NoKey(Exception):
    """The database names a key that the secrets of this installation do not open."""


def masters() -> list[bytes]:
    """The master key; while it is being changed its successor too, which is the one to wrap with."""
    return [bytes.fromhex(k) for k in (secret(MASTER), secret_if_there(NEXT)) if k]


def wrap(master: bytes, content: bytes, purpose: str) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(master).encrypt(nonce, content, purpose.encode())


def unwrap(wrapped: bytes, purpose: str) -> bytes:
    """Raises NoKey."""
    for master in masters():
        try:
            return AESGCM(master).decrypt(bytes(wrapped[:12]), bytes(wrapped[12:]), purpose.encode())
        except InvalidTag:
            continue
    raise NoKey("the master key (secrets/body_key, or XINGLIN_BODY_KEY) is not the one that this database was written with: restore it from the backup of the secrets")
