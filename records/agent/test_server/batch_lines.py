"""Read a batch: a header line, then each item's line and, of a put, its resource's (docs/sync.md,
Push). Pure.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Callable

from ..item import SOURCE, derive_fhir_id
from ..item_line import digest_of_item
from .refusals import SyncFault

MOST_ITEMS = 1_000
LARGEST = 2**63 - 1
STREAM = re.compile(r"[a-z0-9._-]{1,40}")
TYPE = re.compile(r"[A-Z][A-Za-z]{0,63}")
HEX = re.compile(r"[0-9a-f]{64}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
HALVES = re.compile(r"[\x00\ud800-\udfff]")
ACTIONS = ("put", "delete", "recall")
Form = Callable[[Any], bool]


@dataclass(frozen=True)
class Header:
    stream: str
    number: int
    items: int
    root: str


@dataclass(frozen=True)
class SentItem:
    """As it was sent. line, body: its lines' bytes; version: None where none was told."""

    source: str
    type: str
    record: str
    version: int | None
    action: str
    hash: str
    day: str
    at: str
    line: bytes
    body: bytes

    @property
    def key(self) -> tuple[str, str, str]:
        return self.source, self.type, self.record

    @property
    def fhir_id(self) -> str:
        return derive_fhir_id(self.source, self.record)


def matches(pattern: re.Pattern[str]) -> Form:
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def is_whole(least: int) -> Form:
    return lambda value: type(value) is int and least <= value <= LARGEST


def is_text(least: int, barred: re.Pattern[str]) -> Form:
    return lambda v: isinstance(v, str) and least <= len(v) <= 200 and not barred.search(v)


def is_day(value: Any) -> bool:
    if not isinstance(value, str) or not (value == "" or DAY.fullmatch(value)):
        return False
    try:
        return value == "" or bool(dt.date.fromisoformat(value))
    except ValueError:
        return False


HEADER_FORMS = {
    "stream": (matches(STREAM), "1 到 40 个 a-z 0-9 . - _ 字符", "1 to 40 of a-z 0-9 . - _"),
    "number": (is_whole(1), "从 1 开始的整数", "a whole number from 1 on"),
    "items": (is_whole(1), "从 1 开始的整数", "a whole number from 1 on"),
    "root": (matches(HEX), "64 位小写十六进制", "64 hexadecimal digits, small letters"),
}
ITEM_FORMS = {
    "source": (matches(SOURCE), "1 到 16 个 a-z 0-9 字符", "1 to 16 of a-z 0-9"),
    "type": (matches(TYPE), "FHIR 资源类型", "a FHIR type"),
    "record": (
        is_text(1, CONTROL),
        "1 到 200 个字符，不含控制字符",
        "1 to 200 characters without control characters",
    ),
}
OPTIONAL_FORMS = {
    "version": (
        is_whole(0),
        "小于 2 的 63 次方的非负整数",
        "a whole number from 0 on, below 2^63",
    ),
    "action": (
        lambda v: isinstance(v, str) and v in ACTIONS,
        " put、delete 或 recall",
        "put, delete or recall",
    ),
    "day": (is_day, "日历上的日期，如 2026-05-03", "a day of the calendar, 2026-05-03"),
    "patient": (
        is_text(0, CONTROL),
        "最多 200 个字符，不含控制字符",
        "at most 200 characters without control characters",
    ),
    "at": (is_text(0, HALVES), "最多 200 个字符", "at most 200 characters"),
}
HASH_FORM = {"hash": HEADER_FORMS["root"]}


def read_json(data: bytes) -> Any:
    """As strict as the platform: no key twice, no NaN, no NUL. Decimals keep their digits. Raises
    ValueError.
    """
    if b"\\u0000" in data:
        raise ValueError("a NUL character")
    return json.loads(
        data.decode(),
        object_pairs_hook=refuse_twice,
        parse_constant=refuse_constant,
        parse_float=Decimal,
    )


def refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


def read_line(line: bytes, number: int) -> dict[str, Any]:
    """number: of the line, from 1. Raises SyncFault."""
    try:
        found = read_json(line)
    except (ValueError, RecursionError) as error:
        raise SyncFault("json", line=number, detail=str(error)[:200]) from error
    if not isinstance(found, dict):
        raise SyncFault("object", line=number)
    return found


def check_fields(line: dict[str, Any], forms: Any, number: int, required: bool) -> None:
    for name, (holds, zh, en) in forms.items():
        if not (holds(line[name]) if name in line else not required):
            raise SyncFault("field", line=number, name=name, form_zh=zh, form_en=en)


def read_header(lines: list[bytes]) -> Header:
    if not lines:
        raise SyncFault("empty")
    line = read_line(lines[0], 1)
    check_fields(line, HEADER_FORMS, 1, True)
    if line["items"] > MOST_ITEMS:
        raise SyncFault("items", most=MOST_ITEMS, said=line["items"])
    return Header(line["stream"], line["number"], line["items"], line["root"])


def read_item(line: bytes, number: int, body: bytes | None) -> SentItem:
    """body: the next line, None where there is none. Raises SyncFault."""
    found = read_line(line, number)
    check_fields(found, ITEM_FORMS, number, True)
    check_fields(found, OPTIONAL_FORMS, number, False)
    action = found.get("action", "put")
    if action == "put":
        check_fields(found, HASH_FORM, number, True)
        if body is None:
            raise SyncFault("no-resource", line=number)
        if hashlib.sha256(body).hexdigest() != found["hash"]:
            raise SyncFault("hash", line=number)
    return SentItem(
        found["source"],
        found["type"],
        found["record"],
        found.get("version"),
        action,
        found["hash"] if action == "put" else "",
        found.get("day", ""),
        found.get("at", ""),
        line,
        body or b"" if action == "put" else b"",
    )


def read_batch(data: bytes) -> tuple[Header, list[SentItem]]:
    """Raises SyncFault, which names the line."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
    header, place = read_header(lines), 1
    items: list[SentItem] = []
    while place < len(lines) and len(items) < header.items:
        following = lines[place + 1] if place + 1 < len(lines) else None
        items.append(read_item(lines[place], place + 1, following))
        place += 2 if items[-1].action == "put" else 1
    if place < len(lines):
        raise SyncFault("surplus", line=place + 1, said=header.items)
    if len(items) != header.items:
        raise SyncFault("count", said=header.items, found=len(items))
    digests = b"".join(digest_of_item(item.line, item.body) for item in items)
    if (found := hashlib.sha256(digests).hexdigest()) != header.root:
        raise SyncFault("root", found=found)
    return header, items
