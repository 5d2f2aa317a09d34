"""The Ed25519 key that signs the log, and the public keys that a verifier holds it against: never one that lies inside what is verified.

Pinned keys are PEM blocks in one file; lines above a block may say whose it is and when it signed:

    name: 杏林中心医院
    until: 2026-03-01T00:00:00+08:00
    -----BEGIN PUBLIC KEY-----

A fingerprint is the SHA-256 of the key's DER form (`openssl pkey -pubin -in KEY.pem -outform DER | sha256sum`).
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

BLOCK = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.S)
SAID = re.compile(r"^(name|from|until): *(.+?) *$", re.M)
FINGERPRINT = re.compile(r"(?:SHA256:)?([0-9a-f]{64})", re.I)
RETIRED = "audit_keys.pem"  # below $XINGLIN_HOME: the keys that this installation signed with before


class NoKey(ValueError):
    """What was given as a key names none."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A key that is trusted from one moment (included) to another (left out); None is open."""

    fingerprint: str
    name: str
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def covers(self, at: dt.datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def __str__(self) -> str:
        return f"{self.name} (SHA256:{self.fingerprint})"


def signing_key() -> Ed25519PrivateKey:
    from django.conf import settings

    return Ed25519PrivateKey.from_private_bytes(settings.AUDIT_KEY)


def public_bytes() -> bytes:
    return raw(signing_key().public_key())


def raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def fingerprint(key: bytes) -> str:
    public = Ed25519PublicKey.from_public_bytes(key)
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def pem(key: bytes) -> str:
    return Ed25519PublicKey.from_public_bytes(key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def own() -> list[Pin]:
    """This installation's keys: the one in its secrets, and those before it (audit_key --renew keeps them). Raises NoKey where nothing has been installed."""
    from alliance.config.home import drawn, home

    if "audit_key" in drawn:
        raise NoKey(f"{home()} holds no key of a log: name the one that is trusted (--key)")
    path = home() / RETIRED
    before = parse(path.read_text(), "an earlier key of this installation") if path.exists() else []
    since = max((p.until for p in before if p.until), default=None)
    return [*before, Pin(fingerprint(public_bytes()), "the key of this installation", since)]


def given(text: str) -> list[Pin]:
    """The keys that a person names: a fingerprint, or a file of PEM blocks. Raises NoKey, OSError."""
    if m := FINGERPRINT.fullmatch(text.replace(":", "") if text.count(":") == 31 else text):
        return [Pin(m[1].lower(), "the given key")]
    path = Path(text)
    if text.upper().startswith("SHA256") and not path.exists():
        raise NoKey(f"{text} is no fingerprint: it is SHA256: and 64 hexadecimal digits, as manage.py audit_key prints it")
    pins = parse(path.read_text(), f"the key in {path.name}")
    if not pins:
        raise NoKey(f"{text} holds no PEM block of a public key; give such a file, or a fingerprint of 64 hexadecimal digits")
    return pins


def parse(text: str, name: str) -> list[Pin]:
    """All blocks of a PEM file. Raises NoKey where one is no Ed25519 key or has a time that is none."""
    pins, end = [], 0
    for block in BLOCK.finditer(text):
        said = dict(SAID.findall(text[end:block.start()]))
        end = block.end()
        try:
            key = load_pem_public_key(block[0].encode())
            since, until = (moment(said[n]) if n in said else None for n in ("from", "until"))
        except ValueError as error:
            raise NoKey(f"{name}: {error}") from error
        if not isinstance(key, Ed25519PublicKey):
            raise NoKey(f"{name}: the log is signed with Ed25519, this is another kind of key")
        pins.append(Pin(fingerprint(raw(key)), said.get("name", name), since, until))
    return pins


def moment(text: str) -> dt.datetime:
    """Raises ValueError where no offset says which moment is meant."""
    at = dt.datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC: write 2026-03-01T00:00:00+08:00")
    return at


def fault(pins: Iterable[Pin], key: bytes, signature: bytes, message: bytes, at: str) -> str:
    """Why this signature proves nothing under these keys; "" where it does."""
    try:
        mark, when = fingerprint(key), moment(at)
        known = [p for p in pins if p.fingerprint == mark]
        if not known:
            return f"it is signed by a key that is not pinned (SHA256:{mark}): another installation's, or a forger's"
        if not any(p.covers(when) for p in known):
            return f"it is signed on {at}, when {known[0].name} did not sign"
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return "its signature does not fit: it was changed"
    except ValueError as error:
        return f"its key or time cannot be read ({error})"
    return ""
