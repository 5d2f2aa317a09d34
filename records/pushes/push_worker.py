"""The processes that do pushes: one at a time, of each system the first, until none has come for
a while.
"""

import logging
import time

from django.db import Error, transaction

from alliance.database.connections import drop_dead_connections
from alliance.encryption.master_key import KeyNotFound
from alliance.platform.database_away import close_connections, find_away_cause, find_retryable_cause
from records.fhir.operation_outcome import outcome_from_error
from records.pushes import push
from records.store import push_queue

log = logging.getLogger("xinglin.push")
LARGE = 256 * 1024  # bytes; smaller ones of other systems come before
TRIES = 12  # after which one that nobody could do is given up, so that those behind it are done
PAUSE, LINGER_SECONDS = 0.05, 3.0  # seconds between looks; without any before the process ends
AWAY = 1.0  # seconds before a database that is away is asked again
PATIENCE = 600.0


def run_pushes(linger: float = 0.0) -> int:
    """Do pushes until none has come for `linger` seconds; how many were done."""
    count, last = 0, time.monotonic()
    while True:
        did_one = try_next_push()
        count += did_one is True
        if did_one is not None:
            last = time.monotonic()
        elif time.monotonic() - last >= linger:
            return count
        if not did_one:
            time.sleep(PAUSE)


def try_next_push() -> bool | None:
    """True: one was done. False: it was tried, and is tried again. None: there is none to do.
    Waits for a database that is away; raises where it stays so.
    """
    limit = time.monotonic() + PATIENCE
    while True:
        drop_dead_connections()
        try:
            return run_next_push()
        except Error as error:
            if not find_away_cause(error) or time.monotonic() > limit:
                raise
            log.warning(
                "PUSH503 the database is away, and pushes wait until it is back: %s",
                find_away_cause(error),
            )
            close_connections()
            time.sleep(AWAY)


def run_next_push() -> bool | None:
    begun = push_queue.begin_push(LARGE)
    if begun is None:
        return None
    number, tries = begun
    try:
        with transaction.atomic():
            locked_push = push_queue.lock_push(number)
            if locked_push is None:
                return False
            if tries > TRIES:
                push.fail_push(locked_push, RuntimeError())
                log.error("PUSH500 a push could not be done and was given up: %s", locked_push.id)
            else:
                push.run_push(locked_push)
        return True
    except Exception as error:
        if find_away_cause(error) or isinstance(error, KeyNotFound):
            raise
        if busy := find_retryable_cause(error):
            log.warning("PUSH503 a push is tried again: %s", busy)
            time.sleep(PAUSE * tries)
            return False
        if outcome_from_error(error)[0] >= 500:
            log.exception("PUSH500 a push failed")
        fail_push_by_number(number, error)
        return True


def fail_push_by_number(number: int, error: Exception) -> None:
    with transaction.atomic():
        if locked_push := push_queue.lock_push(number):
            push.fail_push(locked_push, error)
