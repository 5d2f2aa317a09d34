"""Which code may serve which database. Code of an older release over a newer schema answers
without a word too little ("0 allergies"), and so does newer code over an older one: so the database
says whom it lets serve, and each process asks with each new connection
(docs/adr/0040-which-code-serves-which-database.md).
"""

import time
from typing import Any, NamedTuple

from django.db import connection, transaction

from alliance.database.index_version import VERSION
from alliance.database.locks import SETUP_LOCK
from alliance.platform.state_files import ROOT
from records.sql.parts import INDEX_ROW, INDEX_THERE, SWITCH

APPS = ("alliance", "consent", "records")
NUMBER = sum(
    len(list((ROOT / app / "migrations").glob("0*.py"))) for app in APPS
)  # of this code's schema: how many migrations it has
# the oldest code that answers rightly over it: raised by whoever writes a migration that takes
# something away from older code
SERVED_SINCE = 59
KNOWS_EPOCHS = (
    60  # the first code that does (docs/adr/0041): none older serves a database that was restored
)
DECIDED = 111  # the number for which that was thought over (tests/contracts/test_release.py)
# the oldest code whose writes say which version of the index they carry: beside older code no index
# is filled (docs/adr/0043)
INDEXED_SINCE = 60

# seconds in which the others have heard, and ended what was under way, before their schema changes
HEARD = 2.0
CHANNEL = "xinglin_release"  # told when the answer may have changed: kept connections are given up
THERE = f"SELECT to_regclass('alliance_release') IS NOT NULL AND {INDEX_THERE}"
ROW = f"SELECT number, served_since, version, switching FROM alliance_release, {INDEX_ROW} i"
RECORD = """INSERT INTO alliance_release ("only", number, served_since, recorded_at)
  VALUES (true, %(number)s, %(since)s, now())
  ON CONFLICT ("only") DO UPDATE SET number = excluded.number,
    served_since = excluded.served_since, recorded_at = excluded.recorded_at"""
# Of other processes on this database: ended as far as this account may; but for the one that keeps
# other setups out.
OTHERS = f"""SELECT
  CASE WHEN pg_has_role(session_user, usesysid, 'USAGE') THEN pg_terminate_backend(pid) END
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {SETUP_LOCK})"""
SETUP_FIRST = "This database has not been brought to this release: run `manage.py setup` first."
SWITCHING = (
    "An upgrade was about to switch this database to another release, and has not ended: run"
    " `manage.py setup` of that release, or of this one to go back."
)


class RecordedRelease(NamedTuple):
    """What the database says. index: the version of the index that searches may go by;
    switching: nobody serves just now.
    """

    number: int
    served_since: int
    index: int
    switching: bool


def fetch_recorded_release(cursor: Any) -> RecordedRelease | None:
    """None before the first `setup`, and of databases older than this question."""
    cursor.execute(THERE)
    if not cursor.fetchone()[0]:
        return None
    cursor.execute(ROW)
    row = cursor.fetchone()
    return None if row is None else RecordedRelease(*row)


def find_release_fault(row: RecordedRelease | None) -> str:
    """Why this code does not serve a database that says so; "" where it does."""
    if row is not None and (refusal := find_newer_release_fault(row)):
        return refusal
    if row is None or row.number < NUMBER or row.index < VERSION:
        return SETUP_FIRST
    return SWITCHING if row.switching else ""


def find_newer_release_fault(row: RecordedRelease) -> str:
    """Why only newer code serves the database; "" where this one may, after its setup."""
    if row.served_since <= NUMBER and row.index <= VERSION:
        return ""
    return (
        f"A newer release (number {row.number}, index {row.index}) has brought this database to a"
        f" schema over which this one (number {NUMBER}, index {VERSION}) would answer wrongly;"
        f" number {row.served_since} with index {row.index} is the oldest that may. Start that"
        " release. To go back to this one, restore the backup that was made before the upgrade."
    )


def removes_served_schema(row: RecordedRelease | None) -> bool:
    """Whether this release's migrations take something from the code that serves now."""
    return row is not None and row.number < SERVED_SINCE


def close_to_older_code() -> None:
    """Before the first migration: older code that would answer wrongly over the schema to come
    stops, and answers 503 until its server has the new release.
    """
    with connection.cursor() as cursor:
        row = fetch_recorded_release(cursor)
        if row is None or row.served_since >= SERVED_SINCE:
            return
        cursor.execute(RECORD, {"number": row.number, "since": SERVED_SINCE})
        notify_release_change(cursor)
        end_other_sessions(cursor)


def close_for_switch() -> None:
    """Before the last rows get their entries of another index: nobody serves, until `record`."""
    with connection.cursor() as cursor:
        cursor.execute(SWITCH.format("true"))
        notify_release_change(cursor)
        end_other_sessions(cursor)


def end_other_sessions(cursor: Any) -> None:
    """Until nobody is left who had not heard, and no longer than they need for that."""
    limit = time.monotonic() + HEARD
    while time.monotonic() < limit:
        cursor.execute(OTHERS)
        if not cursor.fetchall():
            return
        time.sleep(0.05)


def record_release() -> bool:
    """After the last step of `setup`: this code serves from now on. Whether anything changed."""
    with transaction.atomic(), connection.cursor() as cursor:
        row = fetch_recorded_release(cursor)
        since = max(
            SERVED_SINCE, row.served_since if row else 0
        )  # it may have risen otherwise: alliance.operations.restore_recording
        if row is not None and row[:2] == (NUMBER, since) and not row.switching:
            return False
        cursor.execute(RECORD, {"number": NUMBER, "since": since})
        cursor.execute(SWITCH.format("false"))
        notify_release_change(cursor)
    return True


def notify_release_change(cursor: Any) -> None:
    """Whoever listens asks again, as soon as the caller has committed."""
    cursor.execute(f"NOTIFY {CHANNEL}")
