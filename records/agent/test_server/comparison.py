"""Compare what a source says it has with what stands here: by year, month, day, down to the records
that differ (docs/sync.md, Compare).
"""

from __future__ import annotations

import re
from typing import Any

from ..digest_sums import LENGTHS, Days, encode_sums, fingerprint, sum_buckets, sum_days
from .batch_lines import TYPE
from .refusals import SyncFault
from .site import Caller, Site

HOLDS = 'source, level, sums: {"source": "his", "level": "year", "sums": {…}}'
BELOW = {"year": "month", "month": "day"}
BUCKETS = {"year": r"\d{4}|", "month": r"\d{4}-\d\d|", "day": r"\d{4}-\d\d-\d\d|"}
PRINT = 12  # hexadecimal digits of a fingerprint by which a client names what it has
MOST_BUCKETS = 5000
LEDGER = "SELECT type, record, version, hash, day FROM ledger WHERE hospital = ? AND source = ?"
LETTERS = """
SELECT type, record, version, day, state FROM letters
WHERE hospital = ? AND source = ? AND state IN ('open', 'waiting')
"""


def answer_digests(site: Site, caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
    """Raises SyncFault."""
    source, level, said = read_question(asked)
    rows = site.database.rows(LEDGER + " AND state = 'stored'", caller.hospital, source)
    there = sum_days(source, [(*tuple(row), "stored", "") for row in rows])
    mine = sum_buckets(there, level)
    differing = find_differing(said, mine, level)
    if level == "day":
        return list_records(site, caller, source, differing, asked.get("prints") or {})
    below = sum_buckets(there, BELOW[level])
    told: Days = {}
    for type, buckets in differing.items():
        inside = {b: s for b, s in below.get(type, {}).items() if b[: LENGTHS[level]] in buckets}
        reached = {b[: LENGTHS[level]] for b in inside}
        told[type] = {**inside, **{b: (0, 0) for b in buckets if b not in reached}}
    return {"differ": encode_sums(told)}


def read_question(asked: dict[str, Any]) -> tuple[str, str, dict[str, dict[str, Any]]]:
    source, level, said = asked.get("source"), asked.get("level"), asked.get("sums")
    if not isinstance(source, str) or not re.fullmatch(r"[a-z0-9]{1,16}", source):
        raise SyncFault("body", detail=f"source: 1 to 16 of a-z 0-9; {HOLDS}")
    if level not in LENGTHS:
        raise SyncFault("body", detail="level: year, month, day")
    if not isinstance(said, dict):
        raise SyncFault("body", detail=HOLDS)
    for type, buckets in said.items():
        if not TYPE.fullmatch(type) or not isinstance(buckets, dict):
            raise SyncFault("body", detail=f"sums: FHIR types; {HOLDS}")
        for bucket, told in buckets.items():
            if not (re.fullmatch(BUCKETS[level], bucket) and is_sum(told)):
                raise SyncFault(
                    "body",
                    detail=f"sums of level {level}:"
                    ' {"Observation": {"2026-05-03": [1204, "32 hex"]}}',
                )
    if sum_of_lengths(said) > MOST_BUCKETS:
        raise SyncFault("buckets", most=MOST_BUCKETS)
    return source, str(level), said


def sum_of_lengths(said: dict[str, dict[str, Any]]) -> int:
    return sum(len(buckets) for buckets in said.values())


def is_sum(said: Any) -> bool:
    return (
        isinstance(said, list)
        and len(said) == 2
        and type(said[0]) is int
        and said[0] >= 0
        and isinstance(said[1], str)
        and bool(re.fullmatch(r"[0-9a-f]{32}", said[1]))
    )


def find_differing(said: dict[str, dict[str, Any]], mine: Days, level: str) -> dict[str, set[str]]:
    """{type: buckets}. Of years those that nobody named, too."""
    out = {}
    for type in sorted(set(said) | (set(mine) if level == "year" else set())):
        ours, theirs = mine.get(type, {}), said.get(type, {})
        named = set(theirs) | (set(ours) if level == "year" else set())
        differing = {b for b in named if to_list(ours.get(b)) != theirs.get(b, to_list(None))}
        if differing:
            out[type] = differing
    return out


def to_list(told: tuple[int, int] | None) -> list[Any]:
    count, total = told or (0, 0)
    return [count, f"{total:032x}"]


def list_records(
    site: Site, caller: Caller, source: str, differing: dict[str, set[str]], prints: Any
) -> dict[str, Any]:
    """Of the days that differ; of a day whose prints were named what the client has not."""
    listed: dict[tuple[str, str], list[list[Any]]] = {}
    for row in site.database.rows(LEDGER + " AND state = 'stored'", caller.hospital, source):
        mark = fingerprint(source, row["type"], row["record"], row["version"], row["hash"]).hex()
        told = [row["record"], row["version"], mark, "stored", ""]
        listed.setdefault((row["type"], row["day"]), []).append(told)
    for row in site.database.rows(LETTERS, caller.hospital, source):
        state = "refused" if row["state"] == "open" else "waiting"
        told = [row["record"], row["version"], "", state, ""]
        listed.setdefault((row["type"], row["day"]), []).append(told)
    records: dict[str, Any] = {}
    absent: dict[str, Any] = {}
    for type, days in differing.items():
        for day in sorted(days):
            rows = sorted(listed.get((type, day), []), key=lambda told: (told[0], told[1] or 0))
            text = prints.get(type, {}).get(day)
            if text is not None:
                has = {text[i : i + PRINT] for i in range(0, len(text), PRINT)}
                stands = {told[2][:PRINT] for told in rows if told[2]}
                absent.setdefault(type, {})[day] = sorted(has - stands)
                rows = [told for told in rows if told[2][:PRINT] not in has]
            records.setdefault(type, {})[day] = rows
    return {"records": records, "absent": absent}
