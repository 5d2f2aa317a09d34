"""The outbox: what on-ramps add is on the disk when `add_items` returns, and stays until the
platform has answered for it (docs/sync.md). Any number of threads, and other processes beside.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Iterable, Iterator, Tuple

from .disk_room import DiskRoom
from .group_commit import GroupCommit, Work
from .item import Item
from .item_line import (
    build_item_line,
    check_item,
    digest_of_item,
    mark_of_content,
    stream_of_item,
)
from .outbox_batches import BatchBook
from .outbox_faults import DiskFull, OutboxDamaged, OutboxMissing, OutboxNewer
from .outbox_schema import APPLICATION, VERSION, connect_outbox, make_tables
from .outbox_status import OutboxState, read_outbox_state

STREAMS = 8
CHUNK = 500  # items a transaction
SAVED = "INSERT INTO kept VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
Digest = Tuple[str, str, int, str, str, str, str]


@dataclass(frozen=True)
class AddedCounts:
    added: int = 0
    unchanged: int = 0

    def __add__(self, other: AddedCounts) -> AddedCounts:
        return AddedCounts(self.added + other.added, self.unchanged + other.unchanged)


class Outbox:
    """home: the folder; beside `outbox.db` lies `outbox.id`, which says that there was one.

    Opening makes an outbox where neither is there. Raises an OutboxFault.
    """

    def __init__(self, home: Path, streams: int = STREAMS) -> None:
        self.home = home
        self.path = home / "outbox.db"
        self.room = DiskRoom(home)
        self._threads = threading.local()
        self._readers: set[sqlite3.Connection] = set()
        self._lock = threading.Lock()
        self.added = threading.Event()  # something was, by this process
        self.doubtful: set[str] = set()  # streams of which the platform may know less than we do
        self.made = open_or_make(self.path, streams)
        self._writer = GroupCommit(lambda: connect_outbox(self.path), self._name_fault)
        try:
            self.streams = int(self.kept("streams") or 0)
        except sqlite3.Error as error:
            raise OutboxDamaged(self.path, str(error)) from error
        self.batches = BatchBook(self)

    # --- for on-ramps

    def add_items(self, items: Iterable[Item]) -> AddedCounts:
        """Durable when it returns. The same content of a record again is `unchanged`. Raises
        DiskFull, and ItemFault for what no line may say; chunks before stay added.
        """
        counts, rest = AddedCounts(), iter(items)
        while chunk := list(islice(rest, CHUNK)):
            for item in chunk:
                check_item(item)
            counts += self.write(partial(self._add, chunk))
            self.added.set()
        return counts

    def requeue(self, source: str, type: str, record: str) -> bool:
        """Send the newest version of a record again; False where its body is gone."""
        return bool(self.write(lambda connection: requeue_record(connection, source, type, record)))

    def requeue_refused(self, rule: str = "") -> tuple[int, int]:
        """Send what was refused again (by one rule, or all): how many, and how many are gone."""
        refused = self.read(
            "SELECT r.source, r.type, r.record FROM refusals f JOIN records r ON r.id = f.record"
            " WHERE f.outcome = 'refused' AND ? IN ('', f.rule) ORDER BY f.seq",
            (rule,),
        ).fetchall()
        again = sum(self.requeue(*record) for record in refused)
        return again, len(refused) - again

    def keep(self, name: str, value: str) -> None:
        self.write(lambda connection: connection.execute(SAVED, (name, value)) and None)

    def kept(self, name: str) -> str | None:
        row = self.read("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def list_digests(self, source: str) -> Iterator[Digest]:
        """(type, record, version, hash, day, state, at) of each record that the platform answered
        for, by the newest version that stands there; where none does, state: refused, waiting.
        """
        yield from self.read(
            "SELECT type, record, sent_version, sent_hash, sent_day, sent_state, at FROM records"
            " WHERE source = ? AND sent_version IS NOT NULL ORDER BY type, record",
            (source,),
        )

    def list_sources(self) -> list[str]:
        return [row[0] for row in self.read("SELECT DISTINCT source FROM records ORDER BY 1")]

    # --- for the sender and the status

    def state(self) -> OutboxState:
        return read_outbox_state(self)

    def write(self, work: Work) -> Any:
        """Do work(connection) in a transaction; its answer once that is on the disk."""
        return self._writer.write(work)

    def read(self, statement: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        """Each thread reads by a connection of its own, beside the writer."""
        connection = getattr(self._threads, "connection", None)
        if connection is None:
            connection = connect_outbox(self.path)
            self._threads.connection = connection
            with self._lock:
                self._readers.add(connection)
        return connection.execute(statement, tuple(values))

    def give_back_space(self, pages: int) -> None:
        """To the disk, of what was deleted."""
        self.write(lambda connection: vacuum_pages(connection, pages))
        self.read("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @property
    def commits(self) -> int:
        return self._writer.commits

    def close_reader(self) -> None:
        """Of this thread, which ends."""
        connection = getattr(self._threads, "connection", None)
        if connection is not None:
            self._threads.connection = None
            with self._lock:
                self._readers.discard(connection)
            connection.close()

    def close(self) -> None:
        self._writer.close()
        with self._lock:
            for connection in self._readers:
                connection.close()
            self._readers.clear()
        self._threads = threading.local()

    def _add(self, items: list[Item], connection: sqlite3.Connection) -> AddedCounts:
        if not self.room.check():
            raise DiskFull(self.path, self.room.free_bytes())
        now, added, seq = time.time(), 0, last_seq(connection)
        last = counter = int(
            connection.execute("SELECT value FROM kept WHERE name = 'version'").fetchone()[0]
        )
        for item in items:
            mark = mark_of_content(item)
            row = connection.execute(
                "SELECT id, newest_version, newest_mark FROM records"
                " WHERE source = ? AND type = ? AND record = ?",
                (item.source, item.type, item.record),
            ).fetchone()
            if row and row[2] == mark:
                continue
            version = item.version
            if version is None:
                # microseconds: beyond every version counted before, even by an outbox that was lost
                version = counter = max(counter + 1, self.platform_microseconds(now))
                if row and row[1] >= version:
                    version = row[1] + 1
            seq += 1
            if row is None:
                record = (
                    connection.execute(
                        "INSERT INTO records (source, type, record, newest_version, newest_mark,"
                        " newest_seq) VALUES (?, ?, ?, ?, ?, ?)",
                        (item.source, item.type, item.record, version, mark, seq),
                    ).lastrowid
                    or 0
                )
            else:
                record = row[0]
                if version >= row[1]:
                    connection.execute(
                        "UPDATE records SET newest_version = ?, newest_mark = ?, newest_seq = ?"
                        " WHERE id = ?",
                        (version, mark, seq, record),
                    )
            line = build_item_line(item, version)
            stream = stream_of_item(item, self.streams)
            insert_item(connection, seq, stream, record, line, item.body, now)
            added += 1
        if counter != last:
            connection.execute("UPDATE kept SET value = ? WHERE name = 'version'", (str(counter),))
        return AddedCounts(added, len(items) - added)

    def platform_microseconds(self, now: float) -> int:
        """The time by the platform's clock, as far as it is known."""
        return int((now + self.clock_offset) * 1_000_000)

    clock_offset = 0.0  # seconds that the platform's clock is ahead; the context sets it

    def _name_fault(self, error: sqlite3.Error) -> BaseException:
        text = str(error)
        if "full" in text or "disk I/O error" in text:
            self.room.give_ballast()
            return DiskFull(self.path, self.room.free_bytes())
        if isinstance(error, sqlite3.OperationalError):
            return error
        if isinstance(error, sqlite3.DatabaseError):
            return OutboxDamaged(self.path, text)
        return error


def vacuum_pages(connection: sqlite3.Connection, pages: int) -> None:
    """Page by page: Python steps a statement without rows once, and each step is a page."""
    free = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
    for _ in range(min(pages, free)):
        connection.execute("PRAGMA incremental_vacuum(1)")


def last_seq(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'items'").fetchone()
    return row[0] if row else 0


def insert_item(
    connection: sqlite3.Connection,
    seq: int,
    stream: int,
    record: int,
    line: bytes,
    body: bytes,
    now: float,
) -> None:
    connection.execute(
        "INSERT INTO items (seq, stream, record, size, digest, added, line, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            seq,
            stream,
            record,
            len(line) + len(body) + 2,
            digest_of_item(line, body),
            now,
            line,
            body,
        ),
    )


def requeue_record(connection: sqlite3.Connection, source: str, type: str, record: str) -> bool:
    newest = connection.execute(
        "SELECT i.stream, i.record, i.line, i.body FROM records r JOIN items i"
        " ON i.seq = r.newest_seq WHERE r.source = ? AND r.type = ? AND r.record = ?",
        (source, type, record),
    ).fetchone()
    if newest is None:
        return False
    seq, now = last_seq(connection) + 1, time.time()
    stream, record_id, line, body = newest
    insert_item(connection, seq, stream, record_id, line, body, now)
    connection.execute("UPDATE records SET newest_seq = ? WHERE id = ?", (seq, record_id))
    return True


def open_or_make(path: Path, streams: int) -> bool:
    """Whether an outbox was made, because there never was one here."""
    marker = path.with_suffix(".id")
    if not path.exists():
        if marker.exists():
            raise OutboxMissing(path)
        make_outbox(path, streams)
        return True
    try:
        connection = connect_outbox(path)
        try:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if application != APPLICATION:
                raise OutboxDamaged(path, "not an outbox")
            if version > VERSION:
                raise OutboxNewer(path, version)
            identity = connection.execute("SELECT value FROM kept WHERE name = 'id'").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise OutboxDamaged(path, str(error)) from error
    if marker.exists() and marker.read_text().strip() != identity:
        raise OutboxDamaged(path, f"outbox.id names another one than {identity}")
    if not marker.exists():
        marker.write_text(identity + "\n")
    return False


def make_outbox(path: Path, streams: int) -> None:
    """Made aside and renamed, so that a crash leaves none or a whole one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside, identity = path.with_suffix(".new"), uuid.uuid4().hex
    aside.unlink() if aside.exists() else None
    connection = connect_outbox(aside, create=True)
    try:
        make_tables(connection)
        kept = {"id": identity, "streams": str(streams), "version": "0"}
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO kept VALUES (?, ?)", sorted(kept.items()))
        connection.executemany(
            "INSERT INTO streams (stream, name) VALUES (?, ?)",
            [(number, f"s{number}") for number in range(streams)],
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    aside.chmod(0o600)
    aside.replace(path)
    path.with_suffix(".id").write_text(identity + "\n")
