"""Epochs of the database: stretches of its life in which the numbers of commits go on from each
other (docs/adr/0041).

Feeds, courier and sealer remember how far they have read by these numbers. A promoted copy may give
some of them a second time, a restored database begins from where the backup stood: so each such
event begins a new epoch, and whoever remembers a number of an earlier one is led back to where the
two parted, or told that something was lost. Asked by all parts (is this the database that was
recorded last?), kept by the sealer, which alone knows whether the log leads to what this machine
remembers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from consent.sql.log import SEALER_REFUSED

# Who may ask: everybody, on PostgreSQL 15 to 18. A server that only reads has no timeline of its
# own.
PLACE = (
    "SELECT (SELECT system_identifier FROM pg_control_system()), (SELECT oid::bigint FROM"
    " pg_database WHERE datname = current_database())"
)
TIMELINE = "('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int"
NEWEST = (
    "SELECT number, kind, system_identifier, database, timeline, began_at FROM alliance_epoch ORDER"
    " BY number DESC LIMIT 1"
)
THERE = "SELECT to_regclass('alliance_epoch') IS NOT NULL"
FIRST = f"""
INSERT INTO alliance_epoch (number, kind, system_identifier, database, timeline, began_at, horizon,
  added, passed, passed_at, reason, recorded_by, subscribers_told)
VALUES (1, 'first', %(system)s, %(database)s, {TIMELINE}, now(), 0, 0,
  CASE WHEN %(system)s = 0 THEN 0 ELSE alliance_horizon()::text::bigint END,
  CASE WHEN %(system)s = 0 THEN NULL ELSE now() END, '', '', true)
ON CONFLICT DO NOTHING
"""
# All below the announced horizon have ended before this commits; and whatever is lost with the end
# of a timeline is not below it.
ANNOUNCE = f"""
UPDATE alliance_epoch SET passed = alliance_horizon()::text::bigint, passed_at = now()
WHERE number = (SELECT max(number) FROM alliance_epoch)
  AND timeline = {TIMELINE} AND (system_identifier, database) = (%s, %s)
"""
PROMOTED = f"""
INSERT INTO alliance_epoch (number, kind, system_identifier, database, timeline, began_at, horizon,
  added, passed, passed_at, reason, recorded_by, subscribers_told)
SELECT number + 1, 'promoted', system_identifier, database, {TIMELINE}, now(), passed, added,
  passed, passed_at, '', '', true
FROM alliance_epoch
WHERE number = (SELECT max(number) FROM alliance_epoch) AND timeline <> {TIMELINE}
  AND (system_identifier, database) = (%s, %s)
"""
KNOWN = f"""SELECT number, horizon, lost_until IS NOT NULL, lost_from,
  to_char(began_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS'), {SEALER_REFUSED}
FROM alliance_epoch ORDER BY number"""
MEND = "manage.py record_restore --reason … (docs/how-to/restore.md)"


@dataclass(frozen=True, slots=True)
class EpochStep:
    """One epoch, as whoever remembers a number has to know it. lost: what was stored from its
    horizon on, before it began, may be gone; since: the time that goes with it. began: tells it
    from an epoch of the same number in another database that came from the same backup.
    """

    number: int
    horizon: int
    lost: bool
    since: Any
    began: str = ""


def fetch_server_place(cursor: Any) -> tuple[int, int]:
    """(server, database): a restored or copied database is in another place."""
    cursor.execute(PLACE)
    server, database = cursor.fetchone()
    return server, database


def find_epoch_fault(cursor: Any) -> str:
    """Why nothing is answered from a database that nobody has said to be the right one; "" where
    it is the one that was recorded last. Before the first `setup` there is none.
    """
    cursor.execute(THERE)
    if not cursor.fetchone()[0]:
        return ""
    cursor.execute(NEWEST)
    if (newest := cursor.fetchone()) is None:
        return ""
    server, database = fetch_server_place(cursor)
    if (server, database) == newest[2:4]:
        return ""
    was = (
        f"server {newest[2]}, database {newest[3]}"
        if newest[2]
        else "a server whose transaction numbers went further"
    )
    return (
        f"This database was restored or copied, and nobody has recorded that: it comes from {was},"
        f" and is now in server {server}, database {database}. If it is the one to go on with, say"
        f" so: {MEND}. If not, name the right one (DATABASE_URL)."
    )


def record_first_epoch(newest: Callable[[Any], int]) -> None:
    """By `setup`, once. A database whose rows bear numbers that its server has not reached was
    restored before there were epochs: of that the operator has to tell more. newest: gives the
    newest number that is stored (alliance.operations.transaction_numbers).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM alliance_epoch")
        if cursor.fetchone() is not None:
            return
        server, database = fetch_server_place(cursor)
        stored = newest(cursor)
        cursor.execute("SELECT alliance_next()::text::bigint")
        cursor.execute(
            FIRST, {"system": server if stored < cursor.fetchone()[0] else 0, "database": database}
        )


def advance_epoch(cursor: Any) -> bool:
    """In the transaction in which the sealer has seen that the log leads to what this machine
    remembers: announce how far all commits have ended; or, on a copy that was promoted since, begin
    the epoch that goes with it. Whether one was begun.
    """
    where = fetch_server_place(cursor)
    cursor.execute(ANNOUNCE, where)
    if cursor.rowcount:
        return False
    cursor.execute(PROMOTED, where)
    return bool(cursor.rowcount)


def fetch_epochs() -> tuple[list[EpochStep], str]:
    """All epochs, oldest first; and why the sealer does not go on, "" where it does: then the
    numbers of what is stored may be given a second time.
    """
    with connection.cursor() as cursor:
        cursor.execute(KNOWN)
        rows = cursor.fetchall()
    return [EpochStep(*r[:5]) for r in rows], (rows[0][5] or "") if rows else ""
