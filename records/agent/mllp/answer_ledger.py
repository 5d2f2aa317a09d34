"""Remember which messages were taken, and the answer that each got: the same message again gets the
same answer, another one under its number is told.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from pathlib import Path
from typing import Iterable

KEPT_SECONDS = 30 * 86_400
CLEANED_EVERY = 5_000  # answers
TABLE = (
    "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, content BLOB NOT NULL,"
    " answer BLOB NOT NULL, at REAL NOT NULL) WITHOUT ROWID"
)


def message_key(sender: str, control_id: str) -> bytes:
    """16 bytes: whose message, and its number (MSH-3, MSH-4, MSH-10)."""
    return hashlib.sha256(f"{sender}\n{control_id}".encode()).digest()[:16]


def content_key(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


class AnswerLedger:
    """What it forgets when the power goes is done again, to no effect: the outbox knows what it
    has. One that is damaged is put aside and begun anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._since_cleaned = CLEANED_EVERY
        try:
            self._connection = self._open()
        except sqlite3.DatabaseError:
            path.replace(path.with_name(f"{path.name}.damaged"))
            for rest in ("-wal", "-shm"):
                beside = path.with_name(path.name + rest)
                if beside.exists():
                    beside.unlink()
            self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            str(self.path), check_same_thread=False, isolation_level=None, timeout=30
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(TABLE)
        connection.execute("SELECT count(*) FROM (SELECT 1 FROM answers LIMIT 1)")
        return connection

    def find(self, key: bytes) -> tuple[bytes, bytes] | None:
        """(content, answer) of a message that was taken."""
        with self._lock:
            row = self._connection.execute(
                "SELECT content, answer FROM answers WHERE key = ?", (key,)
            ).fetchone()
        return (row[0], row[1]) if row else None

    def add(self, answers: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        """(key, content, answer) each."""
        now = time.time()
        rows = [(*a, now) for a in answers]
        if not rows:
            return
        with self._lock:
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", rows)
            self._since_cleaned += len(rows)
            if self._since_cleaned >= CLEANED_EVERY:
                self._since_cleaned = 0
                self._connection.execute("DELETE FROM answers WHERE at < ?", (now - KEPT_SECONDS,))
            self._connection.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            self._connection.close()
