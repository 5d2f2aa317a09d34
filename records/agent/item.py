"""Define an item: one change of one record of one source system, as the protocol sends it
(docs/sync.md, Push).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

SOURCE = re.compile(r"[a-z0-9]{1,16}")
PLAIN_RECORD = re.compile(r"(?!h\.)[A-Za-z0-9.-]+")
LONGEST_ID = 64  # characters of a FHIR id


@dataclass(frozen=True)
class Item:
    """body: the FHIR resource as one line of JSON in UTF-8; empty for a deletion or recall.
    version: None where the source has none; the outbox counts then. patient: the record number of
    its patient, by which it keeps its order. at: where it came from, for people.
    """

    source: str
    type: str
    record: str
    body: bytes = b""
    version: int | None = None
    action: str = "put"  # "put", "delete", "recall"
    day: str = ""  # clinical day, YYYY-MM-DD
    patient: str = ""
    at: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of the body in hex; "" without one."""
        return hashlib.sha256(self.body).hexdigest() if self.body else ""


def derive_fhir_id(source: str, record: str) -> str:
    """The id of a record in the hospital's store (docs/sync.md, Ids and references)."""
    plain = f"{source}-{record}"
    if PLAIN_RECORD.fullmatch(record) and len(plain) <= LONGEST_ID:
        return plain
    return f"{source}-h.{hashlib.sha256(record.encode()).hexdigest()[:40]}"


def encode_resource(resource: dict[str, Any]) -> bytes:
    """A resource as one line of JSON: what is hashed and sent."""
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
