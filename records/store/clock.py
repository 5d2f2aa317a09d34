"""The store's clock is the database's: each row is stamped in the statement that writes it, never before the version that it replaces, nor before a time that was
announced as passed (docs/adr/0039)."""

import datetime as dt

from django.db import connection

# The beginning of the transaction, and never before the floor, wherever the server's clock was set since.
STAMP = "greatest(date_trunc('milliseconds', now()), (SELECT floor FROM record_clock))"
NEXT_STAMP = STAMP.replace("greatest(", "greatest(last_updated + interval '1 millisecond', ", 1)
PASSED = "UPDATE record_clock SET floor = greatest(floor, date_trunc('milliseconds', clock_timestamp())) RETURNING floor"


def passed() -> dt.datetime:
    """This moment: nothing is stamped before it by any statement that begins once this is committed."""
    with connection.cursor() as cursor:
        cursor.execute(PASSED)
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


def now() -> dt.datetime:
    """What the store would stamp."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {STAMP}")
        return cursor.fetchone()[0]  # type: ignore[no-any-return]
