"""Keep what the test server knows, in memory or in one SQLite file: one connection, one writer."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

FILE = "test-server.db"
SCHEMA = """
CREATE TABLE IF NOT EXISTS systems (client TEXT PRIMARY KEY, hospital TEXT, name TEXT, jwk TEXT,
  secret TEXT, witness TEXT);
CREATE TABLE IF NOT EXISTS codes (code TEXT PRIMARY KEY, hospital TEXT, made REAL, client TEXT);
CREATE TABLE IF NOT EXISTS streams (client TEXT, name TEXT, next INTEGER, done INTEGER,
  PRIMARY KEY (client, name));
CREATE TABLE IF NOT EXISTS batches (client TEXT, stream TEXT, number INTEGER, root TEXT,
  due REAL, data BLOB, platform TEXT, answer BLOB, PRIMARY KEY (client, stream, number));
CREATE TABLE IF NOT EXISTS ledger (hospital TEXT, source TEXT, type TEXT, record TEXT,
  id TEXT, version INTEGER, hash TEXT, day TEXT, state TEXT,
  PRIMARY KEY (hospital, source, type, record));
CREATE INDEX IF NOT EXISTS ledger_id ON ledger (hospital, type, id);
CREATE TABLE IF NOT EXISTS resources (hospital TEXT, type TEXT, id TEXT, version INTEGER,
  deleted INTEGER, body BLOB, at REAL, person TEXT, PRIMARY KEY (hospital, type, id));
CREATE TABLE IF NOT EXISTS refs (hospital TEXT, type TEXT, id TEXT, target TEXT,
  PRIMARY KEY (hospital, type, id, target));
CREATE INDEX IF NOT EXISTS refs_target ON refs (hospital, target);
CREATE TABLE IF NOT EXISTS letters (id INTEGER PRIMARY KEY, hospital TEXT, client TEXT, stream TEXT,
  number INTEGER, item INTEGER, source TEXT, type TEXT, record TEXT, version INTEGER, day TEXT,
  at TEXT, state TEXT, rule TEXT, field TEXT, faults TEXT, line BLOB, body BLOB, made REAL,
  settled REAL);
CREATE INDEX IF NOT EXISTS letters_state ON letters (hospital, state, rule, field);
CREATE TABLE IF NOT EXISTS changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, hospital TEXT,
  type TEXT, id TEXT, person TEXT, at REAL);
CREATE INDEX IF NOT EXISTS changes_record ON changes (hospital, type, id);
CREATE TABLE IF NOT EXISTS identifiers (identifier TEXT PRIMARY KEY, person TEXT);
CREATE TABLE IF NOT EXISTS leaves (number INTEGER PRIMARY KEY, hash BLOB);
CREATE TABLE IF NOT EXISTS cosignatures (client TEXT, size INTEGER, line TEXT);
CREATE TABLE IF NOT EXISTS marks (client TEXT, behaviour TEXT, at REAL,
  PRIMARY KEY (client, behaviour));
"""


class Database:
    """Of all threads; a transaction has it alone."""

    def __init__(self, folder: Path | None) -> None:
        name = str(folder / FILE) if folder else ":memory:"
        self.lock = threading.RLock()
        self._connection = sqlite3.connect(name, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def write(self, statement: str, *values: Any) -> int:
        """The number of the row that was inserted."""
        with self.lock:
            return int(self._connection.execute(statement, values).lastrowid or 0)

    def change(self, statement: str, *values: Any) -> int:
        """How many rows were changed."""
        with self.lock:
            return int(self._connection.execute(statement, values).rowcount)

    def rows(self, statement: str, *values: Any) -> list[Any]:
        with self.lock:
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> Any:
        """None where there is none."""
        with self.lock:
            return self._connection.execute(statement, values).fetchone()

    def close(self) -> None:
        with self.lock:
            self._connection.close()
