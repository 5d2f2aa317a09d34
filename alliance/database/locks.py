"""What changes tables beside the running site waits for their locks only for a moment: whoever
queues for a lock that keeps readers out keeps out all who come after (docs/adr/0039).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable

from alliance.database.connection_settings import owner_connection_string

T = TypeVar("T")
WAIT = "2s"
TRIES, PAUSE = 15, 1.0
SETUP_LOCK = 0x584953  # "XIS": the advisory lock of the one setup


@contextmanager
def brief_lock_timeout() -> Iterator[None]:
    """A transaction whose statements give up where they would wait longer."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{WAIT}'")
        yield


def retry_on_lock(work: Callable[[], T], tries: int = 0) -> T:
    """What the work returns as soon as it gets its locks. The work is a transaction, or can be
    begun anew. Raises OperationalError, caused by LockNotAvailable, after the last try.
    """
    left = tries or TRIES
    while True:
        try:
            return work()
        except OperationalError as error:
            left -= 1
            if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected) or not left:
                raise
        time.sleep(PAUSE)


@contextmanager
def single_setup_lock(tell: Callable[[str], None]) -> Iterator[None]:
    """One at a time on one database, over a connection of its own. The others ask again and
    again instead of waiting in PostgreSQL: a statement that waits keeps a snapshot, and an index
    that is made beside the site waits for every snapshot.
    """
    with psycopg.connect(owner_connection_string(), autocommit=True) as link:
        told = False
        while not link.execute("SELECT pg_try_advisory_lock(%s)", [SETUP_LOCK]).fetchone()[0]:  # type: ignore[index]
            if not told:
                tell(
                    "Another setup is at work on this database: this one waits until it has ended."
                )
                told = True
            time.sleep(PAUSE)
        yield
