"""Note which behaviours a system has shown, from each request and its answer, and tell them
(docs/sync.md, Sandbox).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from ..acceptance_table import EXPECTATIONS, FAULTS, Behaviour
from .site import Caller, Site, format_time

FAULT = "fault."
BEHAVIOUR_BY_OUTCOME = {
    "stored": Behaviour.BATCH,
    "superseded": Behaviour.OLDER,
    "deleted": Behaviour.DELETION,
    "recalled": Behaviour.RECALL,
    "waiting": Behaviour.WAITING,
}
IDEOGRAPH = re.compile("[\u4e00-\u9fff]")
RARE = re.compile("[\u3400-\u4dbf\U00020000-\U0003ffff\ue000-\uf8ff]")
CHANGED = """
SELECT 1 FROM resources r JOIN ledger l ON l.hospital = r.hospital AND l.type = r.type
  AND l.id = r.id
WHERE r.hospital = ? AND r.version > 1 AND NOT r.deleted AND l.state = 'stored' LIMIT 1
"""
MENDED = "SELECT 1 FROM letters WHERE client = ? AND state = 'mended' LIMIT 1"


@dataclass(frozen=True)
class Exchange:
    """body: unpacked; again: the answer was given before."""

    method: str
    room: str
    query: Mapping[str, str]
    body: bytes
    status: int
    answer: Any
    again: bool


def note_exchange(site: Site, caller: Caller, exchange: Exchange) -> None:
    shown = set(list_behaviours(exchange))
    if Behaviour.BATCH in shown:
        if site.database.row(CHANGED, caller.hospital):
            shown.add(Behaviour.CHANGE)
        if site.database.row(MENDED, caller.client):
            shown.add(Behaviour.MENDED)
    for behaviour in shown:
        site.database.write(
            "INSERT OR IGNORE INTO marks VALUES (?, ?, ?)",
            caller.client,
            str(behaviour),
            site.now(),
        )
    error = exchange.answer.get("error") if exchange.status >= 400 else ""
    if error in FAULTS:
        site.database.write(
            "INSERT OR REPLACE INTO marks VALUES (?, ?, ?)",
            caller.client,
            FAULT + error,
            site.now(),
        )


def list_behaviours(exchange: Exchange) -> Iterator[Behaviour]:
    """What one exchange shows. Pure."""
    yield Behaviour.TOKEN
    if exchange.status != 200:
        return
    what = (exchange.method, exchange.room)
    if what == ("POST", "batches"):
        yield from list_batch_behaviours(exchange)
    elif what == ("GET", "batch"):
        yield Behaviour.ASKED
    elif what == ("GET", "dead-letters"):
        yield Behaviour.LETTERS
    elif what == ("GET", "feed") and exchange.query.get("cursor"):
        yield Behaviour.FEED
    elif what == ("POST", "digests"):
        yield Behaviour.DIGESTS
        if not any(
            (exchange.answer.get("differ") or exchange.answer.get("records") or {}).values()
        ):
            yield Behaviour.EQUAL
    elif what == ("POST", "heads") and read_object(exchange.body).get("cosignature"):
        yield Behaviour.WITNESS


def list_batch_behaviours(exchange: Exchange) -> Iterator[Behaviour]:
    receipt = exchange.answer["receipt"]
    if exchange.again:
        yield Behaviour.AGAIN
    if receipt["number"] > 1:
        yield Behaviour.NEXT_BATCH
    for outcome in receipt["outcomes"]:
        if outcome in BEHAVIOUR_BY_OUTCOME:
            yield BEHAVIOUR_BY_OUTCOME[outcome]
    if "stored" in receipt["outcomes"]:
        for line in exchange.body.split(b"\n"):
            resource = read_object(line)
            if "resourceType" in resource:
                yield from list_content_behaviours(resource)


def list_content_behaviours(resource: dict[str, Any]) -> Iterator[Behaviour]:
    text = str(resource)
    if IDEOGRAPH.search(text):
        yield Behaviour.CHINESE
    if RARE.search(text):
        yield Behaviour.RARE
    if resource.get("interpretation") and resource.get("referenceRange"):
        yield Behaviour.LABORATORY
    if (resource.get("valueQuantity") or {}).get("comparator"):
        yield Behaviour.COMPARATOR


def read_object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def describe_acceptance(site: Site, caller: Caller) -> dict[str, Any]:
    rows = site.database.rows("SELECT behaviour, at FROM marks WHERE client = ?", caller.client)
    seen = {row["behaviour"]: format_time(row["at"]) for row in rows}
    return {
        "accepted": all(str(e.behaviour) in seen for e in EXPECTATIONS if e.required),
        "client": caller.client,
        "hospital": caller.hospital,
        "behaviours": [
            {
                "behaviour": str(e.behaviour),
                "required": e.required,
                "seen": seen.get(str(e.behaviour)),
                "zh": e.zh,
                "en": e.en,
                "mend": {"zh": e.mend_zh, "en": e.mend_en},
            }
            for e in EXPECTATIONS
        ],
        "faults": [
            {"error": error, "last": seen[FAULT + error], "zh": zh, "en": en}
            for error, (zh, en) in FAULTS.items()
            if FAULT + error in seen
        ],
    }
