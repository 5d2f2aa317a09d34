"""Short texts that wait in the database where nobody but the process that keeps them may read
them: AES-256-GCM under a key of the secret key's.
"""

import hashlib
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE = 12  # bytes


def sealed_text_cipher() -> AESGCM:
    return AESGCM(hashlib.sha256(b"xinglin sealed text" + settings.SECRET_KEY.encode()).digest())


def seal_text(text: str, about: str) -> bytes:
    """about: what it belongs to, which opens nothing else."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + sealed_text_cipher().encrypt(nonce, text.encode(), about.encode())


def open_text(sealed: bytes, about: str) -> str:
    """Raises InvalidTag for what was sealed for something else, or under another key."""
    return sealed_text_cipher().decrypt(sealed[:NONCE], sealed[NONCE:], about.encode()).decode()
