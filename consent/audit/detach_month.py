"""Take a month out of the online audit log once its archive has been read back; put it in again.
The application deletes no line: the partitions stand by themselves in a schema that no role of the
site reaches, the leaves stay in the tree, and a signed statement tells where the lines are
(docs/adr/0082). As the owner of the tables alone.

Cybersecurity Law art. 23 (21 before 2026): network logs stay for at least six months. Regulation on
Network Data Security Management art. 12, PIPL 56: records of provision for at least three years.
"""

import datetime as dt
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from alliance.database.connection_settings import SHARED_ROLE, WEB_ROLE
from alliance.database.locks import retry_on_lock
from alliance.platform.environment import read_setting
from consent.audit import canonical_line, signing_keys
from consent.audit.append import append_event
from consent.audit.archive_manifest import ArchiveManifest, format_moment
from consent.audit.archived_months import (
    ATTACH,
    DETACH,
    ArchiveStatement,
    list_detached_months,
)
from consent.audit.event import AuditEvent, EventCode
from consent.audit.held_lines import find_hold
from consent.audit.log_report import stream_log_rows
from consent.audit.partitions import (
    MOMENT,
    PARENTS,
    Span,
    attach_partition,
    list_partition_spans,
    partition_name,
)
from consent.audit.read_archive import (
    ArchivedLine,
    check_archive,
    load_archive_manifest,
    parse_archive_row,
    stream_archive_rows,
)
from consent.audit.write_archive import MONTH_LINES_SQL, MonthRefused, find_month_span

OUT = "consent_audit_out_"  # how the schemas begin in which detached partitions stand
LEAST_MONTHS = 6
COPY_LINE_SQL = f"""COPY {{table}} (id, recorded, xid, {", ".join(canonical_line.FIELDS[2:])})
  FROM STDIN"""
COPY_PERSON_SQL = "COPY {table} (event, written, person) FROM STDIN"


def require_owner() -> None:
    """Raises MonthRefused for the roles of the site: months are the operator's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if (user := cursor.fetchone()[0]) in (WEB_ROLE, SHARED_ROLE):
            raise MonthRefused(f"{user} is the site's role: the operator's command does this")


def find_age_fault(span: Span) -> str:
    """Why a month is too young to leave the online log; "" where it is not."""
    months = max(LEAST_MONTHS, int(read_setting("XINGLIN_AUDIT_ONLINE_MONTHS")))
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() < %s + make_interval(months => %s)", [span[1], months])
        young = cursor.fetchone()[0]
    return (
        f"it stays online for {months} months after its end (XINGLIN_AUDIT_ONLINE_MONTHS; never"
        " under 6: Cybersecurity Law art. 23)"
        if young
        else ""
    )


def read_online_leaves(first: int, last: int) -> Iterator[bytes]:
    """In a transaction."""
    for (leaf,) in stream_log_rows(
        f"SELECT hash FROM consent_audit_leaf WHERE position BETWEEN {int(first)} AND {int(last)}"
        " ORDER BY position"
    ):
        yield bytes(leaf)


def read_archive_back(path: Path) -> ArchiveManifest:
    """Check a file, and each of its lines against the leaf that is online. Raises MonthRefused,
    UnreadableArchive.
    """
    with transaction.atomic():
        if faults := check_archive(path, signing_keys.load_own_pins(), read_online_leaves):
            raise MonthRefused("the archive does not hold: " + "; ".join(faults[:5]))
    return load_archive_manifest(path)


def detach_month(path: Path, acting: Any) -> ArchiveManifest:
    """Take the month of this archive out of the online log. Raises MonthRefused, where it is too
    young, held, or not what the archive holds; UnreadableArchive; OperationalError where somebody
    has been reading the log for too long.
    """
    require_owner()
    manifest = read_archive_back(path)
    span = manifest.span
    if find_month_span(manifest.month) != span:
        raise MonthRefused("the archive is of another partition than the online log has")
    if fault := find_age_fault(span):
        raise MonthRefused(fault)
    retry_on_lock(partial(detach_partitions, manifest, acting))
    return manifest


@transaction.atomic
def detach_partitions(manifest: ArchiveManifest, acting: Any) -> None:
    span = manifest.span
    with connection.cursor() as cursor:
        schema = free_schema_name(cursor, manifest.month)
        cursor.execute(f"CREATE SCHEMA {schema}")
        cursor.execute(f"SET LOCAL lock_timeout = '{MOMENT}'")
        cursor.execute("LOCK TABLE consent_hold, consent_caseitem IN SHARE MODE")
        if held := find_hold(*span):
            raise MonthRefused(held)
        for parent, moment in PARENTS.items():
            cursor.execute(f"LOCK TABLE ONLY {parent} IN ACCESS EXCLUSIVE MODE")
            if span not in list_partition_spans(cursor, parent):
                cursor.execute(
                    f"SELECT EXISTS (SELECT FROM {parent} WHERE {moment} >= %s AND {moment} < %s)",
                    span,
                )
                if cursor.fetchone()[0]:
                    raise MonthRefused(f"{parent} has no partition with just these moments")
                continue
            name = partition_name(parent, span)
            if parent == "consent_audit_event":
                cursor.execute(f"SELECT count(*) FROM {name}")
                if (n := cursor.fetchone()[0]) != manifest.lines:
                    raise MonthRefused(f"the partition has {n} lines, its archive {manifest.lines}")
            cursor.execute(f"ALTER TABLE {parent} DETACH PARTITION {name}")
            cursor.execute(f"ALTER TABLE {name} SET SCHEMA {schema}")
        cursor.execute("SELECT clock_timestamp()")
        ArchiveStatement.create_signed(
            DETACH, manifest, format_moment(cursor.fetchone()[0])
        ).store()
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.AUDIT_DETACH,
            target=f"month/{manifest.month:%Y-%m}",
            detail=f"{manifest.lines} lines, SHA-256 {manifest.sha256}",
        )
    )


def free_schema_name(cursor: Any, month: dt.date) -> str:
    """A month that was put back and taken out again has another one each time."""
    cursor.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", [OUT])
    taken, name = {row[0] for row in cursor.fetchall()}, f"{OUT}{month:%Y_%m}"
    return next(n for n in (name, *(f"{name}_{i}" for i in range(2, 1000))) if n not in taken)


def attach_month(path: Path, acting: Any) -> ArchiveManifest:
    """Put the lines of an archive back into the online log, each checked against its leaf before
    and after. Raises MonthRefused, UnreadableArchive, OperationalError.
    """
    require_owner()
    manifest = read_archive_back(path)
    if manifest.month not in {s.month for s in list_detached_months()}:
        raise MonthRefused(f"{manifest.month:%Y-%m} is not out of the online log")
    begins, ends = manifest.span
    with connection.cursor() as cursor:
        for parent in PARENTS:
            if any(a < ends and begins < b for a, b in list_partition_spans(cursor, parent)):
                raise MonthRefused(f"{parent} has a partition of these moments: see audit_verify")
    retry_on_lock(partial(attach_partitions, path, manifest, acting))
    return manifest


@transaction.atomic
def attach_partitions(path: Path, manifest: ArchiveManifest, acting: Any) -> None:
    span = manifest.span
    with connection.cursor() as cursor:
        for parent in PARENTS:
            cursor.execute(f"LOCK TABLE ONLY {parent} IN SHARE UPDATE EXCLUSIVE MODE NOWAIT")
            name = partition_name(parent, span)
            cursor.execute(
                f"CREATE TABLE {name} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
                " INCLUDING INDEXES)"
            )
            copy_rows(cursor, path, parent, name)
        for parent in PARENTS:
            cursor.execute(f"LOCK TABLE {parent}_rest IN ACCESS EXCLUSIVE MODE NOWAIT")
            attach_partition(cursor, parent, span)
        require_same_lines(manifest)
        cursor.execute("SELECT clock_timestamp()")
        ArchiveStatement.create_signed(
            ATTACH, manifest, format_moment(cursor.fetchone()[0])
        ).store()
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.AUDIT_ATTACH,
            target=f"month/{manifest.month:%Y-%m}",
            detail=f"{manifest.lines} lines, SHA-256 {manifest.sha256}",
        )
    )


def copy_rows(cursor: Any, path: Path, parent: str, name: str) -> None:
    persons = parent == "consent_audit_person"
    with cursor.copy((COPY_PERSON_SQL if persons else COPY_LINE_SQL).format(table=name)) as copy:
        for row in stream_archive_rows(path):
            archived = parse_archive_row(row)
            for fields in person_rows(archived) if persons else [line_row(archived)]:
                copy.write_row(fields)


def line_row(archived: ArchivedLine) -> tuple[Any, ...]:
    line = archived.parse()
    number, recorded, *more = (line[name] for name in canonical_line.FIELDS)
    return (number, recorded, archived.xid, *more)


def person_rows(archived: ArchivedLine) -> list[tuple[Any, ...]]:
    if b'"persons":' not in archived.content:
        return []
    line = archived.parse()
    return [(line["id"], line["recorded"], person) for person in line.get("persons", ())]


def require_same_lines(manifest: ArchiveManifest) -> None:
    """Of what was put in. Raises MonthRefused."""
    lines = 0
    begins, ends = manifest.begins, manifest.ends
    for _position, leaf, _xid, *fields in stream_log_rows(
        MONTH_LINES_SQL.format(begins=begins, ends=ends)
    ):
        line = canonical_line.line_from_row(tuple(fields))
        if canonical_line.leaf_hash(canonical_line.encode_canonical_json(line)) != bytes(leaf):
            raise MonthRefused(f"audit line {line['id']} would come back as another one")
        lines += 1
    if lines != manifest.lines:
        raise MonthRefused(f"{lines} of {manifest.lines} lines would come back")


def first_of_month(text: str) -> dt.date:
    """Raises ValueError."""
    return dt.datetime.strptime(text, "%Y-%m").date()
