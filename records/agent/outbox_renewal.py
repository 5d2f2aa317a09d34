"""Check an outbox, and begin another where one is lost or damaged: only when a person says so. What
was not sent and can still be read is taken over.
"""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path
from typing import Iterator

from .item import Item
from .outbox import Outbox
from .outbox_schema import connect_outbox

SUFFIXES = ("", "-wal", "-shm")


def check_outbox(home: Path) -> list[str]:
    """What SQLite finds wrong; nothing where it is whole. Raises OutboxMissing, OutboxDamaged."""
    Outbox(home).close()
    connection = connect_outbox(home / "outbox.db")
    try:
        rows = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
    except sqlite3.Error as error:
        return [str(error)]
    finally:
        connection.close()
    return [] if rows == ["ok"] else rows


def renew_outbox(home: Path, streams: int) -> tuple[Path | None, int]:
    """Where the old one lies now (None: there was none), and how many items were taken over."""
    path = home / "outbox.db"
    aside = None
    if path.exists():
        aside = path.with_name(f"outbox-{time.strftime('%Y%m%d-%H%M%S')}.db")
        for suffix in SUFFIXES:
            old = path.with_name(path.name + suffix)
            if old.exists():
                old.replace(aside.with_name(aside.name + suffix))
    marker = path.with_suffix(".id")
    if marker.exists():
        marker.unlink()
    outbox = Outbox(home, streams)
    try:
        saved = outbox.add_items(read_unsent(aside)).added if aside is not None else 0
        return aside, saved
    finally:
        outbox.close()


def read_unsent(path: Path) -> Iterator[Item]:
    """What has no receipt, in its order, as far as the file can be read. Versions stay as they
    were counted: the platform may have them already.
    """
    try:
        connection = connect_outbox(path)
    except sqlite3.Error:
        return
    try:
        answered = read_answered(connection)
        rows = connection.execute("SELECT seq, stream, line, body FROM items ORDER BY seq")
        while True:
            try:
                row = rows.fetchone()
            except sqlite3.Error:
                return
            if row is None:
                return
            seq, stream, line, body = row
            if seq > answered.get(stream, 0):
                yield item_from_line(line, body)
    except sqlite3.Error:
        return
    finally:
        connection.close()


def read_answered(connection: sqlite3.Connection) -> dict[int, int]:
    """The last item of each stream that has a receipt; nothing where that cannot be read, so that
    all is sent again, which does no harm.
    """
    try:
        return dict(
            connection.execute(
                "SELECT stream, max(last_seq) FROM batches WHERE state = 'done' GROUP BY stream"
            ).fetchall()
        )
    except sqlite3.Error:
        return {}


def item_from_line(line: bytes, body: bytes) -> Item:
    said = json.loads(line)
    return Item(
        source=said["source"],
        type=said["type"],
        record=said["record"],
        body=body,
        version=said["version"],
        action=said.get("action", "put"),
        day=said.get("day", ""),
        patient=said.get("patient", ""),
        at=said.get("at", ""),
    )
