"""Signed statements that a month of the log was taken out of the database, or put in again. Who has
the database alone takes no month away: lines that are gone without such a statement, under the
installation's key, are a fault (docs/adr/0082).
"""

import datetime as dt
import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from django.db import connection

from consent.audit.archive_manifest import ArchiveManifest
from consent.audit.canonical_line import encode_canonical_json
from consent.audit.log_query import AuditFilter
from consent.audit.partitions import month_span
from consent.audit.signing_keys import (
    PinnedKey,
    find_signature_fault,
    load_signing_key,
    own_public_key_bytes,
)
from consent.sql.log import DETACHED_MONTHS

COLUMNS = "month, act, manifest, done_at, signature, key"
DETACH, ATTACH = "detach", "attach"
INSERT_SQL = f"INSERT INTO consent_audit_archive ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)"
NEWEST_SQL = f"""
SELECT DISTINCT ON (month) {COLUMNS} FROM consent_audit_archive ORDER BY month, id DESC
"""


@dataclass(frozen=True, slots=True)
class ArchiveStatement:
    """act: detach or attach; manifest: of the archive that was read back before it, canonical
    JSON as it was signed.
    """

    month: dt.date
    act: str
    manifest: str
    done_at: str
    signature: bytes = b""
    key: bytes = b""

    @classmethod
    def create_signed(cls, act: str, manifest: ArchiveManifest, done_at: str) -> Self:
        text = encode_canonical_json(manifest.as_json()).decode()
        unsigned = cls(manifest.month, act, text, done_at)
        return replace(
            unsigned,
            signature=load_signing_key().sign(unsigned.signed_bytes()),
            key=own_public_key_bytes(),
        )

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> Self:
        """The columns COLUMNS."""
        month, act, manifest, done_at, signature, key = row
        return cls(month, act, manifest, done_at, bytes(signature), bytes(key))

    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        return encode_canonical_json(
            {
                "v": 1,
                "archive": self.act,
                "month": f"{self.month:%Y-%m}",
                "manifest": self.manifest,
                "done_at": self.done_at,
            }
        )

    def find_fault(self, pinned_keys: Iterable[PinnedKey]) -> str:
        """Why it proves nothing under these keys; "" where it does."""
        return find_signature_fault(
            pinned_keys, self.key, self.signature, self.signed_bytes(), self.done_at
        )

    def parse_manifest(self) -> ArchiveManifest:
        """Raises KeyError, TypeError, ValueError where somebody changed it."""
        return ArchiveManifest.from_json(json.loads(self.manifest))

    def store(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                INSERT_SQL,
                [self.month, self.act, self.manifest, self.done_at, self.signature, self.key],
            )


def list_detached_months() -> list[ArchiveStatement]:
    """Of the months that stand in an archive alone, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_SQL)
        newest = [ArchiveStatement.from_row(row) for row in cursor.fetchall()]
    return [s for s in newest if s.act == DETACH]


def online_log_begins() -> dt.datetime | None:
    """The moment from which on the log is online without a gap, where months of it stand in
    archives; None where all of it is online. Earlier lines are in the archive, or both.
    """
    with connection.cursor() as cursor:
        cursor.execute(DETACHED_MONTHS)
        months = cursor.fetchone()[0]
    if not months:
        return None
    return month_span(dt.datetime(months[-1].year, months[-1].month, 1, tzinfo=dt.UTC))[1]


def find_archived_part(wanted: AuditFilter) -> dt.datetime | None:
    """The moment before which lines of the filter may stand in archives alone; None where none
    do.
    """
    begins = online_log_begins()
    return begins if begins and (wanted.start is None or wanted.start < begins) else None


class DetachedLines:
    """Which leaves' lines stand in archives alone, by their positions."""

    def __init__(self, manifests: Iterable[ArchiveManifest]) -> None:
        runs = sorted((run, m.month) for m in manifests for run in m.runs)
        self.firsts = [run[0] for run, _month in runs]
        self.runs = runs

    def find_month(self, position: int) -> dt.date | None:
        at = bisect_right(self.firsts, position) - 1
        if at < 0 or position > self.runs[at][0][1]:
            return None
        return self.runs[at][1]
