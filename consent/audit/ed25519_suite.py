"""Ed25519 (RFC 8032): the suite that signs every head of the log, and what goes with it."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consent.audit.signature_suite import SignatureSuite


def hash_sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Raises ValueError where the key is none."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


ED25519 = SignatureSuite(
    "Ed25519",
    bytes.fromhex("302a300506032b6570032100"),
    32,
    "SHA256",
    hash_sha256,
    b"\x01",
    is_signed,
)
