"""Read what the outbox holds: what waits, since when, and what was refused, by its cause."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .outbox import Outbox

EXAMPLES = 5


@dataclass(frozen=True)
class RefusedGroup:
    """One cause: why and mend are the platform's words; places: files and rows, a few of them."""

    rule: str
    field: str
    outcome: str
    count: int
    why: dict[str, str]
    mend: dict[str, str]
    places: tuple[str, ...]


@dataclass(frozen=True)
class OutboxState:
    """backlog: items without an answer. oldest: seconds that the oldest of them has waited.
    outcomes: how many were stored, deleted … so far; of refused and waiting those that are it now.
    """

    backlog: int
    oldest: float
    open_batches: int
    outcomes: dict[str, int]
    refused_by_source: dict[str, int]
    bytes: int
    free_bytes: int
    full: bool


def read_outbox_state(outbox: Outbox) -> OutboxState:
    backlog, oldest = 0, None
    for stream, formed in outbox.read("SELECT stream, formed_seq FROM streams").fetchall():
        unformed, since = outbox.read(
            "SELECT count(*), min(added) FROM items WHERE stream = ? AND seq > ?", (stream, formed)
        ).fetchone()
        backlog += unformed
        if since is not None and (oldest is None or since < oldest):
            oldest = since
    open_batches, items, since = outbox.read(
        "SELECT count(*), coalesce(sum(b.items), 0), min(i.added) FROM batches b"
        " LEFT JOIN items i ON i.seq = b.first_seq WHERE b.state IN ('formed', 'accepted')"
    ).fetchone()
    if since is not None and (oldest is None or since < oldest):
        oldest = since
    outcomes = {
        name.split(".", 1)[1]: int(value)
        for name, value in outbox.read("SELECT name, value FROM kept WHERE name GLOB 'outcome.*'")
    }
    outcomes.pop("refused", None)  # how many ever were says nothing to whom it has mended
    outcomes.pop("waiting", None)
    outcomes.update(outbox.read("SELECT outcome, count(*) FROM refusals GROUP BY outcome"))
    refused = dict(
        outbox.read(
            "SELECT r.source, count(*) FROM refusals f JOIN records r ON r.id = f.record"
            " WHERE f.outcome = 'refused' GROUP BY r.source"
        ).fetchall()
    )
    size = sum(
        path.stat().st_size
        for path in (outbox.path, outbox.path.with_name(outbox.path.name + "-wal"))
        if path.exists()
    )
    return OutboxState(
        backlog=backlog + items,
        oldest=max(0.0, time.time() - oldest) if oldest is not None else 0.0,
        open_batches=open_batches,
        outcomes=outcomes,
        refused_by_source=refused,
        bytes=size,
        free_bytes=outbox.room.free_bytes(),
        full=outbox.room.full or outbox.room.free_bytes() < outbox.room.least_free,
    )


def count_waiting(outbox: Outbox) -> int:
    """Records that have arrived and wait for what they refer to."""
    return int(outbox.read("SELECT count(*) FROM refusals WHERE outcome = 'waiting'").fetchone()[0])


def list_refused_groups(outbox: Outbox) -> list[RefusedGroup]:
    """The most frequent cause first."""
    groups = []
    for rule, field, outcome, count in outbox.read(
        "SELECT rule, field, outcome, count(*) FROM refusals GROUP BY rule, field, outcome"
        " ORDER BY count(*) DESC, rule, field LIMIT 100"
    ).fetchall():
        rows = outbox.read(
            "SELECT f.words, f.at, r.type, r.record FROM refusals f JOIN records r"
            " ON r.id = f.record WHERE f.rule = ? AND f.field = ? AND f.outcome = ?"
            " ORDER BY f.seq LIMIT ?",
            (rule, field, outcome, EXAMPLES),
        ).fetchall()
        letter = json.loads(rows[0][0])
        groups.append(
            RefusedGroup(
                rule=rule,
                field=field,
                outcome=outcome,
                count=count,
                why=letter.get("why") or {},
                mend=letter.get("mend") or {},
                places=tuple(at or f"{type} {record}" for _, at, type, record in rows),
            )
        )
    return groups
