"""Write a receipt into the outbox: what became of each record, and what was refused in the
platform's words.
"""

from __future__ import annotations

import json
import sqlite3
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .outbox_batches import Batch

DONE_BY_ACTION = {"put": "stored", "delete": "deleted", "recall": "recalled"}
LEFT = ("refused", "waiting")  # outcomes after which the record is on the platform as it was


def apply_receipt(connection: sqlite3.Connection, batch: Batch, answer: dict[str, Any]) -> None:
    """answer: {"receipt", "signature", "key", "dead_letters"}. A second time it changes nothing."""
    receipt = answer["receipt"]
    told = connection.execute(
        "UPDATE batches SET state = 'done', done = ?, receipt = ?, signature = ?, key = ?"
        " WHERE id = ? AND state IN ('formed', 'accepted')",
        (
            time.time(),
            json.dumps(receipt, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
            str(answer.get("signature", "")),
            str(answer.get("key", "")),
            batch.id,
        ),
    ).rowcount
    if not told:
        return
    refused = {int(fault["item"]): fault for fault in receipt.get("refused", ())}
    letters = {int(letter["item"]): letter for letter in answer.get("dead_letters", ())}
    for place, (seq, record, line) in enumerate(
        connection.execute(
            "SELECT seq, record, line FROM items WHERE stream = ? AND seq BETWEEN ? AND ?"
            " ORDER BY seq",
            (batch.stream, batch.first_seq, batch.last_seq),
        ).fetchall()
    ):
        item = json.loads(line)
        fault = refused.get(place)
        state = fault["outcome"] if fault else DONE_BY_ACTION[item.get("action", "put")]
        note_outcome(connection, seq, batch.stream, record, item, state)
        if fault:
            note_refusal(
                connection, batch.id, seq, record, item, {**letters.get(place, {}), **fault}
            )
    for outcome, count in receipt.get("outcomes", {}).items():
        add_to_count(connection, f"outcome.{outcome}", int(count))


def note_outcome(
    connection: sqlite3.Connection,
    seq: int,
    stream: int,
    record: int,
    item: dict[str, Any],
    state: str,
) -> None:
    """An older version that comes late says nothing of its record, nor does one that was left out,
    as long as another stands there.
    """
    stands = state not in LEFT
    connection.execute(
        "UPDATE records SET sent_version = ?, sent_hash = ?, sent_day = ?, sent_state = ?,"
        " sent_seq = ?, sent_stream = ?, at = ? WHERE id = ? AND CASE"
        " WHEN sent_version IS NULL THEN 1"
        " WHEN sent_state IN ('stored', 'deleted', 'recalled') THEN ? AND sent_version <= ?"
        " ELSE ? OR sent_version <= ? END",
        (
            item["version"],
            item.get("hash", ""),
            item.get("day", ""),
            state,
            seq,
            stream,
            item.get("at", ""),
            record,
            stands,
            item["version"],
            stands,
            item["version"],
        ),
    )
    if stands:
        connection.execute(
            "DELETE FROM refusals WHERE record = ? AND version <= ?", (record, item["version"])
        )


def note_refusal(
    connection: sqlite3.Connection,
    batch: int,
    seq: int,
    record: int,
    item: dict[str, Any],
    letter: dict[str, Any],
) -> None:
    """It stands for older ones that were refused. One that waited may be done by now, or be yet:
    the platform says so (dead_letters.py).
    """
    connection.execute(
        "DELETE FROM refusals WHERE record = ?"
        " AND (version = ? OR version < ? AND outcome = 'refused')",
        (record, item["version"], item["version"]),
    )
    connection.execute(
        "INSERT INTO refusals (seq, record, batch, version, outcome, rule, field, at, since, words)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            seq,
            record,
            batch,
            item["version"],
            letter["outcome"],
            str(letter.get("rule", "")),
            str(letter.get("field", "")),
            str(item.get("at", "")),
            time.time(),
            encode_letter(letter),
        ),
    )


def add_to_count(connection: sqlite3.Connection, name: str, by: int) -> None:
    connection.execute(
        "INSERT INTO kept VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET"
        " value = CAST(CAST(value AS INTEGER) + CAST(excluded.value AS INTEGER) AS TEXT)",
        (name, str(by)),
    )


def encode_letter(letter: dict[str, Any]) -> str:
    """The platform's words, without the value: that may be a patient's."""
    words = {name: value for name, value in letter.items() if name != "value"}
    return json.dumps(words, ensure_ascii=False)


def change_refusal(
    connection: sqlite3.Connection, seq: int, outcome: str, letter: dict[str, Any]
) -> None:
    """What waited was refused in the end, or the other way round."""
    connection.execute(
        "UPDATE refusals SET outcome = ?, rule = ?, field = ?, words = ? WHERE seq = ?",
        (outcome, letter.get("rule", ""), letter.get("field", ""), encode_letter(letter), seq),
    )
    connection.execute(
        "UPDATE records SET sent_state = ? WHERE sent_seq = ? AND id ="
        " (SELECT record FROM refusals WHERE seq = ?)",
        (outcome, seq, seq),
    )


def settle_refusal(connection: sqlite3.Connection, seq: int, mended: bool) -> None:
    """It is stored now (mended); or a human of the platform has dropped it, or a later one stands
    for it.
    """
    row = connection.execute(
        "SELECT i.record, i.stream, i.line FROM refusals f JOIN items i ON i.seq = f.seq"
        " WHERE f.seq = ?",
        (seq,),
    ).fetchone()
    connection.execute("DELETE FROM refusals WHERE seq = ?", (seq,))
    if row is None:
        return
    record, stream, line = row
    item = json.loads(line)
    if mended:
        done = DONE_BY_ACTION[item.get("action", "put")]
        note_outcome(connection, seq, stream, record, item, done)
        add_to_count(connection, f"outcome.{done}", 1)
    else:
        connection.execute(
            "UPDATE records SET sent_state = 'dropped' WHERE id = ? AND sent_seq = ?",
            (record, seq),
        )
