"""Data keys: one for each hospital at a time, wrapped with the installation's master key, each a
row that is part of every backup.

A key is committed by a connection of its own before anything is encrypted with it, so that no
rolled-back transaction takes with it the key of what others wrote. Keys stay for ever: old bodies,
and old backups, name them.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from alliance.encryption.master_key import KeyNotFound, load_master_keys, unwrap_key, wrap_key

# seconds that a process may go on with a key, or a dictionary, after another one has become the
# current
BELIEVED_SECONDS = 60.0
lock = threading.Lock()
ciphers: dict[int, AESGCM] = {}
newest: dict[int, tuple[int, float]] = {}  # hospital -> (key, until when it is believed)


@contextmanager
def separate_connection() -> Iterator[Any]:
    """A cursor of a connection and transaction of its own."""
    copy = connection.copy()
    try:
        with copy.cursor() as cursor:
            yield cursor
    finally:
        copy.close()


def get_current_key(hospital_id: int) -> tuple[int, AESGCM]:
    """The key that new bodies of the hospital get; made when there is none."""
    key_number, believed_until = newest.get(hospital_id, (0, 0.0))
    if believed_until < time.monotonic():
        with lock, separate_connection() as cursor:
            cursor.execute(
                "SELECT max(id) FROM record_key WHERE hospital = %s AND retired_at IS NULL",
                [hospital_id],
            )
            key_number = cursor.fetchone()[0] or create_key(cursor, hospital_id)
            newest[hospital_id] = (key_number, time.monotonic() + BELIEVED_SECONDS)
    return key_number, get_cipher(key_number)


def create_key(cursor: Any, hospital_id: int) -> int:
    """A new key, committed; of two processes that find none, each makes one, and both are good.
    The table's lock comes before the look at the master key, so that a change of master
    (rewrite.rewrap) sees either the row or its lock.
    """
    cursor.execute("BEGIN")
    cursor.execute("LOCK TABLE record_key IN ROW EXCLUSIVE MODE")
    cursor.execute(
        "INSERT INTO record_key (hospital, wrapped) VALUES (%s, %s) RETURNING id",
        [
            hospital_id,
            wrap_key(load_master_keys()[-1], AESGCM.generate_key(256), f"hospital/{hospital_id}"),
        ],
    )
    key_number = int(cursor.fetchone()[0])
    cursor.execute("COMMIT")
    return key_number


def get_cipher(key_number: int) -> AESGCM:
    """Raises NoKey."""
    cipher = ciphers.get(key_number)
    if cipher is None:
        with separate_connection() as cursor:
            cursor.execute("SELECT hospital, wrapped FROM record_key WHERE id = %s", [key_number])
            row = cursor.fetchone()
        if row is None:
            raise KeyNotFound(
                f"the database has no key {key_number}: it is a row of record_key, which every"
                " backup"
                " holds"
            )
        cipher = ciphers[key_number] = AESGCM(unwrap_key(row[1], f"hospital/{row[0]}"))
    return cipher
