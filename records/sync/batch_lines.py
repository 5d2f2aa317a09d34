"""Read a batch: a header line, then each item's line and, of a put, its resource's (docs/sync.md,
Push). Pure; what the bytes say is checked here, what a resource says later.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from records.agent.item import SOURCE, derive_fhir_id
from records.fhir.issues import TooLarge
from records.fhir.json_codec import ExactNumber, InvalidJson, parse_json
from records.sync.sync_error import SyncError

MOST_ITEMS = 1_000  # of a batch
STREAM = re.compile(r"[a-z0-9._-]{1,40}")
TYPE = re.compile(r"[A-Z][A-Za-z]{0,63}")
HEX = re.compile(r"[0-9a-f]{64}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
HALVES = re.compile(r"[\x00\ud800-\udfff]")
LONGEST_RECORD, LONGEST_PLACE = 200, 200  # characters
LARGEST = 2**63 - 1


class ItemAction(StrEnum):
    PUT = "put"
    DELETE = "delete"
    RECALL = "recall"


@dataclass(frozen=True, slots=True)
class BatchHeader:
    stream: str
    number: int
    items: int
    root: str


@dataclass(frozen=True, slots=True)
class SyncItem:
    """One item as it was sent. line, body: its lines' bytes; version: None where none was told;
    hash: of the body, in hex, "" without one.
    """

    source: str
    type: str
    record: str
    version: int | None
    action: ItemAction
    hash: str
    day: str
    patient: str
    at: str
    line: bytes
    body: bytes

    @property
    def key(self) -> tuple[str, str, str]:
        """By which the ledger knows its record."""
        return self.source, self.type, self.record

    @property
    def fhir_id(self) -> str:
        return derive_fhir_id(self.source, self.record)


@dataclass(frozen=True, slots=True)
class Batch:
    header: BatchHeader
    items: tuple[SyncItem, ...]


@dataclass(frozen=True, slots=True)
class FieldForm:
    """What a field of a line must be: a test, and its words."""

    holds: Callable[[Any], bool]
    zh: str
    en: str


def is_integer(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def is_text(value: Any, most: int, barred: re.Pattern[str], least: int = 0) -> bool:
    return isinstance(value, str) and least <= len(value) <= most and not barred.search(value)


def is_day(value: Any) -> bool:
    if not isinstance(value, str) or not (value == "" or DAY.fullmatch(value)):
        return False
    try:
        return value == "" or bool(dt.date.fromisoformat(value))
    except ValueError:
        return False


def matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


HEADER_FORMS = {
    "stream": FieldForm(
        matches(STREAM), "1 到 40 个 a-z 0-9 . - _ 字符", "1 to 40 of a-z 0-9 . - _"
    ),
    "number": FieldForm(
        lambda v: is_integer(v, 1, LARGEST), "从 1 开始的整数", "a whole number from 1 on"
    ),
    "items": FieldForm(
        lambda v: is_integer(v, 1, LARGEST), "从 1 开始的整数", "a whole number from 1 on"
    ),
    "root": FieldForm(matches(HEX), "64 位小写十六进制", "64 hexadecimal digits, small letters"),
}
ITEM_FORMS = {
    "source": FieldForm(matches(SOURCE), "1 到 16 个 a-z 0-9 字符", "1 to 16 of a-z 0-9"),
    "type": FieldForm(matches(TYPE), "FHIR 资源类型", "a FHIR type"),
    "record": FieldForm(
        lambda v: is_text(v, LONGEST_RECORD, CONTROL, 1),
        "1 到 200 个字符，不含控制字符",
        "1 to 200 characters without control characters",
    ),
}
OPTIONAL_FORMS = {
    "version": FieldForm(
        lambda v: is_integer(v, 0, LARGEST),
        "小于 2 的 63 次方的非负整数",
        "a whole number from 0 on, below 2^63",
    ),
    "action": FieldForm(
        lambda v: isinstance(v, str) and v in tuple(ItemAction),
        " put、delete 或 recall",
        "put, delete or recall",
    ),
    "day": FieldForm(is_day, "日历上的日期，如 2026-05-03", "a day of the calendar, 2026-05-03"),
    "patient": FieldForm(
        lambda v: is_text(v, LONGEST_RECORD, CONTROL),
        "最多 200 个字符，不含控制字符",
        "at most 200 characters without control characters",
    ),
    "at": FieldForm(
        lambda v: is_text(v, LONGEST_PLACE, HALVES), "最多 200 个字符", "at most 200 characters"
    ),
}
HASH_FORM = FieldForm(matches(HEX), "64 位小写十六进制", "64 hexadecimal digits, small letters")


def split_lines(data: bytes) -> list[bytes]:
    """Without their ends, \\n or \\r\\n; the last one may have none."""
    lines = data.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    return [line.removesuffix(b"\r") for line in lines]


def parse_line(line: bytes, number: int) -> dict[str, Any]:
    """number: of the line, from 1. Raises SyncError."""
    try:
        found = parse_json(line)
    except InvalidJson as error:
        detail = printable(str(error))
        raise SyncError("json", line=number, detail=detail) from error
    except TooLarge as error:
        raise SyncError("values", line=number, detail=str(error)) from error
    if not isinstance(found, dict):
        raise SyncError("object", line=number)
    return {name: read_whole_number(value) for name, value in found.items()}


def read_whole_number(value: Any) -> Any:
    """A long one as such: a version may have 19 digits, nanoseconds since 1970."""
    is_whole = isinstance(value, ExactNumber) and value.text.isdecimal() and len(value.text) < 20
    return int(value.text) if is_whole else value


def printable(text: str) -> str:
    """Of an error's text, what can be sent on."""
    return text.encode("utf-8", "replace").decode()[:200]


def check_fields(
    line: dict[str, Any], forms: dict[str, FieldForm], number: int, *, required: bool
) -> None:
    for name, form in forms.items():
        if not (form.holds(line[name]) if name in line else not required):
            raise SyncError("field", line=number, name=name, form_zh=form.zh, form_en=form.en)


def parse_header(lines: list[bytes]) -> BatchHeader:
    """Raises SyncError."""
    if not lines:
        raise SyncError("empty")
    line = parse_line(lines[0], 1)
    check_fields(line, HEADER_FORMS, 1, required=True)
    if line["items"] > MOST_ITEMS:
        raise SyncError("items", most=MOST_ITEMS, said=line["items"])
    return BatchHeader(line["stream"], line["number"], line["items"], line["root"])


def parse_item(line: bytes, number: int, body: bytes | None) -> SyncItem:
    """number: of the line; body: the next line, None where there is none. Raises SyncError."""
    found = parse_line(line, number)
    check_fields(found, ITEM_FORMS, number, required=True)
    check_fields(found, OPTIONAL_FORMS, number, required=False)
    action = ItemAction(found.get("action", "put"))
    if action is ItemAction.PUT:
        check_fields(found, {"hash": HASH_FORM}, number, required=True)
        if body is None:
            raise SyncError("no-resource", line=number)
        if hashlib.sha256(body).hexdigest() != found["hash"]:
            raise SyncError("hash", line=number)
    else:
        body = b""
    return SyncItem(
        found["source"],
        found["type"],
        found["record"],
        found.get("version"),
        action,
        found["hash"] if action is ItemAction.PUT else "",
        found.get("day", ""),
        found.get("patient", ""),
        found.get("at", ""),
        line,
        body,
    )


def parse_batch(data: bytes) -> Batch:
    """Raises SyncError naming the line."""
    lines = split_lines(data)
    header = parse_header(lines)
    items: list[SyncItem] = []
    place = 1
    while place < len(lines) and len(items) < header.items:
        item = parse_item(
            lines[place], place + 1, lines[place + 1] if place + 1 < len(lines) else None
        )
        items.append(item)
        place += 2 if item.action is ItemAction.PUT else 1
    if place < len(lines):
        raise SyncError("surplus", line=place + 1, said=header.items)
    if len(items) != header.items:
        raise SyncError("count", said=header.items, found=len(items))
    if (found := compute_root(items)) != header.root:
        raise SyncError("root", found=found)
    return Batch(header, tuple(items))


def compute_root(items: list[SyncItem]) -> str:
    """Over the items' digests, one after the other."""
    whole = hashlib.sha256()
    for item in items:
        whole.update(
            hashlib.sha256(
                item.line + b"\n" + item.body if item.action is ItemAction.PUT else item.line
            ).digest()
        )
    return whole.hexdigest()
