"""Read a file of HL7 v2 messages as items and refusals; a message that cannot be read never stops
its neighbours.
"""

from __future__ import annotations

from pathlib import Path

from ..item import Item
from ..refusal import Refusal, Rule
from ..sets.column_set import Site
from . import rules
from .build_items import build_items
from .character_set import decode_message
from .message import Message, parse_message
from .origin import Hl7Origin
from .separators import NoHeader
from .split_messages import MessageBytes, split_messages


class Unreadable(Exception):
    """A message that cannot be parsed; rule and value say why."""

    def __init__(self, rule: Rule, value: str = "") -> None:
        super().__init__(rule.code)
        self.rule, self.value = rule, value


def open_message(found: MessageBytes, encoding: str) -> tuple[Message, str]:
    """The message, and what its MSH-18 says wrongly. Raises Unreadable."""
    try:
        decoded = decode_message(found.content, encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(rules.CHARACTERS) from error
    try:
        return parse_message(decoded.text, found.line, decoded.codec), decoded.said
    except NoHeader as error:
        raise Unreadable(rules.HEADER, str(error)) from error


def read_message(
    found: MessageBytes, origin: Hl7Origin, now: float | None = None
) -> tuple[list[Item], list[Refusal]]:
    try:
        message, said = open_message(found, origin.encoding)
    except Unreadable as fault:
        return [], [Refusal(origin.file, found.line, "MSH", fault.value, fault.rule)]
    items, refusals = build_items(message, origin, now)
    if said:
        column, rule = "MSH-18", rules.CHARACTERS_SAID
        refusals.insert(0, Refusal(origin.file, found.line, column, said, rule, warning=True))
    return items, refusals


def read_hl7_bytes(
    content: bytes, origin: Hl7Origin, now: float | None = None
) -> tuple[list[Item], list[Refusal]]:
    messages, stray = split_messages(content)
    items: list[Item] = []
    refusals: list[Refusal] = []
    if not messages:
        return [], [Refusal(origin.file, 0, "", "", rules.NO_MESSAGE)]
    for line, row in stray:
        shown = row.decode("utf-8", "replace")[:40]
        refusals.append(Refusal(origin.file, line, "", shown, rules.STRAY_LINE, warning=True))
    for found in messages:
        some, faults = read_message(found, origin, now)
        items += some
        refusals += faults
    return items, refusals


def read_hl7_file(
    path: Path, site: Site, encoding: str = "", now: float | None = None
) -> tuple[list[Item], list[Refusal]]:
    """The door of the folder drop and of `push`. encoding: where MSH-18 names none."""
    origin = Hl7Origin(path.name, site.hospital, site.source, site.zone, encoding)
    return read_hl7_bytes(path.read_bytes(), origin, now)
