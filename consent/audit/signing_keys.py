"""Load the Ed25519 key that signs the log, and the public keys that a verifier holds it against:
never one that lies inside what is verified. Keys of SM2, the second suite, are pinned alike.

Pinned keys are PEM blocks in one file; lines above a block may say whose it is and when it signed:

    name: 杏林中心医院
    until: 2026-03-01T00:00:00+08:00
    -----BEGIN PUBLIC KEY-----

A fingerprint is the SHA-256 of the key's DER form (`openssl pkey -pubin -in KEY.pem -outform DER |
sha256sum`), of a key of SM2 the SM3 of it (`… | openssl dgst -sm3`).
"""

import base64
import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from consent.audit.ed25519_suite import ED25519
from consent.audit.signature_suite import SignatureSuite
from consent.audit.signature_suites import parse_public_key, suite_named, suite_of_key
from consent.audit.sm2_suite import SM2

PEM_BLOCK = re.compile(r"-----BEGIN PUBLIC KEY-----(.+?)-----END PUBLIC KEY-----", re.S)
PIN_HEADER = re.compile(r"^(name|from|until): *(.+?) *$", re.M)
FINGERPRINT = re.compile(r"(?:(SHA256|SM3):)?([0-9a-f]{64})", re.I)
# below $XINGLIN_HOME: the keys that this installation signed with before, and those of SM2
RETIRED_KEYS_FILE = "audit_keys.pem"


class NoAuditKey(ValueError):
    """What was given as a key names none."""


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """A key that is trusted from one moment (included) to another (left out); None is open. key:
    its raw bytes, b"" where the fingerprint alone was given; suite: the name of its kind.
    """

    fingerprint: str
    name: str
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    key: bytes = b""
    suite: str = ED25519.name

    def covers(self, at: dt.datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def __str__(self) -> str:
        return f"{self.name} ({suite_named(self.suite).mark(self.fingerprint)})"

    @property
    def mark(self) -> str:
        return suite_named(self.suite).mark(self.fingerprint)


def load_signing_key() -> Ed25519PrivateKey:
    from django.conf import settings

    return private_key_from_bytes(bytes(settings.AUDIT_KEY))


@lru_cache(maxsize=2)
def private_key_from_bytes(key: bytes) -> Ed25519PrivateKey:
    """Once a process, for each receipt is signed."""
    return Ed25519PrivateKey.from_private_bytes(key)


def own_public_key_bytes() -> bytes:
    return raw_key_bytes(load_signing_key().public_key())


def raw_key_bytes(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


@lru_cache(maxsize=64)
def fingerprint_of_key(key: bytes) -> str:
    """Raises ValueError where it is a key of no suite."""
    return suite_of_key(key).fingerprint(key)


def pem_from_key(key: bytes) -> str:
    return suite_of_key(key).pem(key)


def list_public_keys(*suites: SignatureSuite) -> list[dict[str, str]]:
    """For whoever will verify what this installation signs: fingerprint and PEM of its key, and of
    those before it; of these suites, Ed25519 alone unless said (agents know no other).
    """
    wanted = {suite.name for suite in suites or (ED25519,)}
    pins = [p for p in load_retired_pins() if p.suite in wanted]
    blocks = {pem_from_key(own_public_key_bytes()): None}
    blocks |= {pem_from_key(p.key): None for p in pins}
    return [{"fingerprint": parse_pinned_keys(pem, "")[0].mark, "pem": pem} for pem in blocks]


def load_retired_pins() -> list[PinnedKey]:
    """The keys of Ed25519 before today's, and all of SM2. Raises NoAuditKey."""
    from alliance.platform import state_files

    path = state_files.state_folder() / RETIRED_KEYS_FILE
    if not path.exists():
        return []
    pins = parse_pinned_keys(path.read_text(), "an earlier key of this installation")
    return [
        replace(p, name="the SM2 key of this installation")
        if p.suite == SM2.name and not p.until
        else p
        for p in pins
    ]


def find_open_sm2_pin() -> PinnedKey | None:
    """The key of SM2 that signs today, as this machine remembers it; None where none does."""
    return next((p for p in load_retired_pins() if p.suite == SM2.name and not p.until), None)


def load_own_pins() -> list[PinnedKey]:
    """Load this installation's keys: the one in its secrets, and those before it (audit_key
    --renew keeps them). Raises NoAuditKey where nothing has been installed.
    """
    from alliance.platform.state_files import drawn_keys, state_folder

    if "audit_key" in drawn_keys:
        raise NoAuditKey(
            f"{state_folder()} holds no key of a log: name the one that is trusted (--key)"
        )
    earlier_keys = load_retired_pins()
    since = max(
        (p.until for p in earlier_keys if p.until and p.suite == ED25519.name), default=None
    )
    return [
        *earlier_keys,
        PinnedKey(
            fingerprint_of_key(own_public_key_bytes()),
            "the key of this installation",
            since,
            key=own_public_key_bytes(),
        ),
    ]


def parse_given_pins(text: str) -> list[PinnedKey]:
    """Parse the keys that a person names: a fingerprint, or a file of PEM blocks. Raises
    NoAuditKey, OSError.
    """
    if found := FINGERPRINT.fullmatch(text.replace(":", "") if text.count(":") == 31 else text):
        suite = SM2 if (found[1] or "").upper() == SM2.digest else ED25519
        return [PinnedKey(found[2].lower(), "the given key", suite=suite.name)]
    path = Path(text)
    if text.upper().startswith(("SHA256", "SM3:")) and not path.exists():
        raise NoAuditKey(
            f"{text} is no fingerprint: it is SHA256: (of a key of SM2 SM3:) and 64 hexadecimal"
            " digits, as manage.py audit_key prints it"
        )
    pinned_keys = parse_pinned_keys(path.read_text(), f"the key in {path.name}")
    if not pinned_keys:
        raise NoAuditKey(
            f"{text} holds no PEM block of a public key; give such a file, or a fingerprint of 64"
            " hexadecimal digits"
        )
    return pinned_keys


def parse_pinned_keys(text: str, name: str) -> list[PinnedKey]:
    """Parse all blocks of a PEM file. Raises NoAuditKey where one is a key of no suite or has a
    time that is none.
    """
    pinned_keys, end = [], 0
    for block in PEM_BLOCK.finditer(text):
        header = dict(PIN_HEADER.findall(text[end : block.start()]))
        end = block.end()
        try:
            der = base64.b64decode("".join(block[1].split()), validate=True)
            suite, key = parse_public_key(der)
            since, until = (
                parse_offset_time(header[n]) if n in header else None for n in ("from", "until")
            )
        except ValueError as error:
            raise NoAuditKey(f"{name}: {error}") from error
        said = header.get("name", name)
        mark = suite.fingerprint(key)
        pinned_keys.append(PinnedKey(mark, said, since, until, key, suite.name))
    return pinned_keys


def parse_offset_time(text: str) -> dt.datetime:
    """Raises ValueError where no offset says which moment is meant."""
    at = dt.datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC: write 2026-03-01T00:00:00+08:00")
    return at


def find_signature_fault(
    pinned_keys: Iterable[PinnedKey],
    key: bytes,
    signature: bytes,
    message: bytes,
    signed_at: str,
    suite: SignatureSuite = ED25519,
) -> str:
    """Why this signature of the suite proves nothing under these keys; "" where it does."""
    try:
        mark, when = suite.fingerprint(key), parse_offset_time(signed_at)
        matching_keys = [p for p in pinned_keys if (p.suite, p.fingerprint) == (suite.name, mark)]
        if not matching_keys:
            return (
                f"it is signed by a key that is not pinned ({suite.mark(mark)}): another"
                " installation's, or a forger's"
            )
        if not any(p.covers(when) for p in matching_keys):
            return f"it is signed on {signed_at}, when {matching_keys[0].name} did not sign"
        if not suite.verify(key, signature, message):
            return "its signature does not fit: it was changed"
    except ValueError as error:
        return f"its key or time cannot be read ({error})"
    return ""
