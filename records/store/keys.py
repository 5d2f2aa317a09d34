"""Data keys: one for each hospital at a time, wrapped with the installation's master key, each a row that is part of every backup.

A key is committed by a connection of its own before anything is encrypted with it, so that no rolled-back transaction takes with it the
key of what others wrote. Keys stay for ever: old bodies, and old backups, name them.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from alliance.encryption.master import NoKey, masters, unwrap, wrap

FRESH = 60.0  # seconds that a process may go on with a key, or a dictionary, after another one has become the current
lock = threading.Lock()
ciphers: dict[int, AESGCM] = {}
newest: dict[int, tuple[int, float]] = {}  # hospital -> (key, until when it is believed)


@contextmanager
def apart() -> Iterator[Any]:
    """A cursor of a connection and transaction of its own."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            yield cursor
    finally:
        other.close()


def current(hospital: int) -> tuple[int, AESGCM]:
    """The key that new bodies of the hospital get; made when there is none."""
    key, until = newest.get(hospital, (0, 0.0))
    if until < time.monotonic():
        with lock, apart() as cursor:
            cursor.execute("SELECT max(id) FROM record_key WHERE hospital = %s AND retired_at IS NULL", [hospital])
            key = cursor.fetchone()[0] or create(cursor, hospital)
            newest[hospital] = (key, time.monotonic() + FRESH)
    return key, named(key)


def create(cursor: Any, hospital: int) -> int:
    """A new key, committed; of two processes that find none, each makes one, and both are good. The table's lock comes before the look at
    the master key, so that a change of master (rewrite.rewrap) sees either the row or its lock."""
    cursor.execute("BEGIN")
    cursor.execute("LOCK TABLE record_key IN ROW EXCLUSIVE MODE")
    cursor.execute("INSERT INTO record_key (hospital, wrapped) VALUES (%s, %s) RETURNING id", [hospital, wrap(masters()[-1], AESGCM.generate_key(256), f"hospital/{hospital}")])
    made = int(cursor.fetchone()[0])
    cursor.execute("COMMIT")
    return made


def named(key: int) -> AESGCM:
    """Raises NoKey."""
    found = ciphers.get(key)
    if found is None:
        with apart() as cursor:
            cursor.execute("SELECT hospital, wrapped FROM record_key WHERE id = %s", [key])
            row = cursor.fetchone()
        if row is None:
            raise NoKey(f"the database has no key {key}: it is a row of record_key, which every backup holds")
        found = ciphers[key] = AESGCM(unwrap(row[1], f"hospital/{row[0]}"))
    return found
