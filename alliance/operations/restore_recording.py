"""The operator's word that this database was restored, and is the one to go on with: a new
epoch, the line in the audit log, and whoever has read of it told (docs/adr/0041).
"""

import datetime as dt
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from alliance.auth.operator_identity import server_operator
from alliance.database import epoch, release
from alliance.database.locks import retry_on_lock
from alliance.models import Epoch
from alliance.operations.transaction_numbers import NUMBERED_TABLES, fetch_newest_number
from consent.audit import local_head, restore_lines
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.sealer import SEALER_LOCK, accept_log
from consent.audit.tree_head import TreeHead, load_newest_head

AHEAD = (
    2**40
    # numbers that are left out: more than can have been given, and lost, since the newest that is
    # stored
)
BEFORE = dt.timedelta(
    minutes=1
)  # writes that began before the announced moment and were still under way then
# What they are of this server's own.
NUMBERS = {
    "alliance_xid": ("pg_current_xact_id()", ""),
    "alliance_horizon": ("pg_snapshot_xmin(pg_current_snapshot())", "PARALLEL SAFE"),
    "alliance_next": ("pg_snapshot_xmax(pg_current_snapshot())", "PARALLEL SAFE"),
}
WAIT = "10s"
SINCE = "UPDATE alliance_release SET served_since = greatest(served_since, %s)"


class NotRestored(Exception):
    """What was said of the restore cannot be; the text says why. Nothing was changed."""


def record_restore(
    reason: str, lost_since: dt.datetime | None, nothing_lost: bool = False
) -> Epoch:
    """As the owner of the tables, over a database in which nobody writes. lost_since: from when
    on something that was stored may be gone, where the operator knows of an earlier moment than the
    backup tells; nothing_lost: all that was ever answered as stored is there, as after pg_upgrade.
    Raises NotRestored; OperationalError where somebody writes on.
    """
    reason = reason.strip()
    if settings.WEB:
        raise NotRestored(
            "Whoever records a restore is the owner of the tables: the site's own role is not"
        )
    if not reason:
        raise NotRestored("A restore takes a reason: it stands in the audit log")
    if nothing_lost and lost_since is not None:
        raise NotRestored("Either something was lost since a time, or nothing was lost")
    if lost_since is not None and (
        lost_since.tzinfo is None or lost_since > dt.datetime.now(dt.UTC)
    ):
        raise NotRestored(
            "The time since which something was lost has a time zone, and lies in the past"
        )
    return retry_on_lock(lambda: begin_restored_epoch(reason, lost_since, nothing_lost), tries=3)


def begin_restored_epoch(reason: str, lost_since: dt.datetime | None, nothing_lost: bool) -> Epoch:
    """In one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{WAIT}'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALER_LOCK])  # no sealer
        # Nobody may be at work under a number of the earlier numbering when the next one begins:
        # readers would be past it when it commits.
        cursor.execute(f"LOCK TABLE {NUMBERED_TABLES} IN SHARE ROW EXCLUSIVE MODE")
        before = list(Epoch.objects.order_by("number"))
        if not before:
            raise NotRestored(release.SETUP_FIRST)
        known, there = recall_sealed_head(before[-1]), load_newest_head()
        if nothing_lost and known and known.size > (there.size if there else 0):
            raise NotRestored(
                f"This machine has sealed {known.size} lines of the audit log ({known.sealed_at}),"
                f" and the log has {there.size if there else 0}: something was lost. Say since when"
                " (--lost-since), or leave it to the backup to tell"
            )
        made = build_next_epoch(cursor, before, reason, lost_since, nothing_lost)
        shift_transaction_numbers(cursor, made.added)
        made.save(force_insert=True)
        cursor.execute(SINCE, [release.KNOWS_EPOCHS])
        append_event(
            AuditEvent.from_principal(
                server_operator(),
                EventCode.RESTORE_RECORD,
                reason=reason,
                target=f"epoch/{made.number}",
                detail=restore_lines.format_restore_detail(made, known, there),
            )
        )
        release.notify_release_change(cursor)
        transaction.on_commit(partial(accept_log, there))
    return made


def build_next_epoch(
    cursor: Any,
    before: list[Epoch],
    reason: str,
    lost_since: dt.datetime | None,
    nothing_lost: bool,
) -> Epoch:
    """The epoch that begins now, not stored yet."""
    last = before[-1]
    server, database = epoch.fetch_server_place(cursor)
    first = fetch_newest_number(cursor) + AHEAD
    cursor.execute(
        "SELECT pg_current_xact_id()::text::bigint,"
        f" pg_snapshot_xmin(pg_current_snapshot())::text::bigint, {epoch.TIMELINE}, now()"
    )
    own, running, timeline, now = cursor.fetchone()
    added = first - own
    forks = [
        e.horizon for e in before if lost_since and e.began_at > lost_since
    ]  # promoted, as was thought, since something was lost
    times = [t for t in (last.passed_at and last.passed_at - BEFORE, lost_since) if t]
    return Epoch(
        number=last.number + 1,
        kind=Epoch.Kind.RESTORED,
        system_identifier=server,
        database=database,
        timeline=timeline,
        began_at=now,
        horizon=min([last.passed, *forks]),
        added=added,
        passed=running + added,
        passed_at=now,
        lost_from=None if nothing_lost or not times else min(times),
        lost_until=None if nothing_lost else now,
        reason=reason,
        recorded_by=server_operator().id,
        subscribers_told=nothing_lost,
    )


def shift_transaction_numbers(cursor: Any, added: int) -> None:
    """From the caller's commit on, numbers are the server's and so many more. The functions are
    inlined where they are asked, and plans that hold them are made anew.
    """
    for name, (own, more) in NUMBERS.items():
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS xid8 LANGUAGE sql STABLE {more} RETURN"
            f" ({own}::text::bigint + {added})::text::xid8"
        )


def recall_sealed_head(last: Epoch) -> TreeHead | None:
    """What this machine has sealed of this database, here or where it was before."""
    found = [
        h
        for h in (
            local_head.load_local_head(),
            local_head.load_head_of_database(last.system_identifier, last.database),
        )
        if h
    ]
    return max(found, key=lambda h: h.size, default=None)
