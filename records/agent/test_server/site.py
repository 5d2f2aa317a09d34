"""Hold what all addresses of the test server share: database, signing key, clock, faults to order,
tokens.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from ..client_assertion import load_key
from ..enrolment import fingerprint_of_pem
from ..key_files import ensure_witness_key
from .database import Database

KEY = "test-server-key.pem"
HOSPITALS = {"test": "测试医院", "neighbour": "邻家医院"}  # the second one is for the feed
HOSPITALS_EN = {"test": "Test hospital", "neighbour": "Neighbour hospital"}


@dataclass
class LineFaults:
    """Of answers: shares from 0 to 1, milliseconds. lose: done, and the line breaks before the
    answer; busy: 503, nothing done; later: 202 for every batch; draw: a number below 1.
    """

    lose: float = 0.0
    busy: float = 0.0
    delay: float = 0.0
    later: bool = False
    draw: Callable[[], float] = field(default_factory=lambda: secrets.SystemRandom().random)


@dataclass(frozen=True)
class Caller:
    """root: the server as the caller addressed it."""

    client: str
    hospital: str
    root: str


@dataclass
class Site:
    """clock: seconds that its time is ahead of the machine's. tokens: {hash: (client, end)}."""

    database: Database
    signing_key: Any
    clock: float = 0.0
    faults: LineFaults = field(default_factory=LineFaults)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    used_proofs: dict[str, float] = field(default_factory=dict)
    waiting_readers: int = 0
    told: Callable[[str], None] = lambda line: None

    def now(self) -> float:
        return time.time() + self.clock

    @property
    def pem(self) -> str:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = self.signing_key.public_key()
        return str(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())

    @property
    def fingerprint(self) -> str:
        return fingerprint_of_pem(self.pem)


def open_site(folder: Path | None, clock: float = 0.0, faults: LineFaults | None = None) -> Site:
    """folder: of the SQLite file and the key; None: all in memory."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ensure_witness_key(folder / KEY)
        key = load_key(folder / KEY)
    else:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.generate()
    return Site(Database(folder), key, clock, faults or LineFaults())


def hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def format_time(at: float, digits: int = 0) -> str:
    """UTC, with so many digits of a second."""
    whole, part = divmod(round(at * 10**digits), 10**digits)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return text + (f".{part:0{digits}d}Z" if digits else "Z")
