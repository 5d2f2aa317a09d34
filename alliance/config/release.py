"""Which code may serve which database. Code of an older release over a newer schema answers without a word too little ("0 allergies"), and so does newer code over
an older one: so the database says whom it lets serve, and each process asks with each new connection (docs/adr/0040-which-code-serves-which-database.md)."""

import time
from typing import Any

from django.db import connection, transaction

from alliance.config.home import ROOT

APPS = ("alliance", "consent", "records")
NUMBER = sum(len(list((ROOT / app / "migrations").glob("0*.py"))) for app in APPS)  # of this code's schema: how many migrations it has
SERVED_SINCE = 59  # the oldest code that answers rightly over it: raised by whoever writes a migration that takes something away from older code
DECIDED = 59  # the number for which that was thought over (tests/contracts/test_release.py)

HEARD = 2.0  # seconds in which the others have heard, and ended what was under way, before their schema changes
CHANNEL = "xinglin_release"  # told when the answer may have changed: kept connections are given up
THERE = "SELECT to_regclass('alliance_release') IS NOT NULL"
ROW = "SELECT number, served_since FROM alliance_release"
RECORD = """INSERT INTO alliance_release ("only", number, served_since, recorded_at) VALUES (true, %(number)s, %(since)s, now())
  ON CONFLICT ("only") DO UPDATE SET number = excluded.number, served_since = excluded.served_since, recorded_at = excluded.recorded_at"""
# Of other processes on this database, as far as this account may end them.
OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND pg_has_role(session_user, usesysid, 'USAGE')"""
SETUP_FIRST = "This database has not been brought to this release: run `manage.py setup` first."


def recorded(cursor: Any) -> tuple[int, int] | None:
    """(number, served_since); None before the first `setup`, and of databases older than this question."""
    cursor.execute(THERE)
    if not cursor.fetchone()[0]:
        return None
    cursor.execute(ROW)
    row: tuple[int, int] | None = cursor.fetchone()
    return row


def unfit(row: tuple[int, int] | None) -> str:
    """Why this code does not serve a database that says so; "" where it does."""
    if row is None or row[0] < NUMBER:
        return SETUP_FIRST
    if row[1] > NUMBER:
        return (f"A newer release (number {row[0]}) has brought this database to a schema over which this one (number {NUMBER}) would answer wrongly; number {row[1]} is the oldest that may. "
                "Start that release. To go back to this one, restore the backup that was made before the upgrade.")
    return ""


def close_to_older() -> None:
    """Before the first migration: older code that would answer wrongly over the schema to come stops, and answers 503 until its server has the new release."""
    with connection.cursor() as cursor:
        row = recorded(cursor)
        if row is None or row[1] >= SERVED_SINCE:
            return
        cursor.execute(RECORD, {"number": row[0], "since": SERVED_SINCE})
        call(cursor)
        cursor.execute(OTHERS)
    time.sleep(HEARD)


def record() -> bool:
    """After the last step of `setup`: this code serves from now on. Whether anything changed."""
    with transaction.atomic(), connection.cursor() as cursor:
        if recorded(cursor) == (NUMBER, SERVED_SINCE):
            return False
        cursor.execute(RECORD, {"number": NUMBER, "since": SERVED_SINCE})
        call(cursor)
    return True


def call(cursor: Any) -> None:
    """Whoever listens asks again, as soon as the caller has committed."""
    cursor.execute(f"NOTIFY {CHANNEL}")
