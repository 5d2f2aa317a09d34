"""Take a batch: do it at once and sign its receipt, or in its turn; the same batch again gets the
same bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from ..receipt_check import encode_canonical
from . import letters
from .batch_lines import Header, SentItem, read_batch
from .item_run import LEFT, ItemRun
from .refusals import SyncFault
from .signed_log import append_line, tell_head
from .site import Caller, Site, format_time

MOST_STREAMS = 64
TURN = 1.0  # seconds that a batch waits which is done in its turn
WAITING = b""


def take_batch(site: Site, caller: Caller, data: bytes, later: bool) -> tuple[Header, bytes]:
    """The answer, WAITING where it is done in its turn. Raises SyncFault."""
    header, items = read_batch(data)
    expected, done = find_stream(site, caller.client, header.stream)
    if header.number > expected:
        raise SyncFault("gap", {"next": expected}, next=expected, number=header.number)
    if header.number < expected:
        return header, answer_again(site, caller, header)
    if expected == 1 and count_streams(site, caller.client) >= MOST_STREAMS:
        raise SyncFault("streams", most=MOST_STREAMS, seconds=60)
    later = later or site.faults.later or done < expected - 1
    answer = WAITING if later else run_batch(site, caller, header, items)
    site.database.write(
        "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        caller.client,
        header.stream,
        header.number,
        header.root,
        site.now() + TURN if later else 0,
        data if later else b"",
        caller.root,
        answer,
    )
    site.database.write(
        "INSERT OR REPLACE INTO streams VALUES (?, ?, ?, ?)",
        caller.client,
        header.stream,
        expected + 1,
        done if later else header.number,
    )
    return header, answer


def find_stream(site: Site, client: str, name: str) -> tuple[int, int]:
    """(the number that is expected, the last one that was done)."""
    row = site.database.row(
        "SELECT next, done FROM streams WHERE client = ? AND name = ?", client, name
    )
    return (row["next"], row["done"]) if row else (1, 0)


def count_streams(site: Site, client: str) -> int:
    return int(site.database.row("SELECT count(*) FROM streams WHERE client = ?", client)[0])


def find_batch(site: Site, client: str, stream: str, number: int) -> Any:
    return site.database.row(
        "SELECT * FROM batches WHERE client = ? AND stream = ? AND number = ?",
        client,
        stream,
        number,
    )


def answer_again(site: Site, caller: Caller, header: Header) -> bytes:
    known = find_batch(site, caller.client, header.stream, header.number)
    answer = bytes(known["answer"])
    if known["root"] == header.root:
        return answer
    first: dict[str, Any] = {"receipt": None, "root": known["root"]}
    if answer:
        told = json.loads(answer)
        first = {name: told[name] for name in ("receipt", "signature", "key")}
    raise SyncFault("other-root", first, number=header.number)


def run_batch(site: Site, caller: Caller, header: Header, items: list[SentItem]) -> bytes:
    """The answer, which is kept by the caller."""
    run = ItemRun(site, caller)
    run.run(items)
    outcomes = {place: run.outcomes[place] for place in range(len(items))}
    for place, item in enumerate(items):
        if outcomes[place] in LEFT:
            where = (header.stream, header.number, place)
            letters.insert_letter(site, caller, where, item, outcomes[place], run.faults[place])
    receipt = {
        "v": 1,
        "platform": caller.root,
        "hospital": caller.hospital,
        "client": caller.client,
        "stream": header.stream,
        "number": header.number,
        "root": header.root,
        "items": header.items,
        "outcomes": dict(sorted(Counter(outcomes.values()).items())),
        "refused": [
            {
                "item": place,
                "outcome": outcome,
                "rule": run.faults[place][0].rule,
                "field": run.faults[place][0].field,
            }
            for place, outcome in outcomes.items()
            if outcome in LEFT
        ],
        "at": format_time(site.now(), 6),
        "head": tell_head(site),
    }
    signed = encode_canonical(receipt)
    append_line(site, signed)
    told = letters.letters_of_batch(site, caller, header.stream, header.number)
    answer = {
        "receipt": receipt,
        "signature": site.signing_key.sign(signed).hex(),
        "key": site.fingerprint,
        "dead_letters": told,
    }
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def run_due(site: Site) -> None:
    """Those whose turn has come; before each request, so that nothing runs by itself."""
    rows = site.database.rows(
        "SELECT b.*, s.hospital FROM batches b JOIN systems s USING (client)"
        " WHERE b.answer = x'' AND b.due <= ? ORDER BY b.rowid",
        site.now(),
    )
    for row in rows:
        header, items = read_batch(bytes(row["data"]))
        caller = Caller(row["client"], row["hospital"], row["platform"])
        site.database.change(
            "UPDATE batches SET answer = ?, data = x'' WHERE client = ? AND stream = ?"
            " AND number = ?",
            run_batch(site, caller, header, items),
            row["client"],
            row["stream"],
            row["number"],
        )
        site.database.change(
            "UPDATE streams SET done = ? WHERE client = ? AND name = ?",
            row["number"],
            row["client"],
            row["stream"],
        )
