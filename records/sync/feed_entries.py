"""The entries of a feed as JSON (docs/sync.md, Pull)."""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from consent.changes import ConsentChange
from records.identity.link_changes import LinkChange
from records.store.rows import Row


def encode_time(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def encode_entry(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()


def build_record_entry(
    row: Row, person: UUID | None, patients: Sequence[str], fhir_root: str
) -> bytes:
    """The resource stands in it as it is stored, where the row has its body."""
    entry = encode_entry(
        {
            "kind": "record",
            "at": encode_time(row.last_updated),
            "hospital": row.hospital,
            "type": row.type_name,
            "id": row.fhir_id,
            "version": row.version,
            "deleted": row.deleted,
            "person": str(person) if person else None,
            "patients": list(patients),
            "url": f"{fhir_root}/{row.hospital}/{row.type_name}/{row.fhir_id}",
        }
    )
    return entry[:-1] + b',"resource":' + row.body + b"}" if row.body else entry


def build_link_entry(change: LinkChange) -> bytes:
    return encode_entry(
        {
            "kind": "parting" if change.parted else "link",
            "at": encode_time(change.at),
            "person": str(change.person),
            "patients": list(change.patients),
        }
    )


def build_consent_entry(change: ConsentChange) -> bytes:
    return encode_entry(
        {
            "kind": "consent",
            "at": encode_time(change.at),
            "person": str(change.person) if change.person else None,
            "patients": list(change.patients),
        }
    )
