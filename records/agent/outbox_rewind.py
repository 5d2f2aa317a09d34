"""Go back in a stream: where the platform was restored from a backup (410), where another outbox of
this system has numbered batches since, and where a batch was too large (413).
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from .outbox_receipts import note_outcome, note_refusal

if TYPE_CHECKING:
    from .outbox_batches import Batch


def rewind_stream(
    connection: sqlite3.Connection, stream: int, number: int | None, next_number: int | None
) -> int:
    """Unmake batches from `number` on (None: those without a receipt); their items are batched anew
    from `next_number` (None: the platform must say it). The answer: how many items have no body any
    more. Their records count as never added, so that the same content is taken again.
    """
    if number is None:
        open_one = connection.execute(
            "SELECT min(number) FROM batches WHERE stream = ? AND state IN ('formed', 'accepted')",
            (stream,),
        ).fetchone()[0]
        number = open_one if open_one is not None else 2**62
    first = connection.execute(
        "SELECT min(first_seq) FROM batches WHERE stream = ? AND number >= ? AND state <> 'void'",
        (stream, number),
    ).fetchone()[0]
    connection.execute("UPDATE streams SET next_number = ? WHERE stream = ?", (next_number, stream))
    if first is None:
        return 0
    connection.execute(
        "UPDATE batches SET state = 'void' WHERE stream = ? AND number >= ? AND state <> 'void'",
        (stream, number),
    )
    connection.execute("UPDATE streams SET formed_seq = ? WHERE stream = ?", (first - 1, stream))
    connection.execute(
        "DELETE FROM refusals WHERE seq >= ? AND EXISTS (SELECT 1 FROM items i WHERE"
        " i.seq = refusals.seq AND i.stream = ?)",
        (first, stream),
    )
    return forget_lost(connection, stream, first)


def forget_lost(connection: sqlite3.Connection, stream: int, first: int) -> int:
    """Records of this stream whose last answer was in what was unmade, and whose body is gone."""
    gone = 0
    for (record,) in connection.execute(
        "SELECT r.id FROM records r WHERE r.sent_seq >= ? AND r.sent_stream = ?"
        " AND NOT EXISTS (SELECT 1 FROM items i WHERE i.seq = r.sent_seq)",
        (first, stream),
    ).fetchall():
        gone += connection.execute(
            "UPDATE records SET sent_state = 'lost', newest_mark = x'' WHERE id = ?"
            " AND newest_seq = sent_seq",
            (record,),
        ).rowcount
    return gone


def set_aside(connection: sqlite3.Connection, batch: Batch, words: dict[str, Any]) -> None:
    """words: the platform's {"error", "zh", "en"}."""
    connection.execute("UPDATE batches SET state = 'void' WHERE id = ?", (batch.id,))
    connection.execute(
        "UPDATE streams SET next_number = ? WHERE stream = ?", (batch.number, batch.stream)
    )
    record, line = connection.execute(
        "SELECT record, line FROM items WHERE seq = ?", (batch.first_seq,)
    ).fetchone()
    item, why = json.loads(line), {"zh": words.get("zh", ""), "en": words.get("en", "")}
    letter = {"outcome": "refused", "rule": f"batch.{words.get('error', 'refused')}", "why": why}
    note_outcome(connection, batch.first_seq, batch.stream, record, item, "refused")
    note_refusal(connection, batch.id, batch.first_seq, record, item, letter)
