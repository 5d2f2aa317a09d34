"""Create monthly partitions of the audit log and of the persons in it, ahead of time and beside
the running site (docs/adr/0039).

A line of a month that has none lies in the rest partition: in the log, sealed and found like any
other. As long as it lies there its month cannot be made beside it; so the rest becomes that month's
partition itself, and an empty one takes its place. No line moves.
"""

import datetime as dt
from functools import partial
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from alliance.database.locks import retry_on_lock

PARENTS = {"consent_audit_event": "recorded", "consent_audit_person": "written"}
AHEAD = 3  # months
LARGEST = 256 * 2**20  # bytes of a rest that is looked through while writers wait: half a second
MOMENT = "200ms"  # for which writers wait, at most, until those are done who write now
BOUND = r"regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(.+?)''\) TO \(''(.+?)''\)')"
SPANS = f"""
SELECT b[1]::timestamptz, b[2]::timestamptz FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid, {BOUND} b
WHERE i.inhparent = %s::regclass AND b IS NOT NULL ORDER BY 1
"""
REST = "SELECT min({1}), max({1}), pg_relation_size('{0}_rest') FROM {0}_rest"

Span = tuple[dt.datetime, dt.datetime]


class PartitionBlocked(Exception):
    """Why a month is not made now, or the lines of a rest partition stay where they are."""


def prepare_partitions(*, large: bool = False, tries: int = 0) -> list[str]:
    """Make this month's partitions and those of the next ones; returns what is in the way of any.
    large: also where writers have to wait longer than a moment; tries: fewer than usual.
    """
    faults = []
    for parent, moment in PARENTS.items():
        for step in (
            partial(adopt_rest_partition, parent, moment, large),
            partial(create_missing_partitions, parent),
        ):
            try:
                retry_on_lock(step, tries)
            except PartitionBlocked as way:
                faults.append(f"{parent}: {way}")
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                faults.append(f"{parent}: somebody has been reading or writing it for too long")
    return faults


def create_missing_partitions(parent: str) -> None:
    """Create the months that are lacking, each attached as an empty table: who writes goes on, and
    who reads is not waited for in a queue.
    """
    with connection.cursor() as cursor:
        wanted = list_missing_spans(cursor, parent)
    for span in wanted:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"LOCK TABLE ONLY {parent} IN SHARE UPDATE EXCLUSIVE MODE NOWAIT"
            )  # one at a time makes them
            if span not in list_missing_spans(cursor, parent):
                continue
            cursor.execute(
                f"CREATE TABLE {partition_name(parent, span)} (LIKE {parent} INCLUDING DEFAULTS"
                " INCLUDING CONSTRAINTS INCLUDING INDEXES)"
            )
            cursor.execute(f"LOCK TABLE {parent}_rest IN ACCESS EXCLUSIVE MODE NOWAIT")
            attach_partition(cursor, parent, span)


def adopt_rest_partition(parent: str, moment: str, large: bool) -> None:
    """Make the rest partition, where lines lie in it, that of their months."""
    with connection.cursor() as cursor:
        cursor.execute(REST.format(parent, moment))
        low, high, size = cursor.fetchone()
        if low is None:
            return
        span = month_span(low)[0], month_span(high)[1]
        if any(a < span[1] and span[0] < b for a, b in list_partition_spans(cursor, parent)):
            raise PartitionBlocked(
                f"the lines of {parent}_rest are of {low:%Y-%m} to {high:%Y-%m}, and other months'"
                " partitions lie between"
            )
    if size > LARGEST and not large:
        raise PartitionBlocked(
            f"{parent}_rest has {size // 2**20} MiB of lines of {low:%Y-%m} to {high:%Y-%m}: at a"
            " quiet hour `manage.py setup` makes it their partition"
        )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{MOMENT}'")
        cursor.execute(f"LOCK TABLE ONLY {parent} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"LOCK TABLE {parent}_rest IN ACCESS EXCLUSIVE MODE NOWAIT")
        cursor.execute(f"ALTER TABLE {parent} DETACH PARTITION {parent}_rest")
        cursor.execute(f"ALTER TABLE {parent}_rest RENAME TO {partition_name(parent, span)}")
        cursor.execute(f"CREATE TABLE {parent}_rest PARTITION OF {parent} DEFAULT")
        attach_partition(cursor, parent, span)


def attach_partition(cursor: Any, parent: str, span: Span) -> None:
    low, high = (f"{at:%Y-%m-%d %H:%M:%S}+00" for at in span)
    try:
        cursor.execute(
            f"ALTER TABLE {parent} ATTACH PARTITION {partition_name(parent, span)} FOR VALUES FROM"
            f" ('{low}') TO ('{high}')"
        )
    except IntegrityError as error:
        raise PartitionBlocked(f"lines of {span[0]:%Y-%m} lie in {parent}_rest") from error


def list_missing_spans(cursor: Any, parent: str) -> list[Span]:
    """List what has no partition yet of this month and the next ones."""
    cursor.execute("SELECT now()")
    span, out = month_span(cursor.fetchone()[0]), []
    for _ in range(AHEAD + 1):
        low, high = span
        for a, b in list_partition_spans(cursor, parent):
            if a <= low < b:
                low = b
            elif low < a < high:
                high = a
        out += [(low, high)] if low < high else []
        span = month_span(span[1])
    return out


def list_partition_spans(cursor: Any, parent: str) -> list[Span]:
    cursor.execute(SPANS, [parent])
    return [(a.astimezone(dt.UTC), b.astimezone(dt.UTC)) for a, b in cursor.fetchall()]


def month_span(at: dt.datetime) -> Span:
    first = at.astimezone(dt.UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + dt.timedelta(days=32)).replace(day=1)


def partition_name(parent: str, span: Span) -> str:
    return (
        f"{parent}_{span[0]:%Y_%m}"
        if month_span(span[0])[0] == span[0]
        else f"{parent}_{span[0]:%Y_%m_%d_%H%M}"
    )
