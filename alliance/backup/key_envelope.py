"""The keys of an installation, wrapped: keys.json beside each base backup. Only who has the
recovery key, or the passphrase, opens it.

    {"format": "xinglin-keys", "version": 1, "made": …, "fingerprints": {"body_key": …}, in the
    clear, and bound to the content
     "recipient": {"kind": "rsa-oaep-sha256" | "ecdh-p256" … | "x25519" | "scrypt", …, "nonce",
     "wrapped"},
     "nonce": …, "content": …}

content: AES-256-GCM under a random key, additional data are the canonical JSON of format, version,
made, fingerprints and recipient. What is in it: {"keys": {name: hex}, "audit_keys": PEM,
"settings": {name: value}}. That random key is encrypted by RSA-OAEP (SHA-256), or with AES-256-GCM
under HKDF-SHA256 of an agreement with a key made for this once, or under scrypt of the passphrase
(RFC 8017, 5869, 7914). Binary values are base64. docs/how-to/backup.md shows how it is opened
without this program.
"""

import base64
import datetime as dt
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from alliance.backup.backup_chain import marks
from alliance.backup.errors import BackupRefused

ENVELOPE_FORMAT, ENVELOPE_VERSION = "xinglin-keys", 1
BOUND_FIELDS = ("format", "version", "made", "fingerprints", "recipient")
OAEP = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
KDF_INFO = b"xinglin-keys 1"
SCRYPT_COST = {"n": 2**17, "r": 8, "p": 1}  # of scrypt: 128 MiB, a second on a small server
MOST_MEMORY, MOST_ROUNDS = (
    2**29,
    8,
    # bytes (128 n r, RFC 7914) and p that are still reckoned with: whoever holds the folder does
    # not fill the memory of who opens it
)
MIN_RSA_BYTES = 3072 // 8  # bytes of the least RSA modulus
MIN_PASSPHRASE_LENGTH = 12  # characters of the least passphrase
RecoveryPublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | x25519.X25519PublicKey
RecoveryPrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey


def encode_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def decode_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def load_recovery_public_key(path: Path) -> RecoveryPublicKey:
    """Of a certificate or a public key. Raises Refused."""
    try:
        text = path.read_bytes()
        if b"PRIVATE KEY" in text:
            raise BackupRefused(
                f"{path} holds a private key: that belongs into a safe, not on the server. Name the"
                " certificate (XINGLIN_RECOVERY_CERTIFICATE)."
            )
        key = (
            x509.load_pem_x509_certificate(text).public_key()
            if b"BEGIN CERTIFICATE" in text
            else load_pem_public_key(text)
        )
    except OSError as error:
        raise BackupRefused(
            f"{path}: the recovery certificate cannot be read ({error.strerror}). The account of"
            " the site must be able to read it; docs/how-to/backup.md says how one is made."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BackupRefused(
            f"{path}: there is no certificate or public key in PEM there. docs/how-to/backup.md"
            " says how one is made."
        ) from error
    if not isinstance(key, RecoveryPublicKey) or (
        isinstance(key, rsa.RSAPublicKey) and key.key_size // 8 < MIN_RSA_BYTES
    ):
        raise BackupRefused(
            f"{path}: RSA of {MIN_RSA_BYTES * 8} bits or more, an elliptic curve, or X25519 can"
            " wrap keys; this is another kind. docs/how-to/backup.md says how one is made."
        )
    return key


def load_recovery_private_key(path: Path, password: bytes | None) -> RecoveryPrivateKey:
    """Raises Refused."""
    try:
        key = load_pem_private_key(path.read_bytes(), password)
    except TypeError as error:
        raise BackupRefused(
            f"{path}: the recovery key is itself locked by a password: put it into a file and name"
            " that (--recovery-key-password-file)."
        ) from error
    except OSError as error:
        raise BackupRefused(
            f"{path}: the recovery key cannot be read ({error.strerror}). Name the file that lies"
            " in the safe (--recovery-key FILE)."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BackupRefused(
            f"{path}: there is no private key in PEM there, or its password is another one. Name"
            " the right file, or the right password (--recovery-key-password-file)."
        ) from error
    if not isinstance(key, RecoveryPrivateKey):
        raise BackupRefused(f"{path}: this kind of key wraps nothing.")
    return key


def read_passphrase(path: Path) -> bytes:
    """The first line of a file. Raises Refused."""
    try:
        found = path.read_bytes().split(b"\n")[0].strip()
    except OSError as error:
        raise BackupRefused(f"{path}: the passphrase cannot be read ({error.strerror}).") from error
    if len(found.decode(errors="replace")) < MIN_PASSPHRASE_LENGTH:
        raise BackupRefused(
            f"{path}: a passphrase of less than {MIN_PASSPHRASE_LENGTH} characters is guessed. Six"
            " words drawn by dice are good."
        )
    return found


def recovery_key_fingerprint(key: RecoveryPublicKey) -> str:
    """SHA-256 of the public half: which recovery key is wanted."""
    return hashlib.sha256(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()


def derive_wrapping_key(shared: bytes, salt: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, KDF_INFO).derive(shared)


def wrap_for_public_key(key: RecoveryPublicKey, secret: bytes) -> dict[str, Any]:
    """The recipient's entry: how whoever has the private half comes by `secret`."""
    if isinstance(key, rsa.RSAPublicKey):
        return {
            "kind": "rsa-oaep-sha256",
            "public": recovery_key_fingerprint(key),
            "wrapped": encode_base64(key.encrypt(secret, OAEP)),
        }
    nonce = os.urandom(12)
    if isinstance(key, x25519.X25519PublicKey):
        once = x25519.X25519PrivateKey.generate()
        kind, shared, own = "x25519", once.exchange(key), once.public_key()
    else:
        own_key = ec.generate_private_key(key.curve)
        kind, shared, own = (
            f"ecdh-{key.curve.name}",
            own_key.exchange(ec.ECDH(), key),
            own_key.public_key(),
        )  # type: ignore[assignment]
    once_public = own.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "kind": kind,
        "public": recovery_key_fingerprint(key),
        "once": encode_base64(once_public),
        "nonce": encode_base64(nonce),
        "wrapped": encode_base64(
            AESGCM(derive_wrapping_key(shared, once_public)).encrypt(nonce, secret, KDF_INFO)
        ),
    }


def wrap_for_passphrase(phrase: bytes, secret: bytes) -> dict[str, Any]:
    salt, nonce = os.urandom(16), os.urandom(12)
    return {
        "kind": "scrypt",
        **SCRYPT_COST,
        "salt": encode_base64(salt),
        "nonce": encode_base64(nonce),
        "wrapped": encode_base64(
            AESGCM(Scrypt(salt, 32, **SCRYPT_COST).derive(phrase)).encrypt(nonce, secret, KDF_INFO)
        ),
    }


def seal_envelope(
    content: dict[str, Any], fingerprints: dict[str, str], to: RecoveryPublicKey | bytes
) -> dict[str, Any]:
    """to: a public key, or a passphrase."""
    secret, nonce = AESGCM.generate_key(256), os.urandom(12)
    recipient = (
        wrap_for_passphrase(to, secret)
        if isinstance(to, bytes)
        else wrap_for_public_key(to, secret)
    )
    head = {
        "format": ENVELOPE_FORMAT,
        "version": ENVELOPE_VERSION,
        "made": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "fingerprints": fingerprints,
        "recipient": recipient,
    }
    return head | {
        "nonce": encode_base64(nonce),
        "content": encode_base64(
            AESGCM(secret).encrypt(nonce, json.dumps(content).encode(), bound_header_bytes(head))
        ),
    }


def bound_header_bytes(envelope: dict[str, Any]) -> bytes:
    return json.dumps(
        {k: envelope[k] for k in BOUND_FIELDS}, sort_keys=True, separators=(",", ":")
    ).encode()


def shaped(envelope: dict[str, Any], where: object) -> None:
    """Raises Refused for what is no envelope. where: its file."""
    recipient = envelope.get("recipient")
    if envelope.get("format") != ENVELOPE_FORMAT or type(envelope.get("version")) is not int:
        raise BackupRefused(
            f"{where}: it is damaged: these are no wrapped keys. Take another copy of the folder,"
            " or an earlier backup."
        )
    if envelope["version"] != ENVELOPE_VERSION:
        raise BackupRefused(
            f"{where}: the wrapped keys are of version {envelope['version']}, and this release"
            f" knows {ENVELOPE_VERSION}: use the release that made the backup, or a later one."
        )
    needed: dict[str, tuple[str, ...]] = {
        "scrypt": ("salt", "nonce", "wrapped"),
        "rsa-oaep-sha256": ("public", "wrapped"),
    }
    if isinstance(recipient, dict) and isinstance(kind := recipient.get("kind"), str):
        words = [
            recipient.get(word) for word in needed.get(kind, ("public", "once", "nonce", "wrapped"))
        ] + [envelope.get("made"), envelope.get("nonce"), envelope.get("content")]
        numbers = [recipient.get(word) for word in SCRYPT_COST] if kind == "scrypt" else []
        if (
            all(isinstance(word, str) for word in words)
            and all(type(n) is int and n > 0 for n in numbers)
            and marks(envelope.get("fingerprints"))
        ):
            return
    raise BackupRefused(
        f"{where}: it is damaged: a part of the wrapped keys is missing, or is nothing that stands"
        " there. Take another copy of the folder, or an earlier backup."
    )


def open_envelope(
    envelope: dict[str, Any], by: RecoveryPrivateKey | bytes, where: object = "keys.json"
) -> dict[str, Any]:
    """by: the private recovery key, or the passphrase; where: the file, for what is said of it.
    Raises Refused that says which key is wanted.
    """
    shaped(envelope, where)
    recipient = envelope["recipient"]
    try:
        secret = (
            unwrap_with_passphrase(recipient, by)
            if isinstance(by, bytes)
            else unwrap_with_private_key(recipient, by)
        )
        found: Any = json.loads(
            AESGCM(secret).decrypt(
                decode_base64(envelope["nonce"]),
                decode_base64(envelope["content"]),
                bound_header_bytes(envelope),
            )
        )
    except (InvalidTag, UnsupportedAlgorithm, ValueError, TypeError, RecursionError) as error:
        wanted = (
            "Another passphrase is wanted"
            if recipient["kind"] == "scrypt"
            else (
                f"The recovery key whose public half has the SHA-256 {recipient['public']} is"
                " wanted"
            )
        )
        raise BackupRefused(
            f"The keys in the backup do not open. {wanted}, or {where} was altered."
        ) from error
    if not (
        isinstance(found, dict)
        and all(
            isinstance(found.get(part, {}), dict)
            and all(isinstance(value, str) for value in found.get(part, {}).values())
            for part in ("keys", "settings")
        )
        and isinstance(found.get("audit_keys", ""), str)
    ):
        raise BackupRefused(
            f"{where}: what is wrapped there is nothing that this program has written. Take an"
            " earlier backup."
        )
    return {"keys": {}, "settings": {}, "audit_keys": ""} | found


def unwrap_with_passphrase(recipient: dict[str, Any], phrase: bytes) -> bytes:
    if recipient["kind"] != "scrypt":
        raise BackupRefused(
            "The keys in the backup are wrapped for a recovery key, not for a passphrase: say"
            f" --recovery-key FILE. Its public half has the SHA-256 {recipient.get('public')}."
        )
    if 128 * recipient["n"] * recipient["r"] > MOST_MEMORY or recipient["p"] > MOST_ROUNDS:
        raise BackupRefused(
            "keys.json was altered: scrypt would fill the memory, or never end, with what it says."
            " Take another copy of the folder, or an earlier backup."
        )
    key = Scrypt(
        decode_base64(recipient["salt"]), 32, recipient["n"], recipient["r"], recipient["p"]
    ).derive(phrase)
    return AESGCM(key).decrypt(
        decode_base64(recipient["nonce"]), decode_base64(recipient["wrapped"]), KDF_INFO
    )


def unwrap_with_private_key(recipient: dict[str, Any], key: RecoveryPrivateKey) -> bytes:
    if recipient["kind"] == "scrypt":
        raise BackupRefused(
            "The keys in the backup are wrapped for a passphrase: say --passphrase-file FILE."
        )
    if recipient["public"] != recovery_key_fingerprint(key.public_key()):
        raise BackupRefused(
            "This is not the recovery key of the backup: its public half has the SHA-256"
            f" {recovery_key_fingerprint(key.public_key())}, and the one of {recipient['public']}"
            " is wanted."
        )
    if isinstance(key, rsa.RSAPrivateKey):
        return key.decrypt(decode_base64(recipient["wrapped"]), OAEP)
    once_public = decode_base64(recipient["once"])
    once = load_der_public_key(once_public)
    shared = (
        key.exchange(once)
        if isinstance(key, x25519.X25519PrivateKey)
        else key.exchange(ec.ECDH(), once)
    )  # type: ignore[arg-type]
    return AESGCM(derive_wrapping_key(shared, once_public)).decrypt(
        decode_base64(recipient["nonce"]), decode_base64(recipient["wrapped"]), KDF_INFO
    )
