"""Write a month of the audit log, with whom its lines are about, into one sealed file, in the
order of the tree and in constant memory (docs/adr/0082). Nothing leaves the database by it.

The file is gzip: the signed manifest, a line of JSON, and below it a line for each line of the log.
"""

import datetime as dt
import gzip
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.db import connection, transaction

from consent.audit import canonical_line
from consent.audit.archive_manifest import (
    ArchiveManifest,
    LinePlace,
    archive_file_name,
    format_moment,
    new_sm3,
)
from consent.audit.archive_tree import Run, extend_runs, list_gaps, split_gap
from consent.audit.log_report import stream_log_rows
from consent.audit.partitions import Span, list_partition_spans, month_span
from consent.audit.subtrees import subtree_root
from consent.audit.tree_head import load_newest_head

EVENTS = "consent_audit_event"
# index: consent_audit_event_recorded (brin), consent_audit_leaf_event_id_key
MONTH_LINES_SQL = f"""
SELECT l.position, l.hash, e.*
FROM (SELECT xid::text, {canonical_line.SELECT} FROM consent_audit_event
  WHERE recorded >= '{{begins}}' AND recorded < '{{ends}}') e
JOIN consent_audit_leaf l ON l.event_id = e.id
ORDER BY l.position
"""
# index: consent_audit_event_recorded (brin), consent_audit_leaf_event_id_key
UNSEALED_SQL = """
SELECT count(*) FROM consent_audit_event e WHERE e.recorded >= %s AND e.recorded < %s
  AND NOT EXISTS (SELECT FROM consent_audit_leaf l WHERE l.event_id = e.id)
"""


class MonthRefused(Exception):
    """Why a month is not archived, taken out or put in."""


def find_month_span(month: dt.date) -> Span:
    """The moments between which the month's partition lies. Raises MonthRefused where there is
    none, or where several make up the month.
    """
    begins, ends = month_span(dt.datetime(month.year, month.month, 1, tzinfo=dt.UTC))
    with connection.cursor() as cursor:
        spans = [s for s in list_partition_spans(cursor, EVENTS) if s[0] < ends and begins < s[1]]
    if not spans:
        raise MonthRefused(f"the online log has no partition of {month:%Y-%m}")
    if len(spans) > 1 or spans[0][0] != begins:
        told = ", ".join(f"{a:%Y-%m-%d %H:%M} to {b:%Y-%m-%d %H:%M}" for a, b in spans)
        raise MonthRefused(f"{month:%Y-%m} is no partition of its own: its lines lie in {told} UTC")
    return spans[0]


def write_archive(month: dt.date, folder: Path) -> Path:
    """Write the file of a month that is over; returns its path. Raises MonthRefused."""
    path = folder / archive_file_name(month)
    if path.exists():
        raise MonthRefused(f"{path} is there already: it is not written over")
    body, draft = path.with_suffix(".lines"), path.with_suffix(".draft")
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            span = find_month_span(month)
            require_sealed_month(span)
            with open_private(body) as file:
                manifest = write_lines(span, file)
        with open_private(draft) as file:
            file.write(
                gzip.compress(canonical_line.encode_canonical_json(manifest.as_json()) + b"\n")
            )
            with body.open("rb") as lines:
                shutil.copyfileobj(lines, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        body.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)
    return path


def open_private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def require_sealed_month(span: Span) -> None:
    """Raises MonthRefused where the month is not over, or a line of it is not sealed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() >= %s", [span[1]])
        if not cursor.fetchone()[0]:
            raise MonthRefused(f"the partition from {span[0]:%Y-%m-%d} on is written still")
        cursor.execute(UNSEALED_SQL, span)
        if n := cursor.fetchone()[0]:
            raise MonthRefused(f"{n} lines of it wait for the sealer: see audit_verify")


def write_lines(span: Span, file: IO[bytes]) -> ArchiveManifest:
    """Write the lines, compressed; returns what is signed of them. Raises MonthRefused where one
    is not what was sealed, and where there is none.
    """
    sha256, sm3 = hashlib.sha256(), new_sm3()
    runs: list[Run] = []
    lines = size = 0
    first = last = None
    with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
        for row, place in encode_month_rows(span):
            sha256.update(row)
            if sm3:
                sm3.update(row)
            packed.write(row)
            extend_runs(runs, place.position)
            first, last = first or place, place
            lines, size = lines + 1, size + len(row)
    head = load_newest_head()
    if first is None or last is None or head is None:
        raise MonthRefused("it has no lines")
    with connection.cursor() as cursor:
        nodes = tuple(
            subtree_root(cursor, height, position)
            for gap in list_gaps(runs, head.size)
            for height, position in split_gap(*gap)
        )
        cursor.execute("SELECT clock_timestamp()")
        made_at = format_moment(cursor.fetchone()[0])
    begins, ends = map(format_moment, span)
    return ArchiveManifest(
        begins,
        ends,
        lines,
        size,
        sha256.hexdigest(),
        sm3.hexdigest() if sm3 else "",
        tuple(runs),
        nodes,
        first,
        last,
        head,
        made_at,
    ).sign()


def encode_month_rows(span: Span) -> Iterator[tuple[bytes, LinePlace]]:
    """The rows of the file. Raises MonthRefused where a line is not what was sealed."""
    begins, ends = map(format_moment, span)
    for position, leaf, xid, *fields in stream_log_rows(
        MONTH_LINES_SQL.format(begins=begins, ends=ends)
    ):
        line = canonical_line.line_from_row(tuple(fields))
        content = canonical_line.encode_canonical_json(line)
        if canonical_line.leaf_hash(content) != bytes(leaf):
            raise MonthRefused(
                f"audit line {line['id']} was changed after it was sealed: audit_verify tells more"
            )
        yield (
            b'{"line":%b,"position":%d,"xid":"%b"}\n' % (content, position, xid.encode()),
            LinePlace(line["id"], line["recorded"], position),
        )


def describe_archive(manifest: ArchiveManifest) -> str:
    place: Any = (manifest.first.id, manifest.last.id)
    return (
        f"{manifest.month:%Y-%m}: {manifest.lines} lines, numbers {place[0]} to {place[1]}, SHA-256"
        f" {manifest.sha256}, under the head of {manifest.head.size} lines"
    )
