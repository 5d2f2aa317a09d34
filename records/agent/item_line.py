"""Build the line that says what an item is (docs/sync.md, Push); refuse what no line may say."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from .item import SOURCE, Item

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
ACTIONS = ("put", "delete", "recall")
LONGEST_RECORD = LONGEST_AT = 200
FIRST_TOO_GREAT = 2**63


class ItemFault(ValueError):
    """An on-ramp made what cannot be sent."""


def check_item(item: Item) -> None:
    """Raises ItemFault, which names the part."""
    record = f"{item.source}/{item.type}/{item.record!r}"
    if not SOURCE.fullmatch(item.source):
        raise ItemFault(f"{record}: source must be 1 to 16 of a-z 0-9")
    if not TYPE.fullmatch(item.type):
        raise ItemFault(f"{record}: type must be a FHIR type")
    if not 1 <= len(item.record) <= LONGEST_RECORD or CONTROL.search(item.record + item.patient):
        raise ItemFault(f"{record}: record must be 1 to 200 characters, none of them a control")
    if item.action not in ACTIONS:
        raise ItemFault(f"{record}: action must be one of {ACTIONS}")
    if bool(item.body) is not (item.action == "put"):
        raise ItemFault(f"{record}: a put has a body, a deletion or recall has none")
    if b"\n" in item.body or b"\r" in item.body:
        raise ItemFault(f"{record}: a body is one line")
    if item.version is not None and not 0 <= item.version < FIRST_TOO_GREAT:
        raise ItemFault(f"{record}: version must be from 0 to below 2^63")
    if item.day and not DAY.fullmatch(item.day):
        raise ItemFault(f"{record}: day must be YYYY-MM-DD")


def build_item_line(item: Item, version: int) -> bytes:
    line: dict[str, Any] = {
        "source": item.source,
        "type": item.type,
        "record": item.record,
        "version": version,
    }
    if item.action == "put":
        line["hash"] = item.hash
    else:
        line["action"] = item.action
    for name in ("day", "patient"):
        if getattr(item, name):
            line[name] = getattr(item, name)
    if item.at:
        line["at"] = item.at[:LONGEST_AT]
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()


def digest_of_item(line: bytes, body: bytes) -> bytes:
    """32 bytes: what a batch's root is made of."""
    return hashlib.sha256(line + b"\n" + body if body else line).digest()


def mark_of_content(item: Item) -> bytes:
    """16 bytes, equal where the same is said of a record again."""
    return hashlib.sha256(f"{item.action}\n{item.day}\n{item.hash}".encode()).digest()[:16]


def stream_of_item(item: Item, streams: int) -> int:
    """By the number of its patient, so that what is about one patient keeps its order, whatever
    system it is from; else by its own.
    """
    patient = item.patient or (item.record if item.type == "Patient" else "")
    key = f"patient\n{patient}" if patient else f"{item.source}\n{item.type}\n{item.record}"
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % streams
