"""The store's clock is the database's: each row is stamped in the statement that writes it,
never before the version that it replaces, nor before a time that was announced as passed
(docs/adr/0039).
"""

import datetime as dt

from django.db import connection

# The beginning of the transaction, and never before the floor, wherever the server's clock was set
# since.
STAMP_SQL = "greatest(date_trunc('milliseconds', now()), (SELECT floor FROM record_clock))"
NEXT_STAMP_SQL = STAMP_SQL.replace(
    "greatest(", "greatest(last_updated + interval '1 millisecond', ", 1
)
RAISE_FLOOR_SQL = (
    "UPDATE record_clock SET floor = greatest(floor, date_trunc('milliseconds', clock_timestamp()))"
    " RETURNING floor"
)


def raise_clock_floor() -> dt.datetime:
    """This moment: nothing is stamped before it by any statement that begins once this is
    committed.
    """
    with connection.cursor() as cursor:
        cursor.execute(RAISE_FLOOR_SQL)
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


def fetch_current_stamp() -> dt.datetime:
    """What the store would stamp."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {STAMP_SQL}")
        return cursor.fetchone()[0]  # type: ignore[no-any-return]
