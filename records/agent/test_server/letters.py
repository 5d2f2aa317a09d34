"""Keep dead letters: items that were refused, or wait for what they refer to; tell them, page by
page.
"""

from __future__ import annotations

import json
from typing import Any, Iterable, Mapping

from .batch_lines import LARGEST, SentItem, read_item
from .item_rules import Fault
from .refusals import SyncFault
from .site import Caller, Site, format_time

STATES = ("open", "waiting", "mended", "replayed", "dropped")
PAGE, MOST = 100, 500
FILTERS = ("state", "rule", "source", "type", "stream")
SETTLE = """
UPDATE letters SET state = ?, settled = ?, line = NULL, body = NULL WHERE hospital = ?
  AND source = ? AND type = ? AND record = ? AND state IN ('open', 'waiting')
  AND (version IS NULL OR ? IS NULL OR version <= ?)
"""
INSERT = """
INSERT INTO letters (hospital, client, stream, number, item, source, type, record, version, day, at,
  state, rule, field, faults, line, body, made)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def settle_letters(site: Site, hospital: str, item: SentItem, version: Any, state: str) -> None:
    """Those of its record, up to this version."""
    site.database.change(SETTLE, state, site.now(), hospital, *item.key, version, version)


def insert_letter(
    site: Site,
    caller: Caller,
    place: tuple[str, int, int],
    item: SentItem,
    outcome: str,
    faults: list[Fault],
) -> None:
    """place: stream, number, item. An earlier one of the same record gives way to it."""
    settle_letters(site, caller.hospital, item, item.version, "replayed")
    site.database.write(
        INSERT,
        caller.hospital,
        caller.client,
        *place,
        *item.key,
        item.version,
        item.day,
        item.at,
        state_of(outcome),
        faults[0].rule,
        faults[0].field,
        encode_faults(faults),
        item.line,
        item.body,
        site.now(),
    )


def reopen_letter(site: Site, letter: int, outcome: str, faults: list[Fault]) -> None:
    """It was tried again, in vain."""
    site.database.change(
        "UPDATE letters SET state = ?, rule = ?, field = ?, faults = ? WHERE id = ?",
        state_of(outcome),
        faults[0].rule,
        faults[0].field,
        encode_faults(faults),
        letter,
    )


def state_of(outcome: str) -> str:
    return "waiting" if outcome == "waiting" else "open"


def encode_faults(faults: Iterable[Fault]) -> str:
    return json.dumps([fault.as_json() for fault in faults], ensure_ascii=False)


def load_waiting(site: Site, hospital: str) -> list[tuple[int, SentItem]]:
    """(letter, what was sent)."""
    rows = site.database.rows(
        "SELECT id, line, body FROM letters WHERE hospital = ? AND state = 'waiting' ORDER BY id",
        hospital,
    )
    return [(row["id"], read_item(row["line"], 1, row["body"])) for row in rows]


def letters_of_batch(site: Site, caller: Caller, stream: str, number: int) -> list[dict[str, Any]]:
    rows = site.database.rows(
        "SELECT * FROM letters WHERE client = ? AND stream = ? AND number = ? ORDER BY item",
        caller.client,
        stream,
        number,
    )
    return [describe_letter(site, row) for row in rows]


def list_letters(site: Site, caller: Caller, query: Mapping[str, str]) -> dict[str, Any]:
    """Of all systems of the hospital. Raises SyncFault for a parameter that is not understood."""
    if query.get("state", "") not in ("", *STATES):
        raise SyncFault("query", name="state", form_zh="、".join(STATES), form_en=", ".join(STATES))
    numbers = {name: read_whole(query, name) for name in ("number", "cursor", "limit")}
    where, values = ["hospital = ?", "id > ?"], [caller.hospital, numbers["cursor"]]
    for name in (n for n in FILTERS if query.get(n)):
        where.append(f"{name} = ?")
        values.append(query[name])
    if numbers["number"]:
        where.append("number = ?")
        values.append(numbers["number"])
    limit = min(MOST, numbers["limit"] or PAGE)
    rows = site.database.rows(
        f"SELECT * FROM letters WHERE {' AND '.join(where)} ORDER BY id LIMIT ?",
        *values,
        limit + 1,
    )
    page = rows[:limit]
    return {
        "dead_letters": [describe_letter(site, row) for row in page],
        "cursor": str(page[-1]["id"] if page else numbers["cursor"]),
        "more": len(rows) > limit,
    }


def read_whole(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "") or "0"
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else -1
    if not 0 <= number <= LARGEST:
        raise SyncFault("query", name=name, form_zh="整数", form_en="a whole number")
    return number


def describe_letter(site: Site, row: Any) -> dict[str, Any]:
    faults = json.loads(row["faults"])
    first = faults[0]
    sharing = site.database.row(
        "SELECT count(*) FROM letters WHERE hospital = ? AND state = 'open' AND rule = ?"
        " AND field = ?",
        row["hospital"],
        row["rule"],
        row["field"],
    )[0]
    settled = row["settled"]
    gone = {"value": "", "why": {"zh": "", "en": ""}, "mend": {"zh": "", "en": ""}}
    return {
        **{n: row[n] for n in ("id", "stream", "number", "item", "source", "type", "record")},
        **{n: row[n] for n in ("version", "day", "state")},
        "at": "" if settled else row["at"],
        "kept": True,
        "rule": row["rule"],
        "field": row["field"],
        **(gone if settled else {n: first[n] for n in gone}),
        "more": [] if settled else faults[1:],
        "sharing": sharing,
        "made_at": format_time(row["made"], 6),
        "settled_at": format_time(settled, 6) if settled else None,
        "settled_by": "",
        "reason": "",
    }
