"""The tables of the outbox, and how a connection to them is opened: write-ahead log, every commit
on the disk before it is told (SQLite, PRAGMA synchronous=FULL).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

APPLICATION = 0x784C7367  # "xLsg", PRAGMA application_id: this file is an outbox
VERSION = 1
BUSY_SECONDS = 60  # another process of the agent commits
CACHE_KIB = 8 * 1024
LOG_BYTES = 16 * 1024 * 1024  # to which the write-ahead log is cut

# A record has one row for ever. newest_*: what was added last, by which the same content is known
# again. sent_*: the newest that stands on the platform, by which both sides are compared; where
# none does, the newest that was refused, or waits.
# An item has a row until some days after its receipt. A batch is the items of its stream from
# first_seq to last_seq: it is formed by its row alone, before it is sent.
TABLES = """
CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE streams (
  stream INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  next_number INTEGER,               -- NULL: the platform must say it
  formed_seq INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE records (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL, type TEXT NOT NULL, record TEXT NOT NULL,
  newest_version INTEGER NOT NULL, newest_mark BLOB NOT NULL,
  newest_seq INTEGER NOT NULL,
  sent_version INTEGER, sent_hash TEXT NOT NULL DEFAULT '', sent_day TEXT NOT NULL DEFAULT '',
  sent_state TEXT NOT NULL DEFAULT '', sent_seq INTEGER NOT NULL DEFAULT 0,
  sent_stream INTEGER NOT NULL DEFAULT 0,
  at TEXT NOT NULL DEFAULT '',
  UNIQUE (source, type, record)
);
CREATE TABLE items (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  stream INTEGER NOT NULL,
  record INTEGER NOT NULL REFERENCES records,
  size INTEGER NOT NULL,
  digest BLOB NOT NULL,              -- SHA-256 of line, or of line, \\n and body
  added REAL NOT NULL,
  line BLOB NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX items_stream ON items (stream, seq, size, digest, added);
CREATE TABLE batches (
  id INTEGER PRIMARY KEY,
  stream INTEGER NOT NULL, number INTEGER NOT NULL,
  first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  items INTEGER NOT NULL, root TEXT NOT NULL, header TEXT NOT NULL,
  state TEXT NOT NULL,               -- formed, accepted (202), done, void
  attempts INTEGER NOT NULL DEFAULT 0,
  formed REAL NOT NULL, done REAL, location TEXT NOT NULL DEFAULT '',
  receipt TEXT NOT NULL DEFAULT '', signature TEXT NOT NULL DEFAULT '',
  key TEXT NOT NULL DEFAULT '', bodies INTEGER NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX batches_number ON batches (stream, number) WHERE state <> 'void';
CREATE INDEX batches_open ON batches (stream, number) WHERE state IN ('formed', 'accepted');
CREATE INDEX batches_bodies ON batches (done) WHERE state = 'done' AND bodies;
CREATE TABLE refusals (
  seq INTEGER PRIMARY KEY,           -- of the item
  record INTEGER NOT NULL REFERENCES records,
  batch INTEGER NOT NULL REFERENCES batches,
  version INTEGER NOT NULL, outcome TEXT NOT NULL, rule TEXT NOT NULL, field TEXT NOT NULL,
  at TEXT NOT NULL, since REAL NOT NULL, words TEXT NOT NULL -- the dead letter, JSON
);
CREATE INDEX refusals_record ON refusals (record);
CREATE INDEX refusals_rule ON refusals (rule, field);
"""


def connect_outbox(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """A connection whose transactions are begun by hand. Raises sqlite3.Error."""
    mode = "rwc" if create else "rw"
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        connection.execute("PRAGMA temp_store=FILE")
        connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(
        f"BEGIN IMMEDIATE;{TABLES}PRAGMA application_id={APPLICATION};"
        f"PRAGMA user_version={VERSION};COMMIT;"
    )
