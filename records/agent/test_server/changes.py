"""Tell the feed of a hospital: what changed that concerns it, from its cursor on (docs/sync.md,
Pull). Of the other hospital's records those of persons whom both have; nobody's consent is asked.
"""

from __future__ import annotations

import re
from typing import Any, Mapping

from ..mapping.exact_json import decode_exactly
from .refusals import SyncFault
from .site import Caller, Site, format_time

USUAL, MOST, LONGEST_WAIT = 500, 1000, 30
MOST_READERS = 8  # that wait at the same time
PARAMETERS = ("bodies", "cursor", "limit", "wait")
CURSOR = re.compile(r"([a-z]+)\.([0-9]{1,18})")
CONCERNS = """
SELECT c.*, r.version, r.deleted, r.body FROM changes c
LEFT JOIN resources r ON r.hospital = c.hospital AND r.type = c.type AND r.id = c.id
WHERE c.seq > ? AND (c.kind = 'record' AND c.hospital = ? OR c.person IN (SELECT person
  FROM resources WHERE hospital = ? AND type = 'Patient' AND NOT deleted)) ORDER BY c.seq LIMIT ?
"""


def read_feed(site: Site, caller: Caller, query: Mapping[str, str]) -> tuple[dict[str, Any], float]:
    """(the answer, seconds to wait where it holds nothing). Raises SyncFault."""
    if unknown := sorted(set(query) - set(PARAMETERS)):
        raise SyncFault(
            "query",
            name=unknown[0],
            form_zh="、".join(PARAMETERS) + " 之一",
            form_en="one of " + ", ".join(PARAMETERS),
        )
    limit = read_number(query, "limit", USUAL, 1, MOST)
    wait = read_number(query, "wait", 0, 0, LONGEST_WAIT)
    bodies = read_number(query, "bodies", 0, 0, 1)
    newest = site.database.row("SELECT coalesce(max(seq), 0) FROM changes")[0]
    place = read_cursor(caller, query.get("cursor", ""), newest)
    rows = site.database.rows(CONCERNS, place, caller.hospital, caller.hospital, limit + 1)
    page, more = rows[:limit], len(rows) > limit
    entries = [build_entry(site, caller, row, bool(bodies)) for row in page]
    reached = page[-1]["seq"] if more else max(newest, place)
    return {
        "entries": entries,
        "cursor": f"{caller.hospital}.{reached}",
        "more": more,
    }, 0.0 if entries else float(wait)


def read_cursor(caller: Caller, cursor: str, newest: int) -> int:
    if not cursor:
        return newest
    if cursor == "0":
        return 0
    match = CURSOR.fullmatch(cursor)
    if match is None or match[1] != caller.hospital or int(match[2]) > newest:
        raise SyncFault("cursor")
    return int(match[2])


def read_number(query: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    said = query.get(name, "")
    if not said:
        return usual
    if not (said.isascii() and said.isdecimal() and len(said) < 10) or int(said) < least:
        raise SyncFault(
            "query",
            name=name,
            form_zh=f"{least} 到 {most} 的整数",
            form_en=f"a whole number from {least} to {most}",
        )
    return min(int(said), most)


def build_entry(site: Site, caller: Caller, row: Any, bodies: bool) -> dict[str, Any]:
    own = site.database.rows(
        "SELECT id FROM resources WHERE hospital = ? AND type = 'Patient' AND person = ?"
        " AND NOT deleted ORDER BY id",
        caller.hospital,
        row["person"],
    )
    entry = {"kind": row["kind"], "at": format_time(row["at"], 6)}
    about = {"person": row["person"], "patients": [patient["id"] for patient in own]}
    if row["kind"] != "record":
        return {**entry, **about}
    path = f"{row['hospital']}/{row['type']}/{row['id']}"
    return {
        **entry,
        **{name: row[name] for name in ("hospital", "type", "id", "version")},
        "deleted": bool(row["deleted"]),
        **about,
        "url": f"{caller.root}/fhir/{path}",
        **({"resource": decode_exactly(row["body"])} if bodies and row["body"] else {}),
    }
