"""Form batches of the outbox, number them, and write down what the platform answered. A batch is on
the disk before it is sent, so that a crash sends the same bytes under the same number.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterator

from .outbox_faults import OutboxDamaged
from .outbox_receipts import apply_receipt, change_refusal, settle_refusal
from .outbox_rewind import rewind_stream, set_aside

if TYPE_CHECKING:
    from .outbox import Outbox

MOST_ITEMS = 1000
MOST_BYTES = 2 * 1024 * 1024
COLUMNS = "id, stream, number, first_seq, last_seq, items, root, header, state, attempts, location"


@dataclass(frozen=True)
class Batch:
    """location: where its receipt is asked for, once it was accepted (202)."""

    id: int
    stream: int
    number: int
    first_seq: int
    last_seq: int
    items: int
    root: str
    header: str
    state: str
    attempts: int
    location: str


class BatchBook:
    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox

    def list_streams(self) -> list[tuple[int, str, int | None]]:
        """(stream, name, the number that comes next, or None where the platform must say it)."""
        return self.outbox.read(
            "SELECT stream, name, next_number FROM streams ORDER BY stream"
        ).fetchall()

    def streams_with_work(self) -> list[int]:
        return [
            row[0]
            for row in self.outbox.read(
                "SELECT stream FROM streams s WHERE EXISTS (SELECT 1 FROM batches b WHERE"
                " b.stream = s.stream AND b.state IN ('formed', 'accepted')) OR EXISTS (SELECT 1"
                " FROM items i WHERE i.stream = s.stream AND i.seq > s.formed_seq) ORDER BY stream"
            )
        ]

    def open_batches(self, stream: int) -> list[Batch]:
        """Those without a receipt, in their order."""
        return [
            Batch(*row)
            for row in self.outbox.read(
                f"SELECT {COLUMNS} FROM batches WHERE stream = ? AND state IN"
                " ('formed', 'accepted') ORDER BY number",
                (stream,),
            )
        ]

    def last_answered(self, stream: int) -> int:
        """The number of the last batch with a receipt; 0 without one."""
        return int(
            self.outbox.read(
                "SELECT coalesce(max(number), 0) FROM batches WHERE stream = ? AND state = 'done'",
                (stream,),
            ).fetchone()[0]
        )

    def form_batch(
        self, stream: int, most_items: int = MOST_ITEMS, most_bytes: int = MOST_BYTES
    ) -> Batch | None:
        """The next batch of a stream, on the disk; None where nothing waits, or where the platform
        must first say which number comes next.
        """
        batch: Batch | None = self.outbox.write(
            lambda connection: form_batch(connection, stream, most_items, most_bytes)
        )
        return batch

    def iterate_lines(self, batch: Batch) -> Iterator[bytes]:
        """The batch as it is sent, line by line. Raises OutboxDamaged where it is not what was
        formed.
        """
        yield batch.header.encode() + b"\n"
        root, found = hashlib.sha256(), 0
        for line, body in self.outbox.read(
            "SELECT line, body FROM items WHERE stream = ? AND seq BETWEEN ? AND ? ORDER BY seq",
            (batch.stream, batch.first_seq, batch.last_seq),
        ):
            whole = line + b"\n" + body if body else line
            root.update(hashlib.sha256(whole).digest())
            found += 1
            yield whole + b"\n"
        if found != batch.items or root.hexdigest() != batch.root:
            raise OutboxDamaged(
                self.outbox.path, f"batch {batch.stream}/{batch.number} is not what was formed"
            )

    def note_attempt(self, batch: Batch) -> None:
        self.outbox.write(
            lambda connection: (
                connection.execute(
                    "UPDATE batches SET attempts = attempts + 1 WHERE id = ?", (batch.id,)
                )
                and None
            )
        )

    def note_accepted(self, batch: Batch, location: str) -> None:
        self.outbox.write(
            lambda connection: (
                connection.execute(
                    "UPDATE batches SET state = 'accepted', location = ? WHERE id = ?",
                    (location, batch.id),
                )
                and None
            )
        )

    def note_receipt(self, batch: Batch, answer: dict[str, Any]) -> None:
        """answer: what the platform said, its signature verified by the caller."""
        self.outbox.write(lambda connection: apply_receipt(connection, batch, answer))

    def change_refusal(self, seq: int, outcome: str, letter: dict[str, Any]) -> None:
        self.outbox.write(lambda connection: change_refusal(connection, seq, outcome, letter))

    def settle_refusal(self, seq: int, mended: bool) -> None:
        self.outbox.write(lambda connection: settle_refusal(connection, seq, mended))

    def set_aside(self, batch: Batch, words: dict[str, Any]) -> None:
        """A batch of one item that the platform cannot even read: kept as refused, in its words;
        its number is free.
        """
        self.outbox.write(lambda connection: set_aside(connection, batch, words))

    def set_next_number(self, stream: int, number: int) -> None:
        self.outbox.write(
            lambda connection: (
                connection.execute(
                    "UPDATE streams SET next_number = ? WHERE stream = ? AND next_number IS NULL",
                    (number, stream),
                )
                and None
            )
        )

    def rewind(self, stream: int, number: int | None, next_number: int | None) -> int:
        """Unmake the batches from `number` on (None: those without a receipt), so that their items
        are batched anew from `next_number`; how many items have no body any more.
        """
        return int(
            self.outbox.write(
                lambda connection: rewind_stream(connection, stream, number, next_number)
            )
        )

    def drop_bodies(self, days: float, most: int = 5000) -> int:
        """Forget what was answered for so many days ago, but not what was refused. How many."""
        before = time.time() - days * 86400
        return int(self.outbox.write(lambda connection: drop_bodies(connection, before, most)))


def form_batch(
    connection: sqlite3.Connection, stream: int, most_items: int, most_bytes: int
) -> Batch | None:
    name, number, formed = connection.execute(
        "SELECT name, next_number, formed_seq FROM streams WHERE stream = ?", (stream,)
    ).fetchone()
    if number is None:
        return None
    root, total, first, last, items = hashlib.sha256(), 0, 0, 0, 0
    for seq, size, digest in connection.execute(
        "SELECT seq, size, digest FROM items WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?",
        (stream, formed, most_items),
    ):
        if items and total + size > most_bytes:
            break
        root.update(digest)
        total, first, last, items = total + size, first or seq, seq, items + 1
    if not items:
        return None
    header = json.dumps(
        {"stream": name, "number": number, "items": items, "root": root.hexdigest()},
        separators=(",", ":"),
    )
    row = connection.execute(
        "INSERT INTO batches (stream, number, first_seq, last_seq, items, root, header, state,"
        " formed) VALUES (?, ?, ?, ?, ?, ?, ?, 'formed', ?)",
        (stream, number, first, last, items, root.hexdigest(), header, time.time()),
    ).lastrowid
    connection.execute(
        "UPDATE streams SET next_number = ?, formed_seq = ? WHERE stream = ?",
        (number + 1, last, stream),
    )
    return Batch(
        int(row or 0),
        stream,
        number,
        first,
        last,
        items,
        root.hexdigest(),
        header,
        "formed",
        0,
        "",
    )


def drop_bodies(connection: sqlite3.Connection, before: float, most: int) -> int:
    batches = connection.execute(
        "SELECT id, stream, first_seq, last_seq FROM batches WHERE state = 'done' AND bodies"
        " AND done < ? ORDER BY done LIMIT ?",
        (before, max(1, most // MOST_ITEMS)),
    ).fetchall()
    dropped = 0
    for batch, stream, first, last in batches:
        dropped += connection.execute(
            "DELETE FROM items WHERE stream = ? AND seq BETWEEN ? AND ?"
            " AND NOT EXISTS (SELECT 1 FROM refusals f WHERE f.seq = items.seq)",
            (stream, first, last),
        ).rowcount
        connection.execute("UPDATE batches SET bodies = 0 WHERE id = ?", (batch,))
    return dropped
