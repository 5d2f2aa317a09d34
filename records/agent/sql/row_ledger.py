"""Remember of each view what its rows said (a hash), and which rows were refused and why."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Iterable, Sequence

TABLES = """
CREATE TABLE IF NOT EXISTS rows (view TEXT, key TEXT, hash BLOB, scan INTEGER, type TEXT,
  record TEXT, patient TEXT, day TEXT, PRIMARY KEY (view, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (view TEXT, key TEXT, told TEXT, at REAL,
  PRIMARY KEY (view, key)) WITHOUT ROWID;
"""


class RowLedger:
    """path: `sql.db` in the agent's home. Of one thread."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(str(path), isolation_level=None, timeout=30)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.executescript(TABLES)

    def hash_of(self, view: str, key: str) -> bytes | None:
        row = self.connection.execute(
            "SELECT hash FROM rows WHERE view = ? AND key = ?", (view, key)
        ).fetchone()
        return row[0] if row else None

    def last_scan(self, view: str) -> int:
        found = self.connection.execute("SELECT max(scan) FROM rows WHERE view = ?", (view,))
        return int(found.fetchone()[0] or 0)

    def note_seen(self, view: str, scan: int, keys: Iterable[str]) -> None:
        self._many(
            "UPDATE rows SET scan = ? WHERE view = ? AND key = ?", [(scan, view, k) for k in keys]
        )

    def note_rows(self, rows: list[tuple[str, str, bytes, int, str, str, str, str]]) -> None:
        self._many("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def vanished(self, view: str, scan: int) -> list[tuple[str, str, str, str, str]]:
        """(key, type, record, patient, day) of rows that the scan did not see."""
        return self.connection.execute(
            "SELECT key, type, record, patient, day FROM rows WHERE view = ? AND scan < ?",
            (view, scan),
        ).fetchall()

    def count(self, view: str) -> int:
        found = self.connection.execute("SELECT count(*) FROM rows WHERE view = ?", (view,))
        return int(found.fetchone()[0])

    def forget(self, view: str, keys: Iterable[str]) -> None:
        self._many("DELETE FROM rows WHERE view = ? AND key = ?", [(view, k) for k in keys])

    def note_refused(self, view: str, told: dict[str, str], mended: Iterable[str]) -> None:
        """told: key → why, as lines of a report."""
        now = time.time()
        self._many("DELETE FROM refused WHERE view = ? AND key = ?", [(view, k) for k in mended])
        self._many(
            "INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?)",
            [(view, key, words, now) for key, words in told.items()],
        )

    def refused(self, view: str, most: int) -> list[tuple[str, str]]:
        """(key, why), the oldest first."""
        return self.connection.execute(
            "SELECT key, told FROM refused WHERE view = ? ORDER BY at, key LIMIT ?", (view, most)
        ).fetchall()

    def _many(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            self.connection.execute("BEGIN")
            self.connection.executemany(statement, rows)
            self.connection.execute("COMMIT")

    def close(self) -> None:
        self.connection.close()
