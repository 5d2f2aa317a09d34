"""Split a message into segments, fields, repetitions, components and subcomponents: by its own
separators, without a grammar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .separators import NoHeader, Separators

SEGMENT_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
NULL = '""'  # HL7's word for "there is none, delete what you have"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # what neither JSON text nor FHIR can hold


@dataclass(frozen=True)
class Repetition:
    """One occurrence of a field."""

    raw: str
    separators: Separators
    codec: str

    def text(self, component: int = 1, subcomponent: int = 1) -> str:
        """Its component, unescaped and without blanks around; "" where it is absent or null."""
        separators = self.separators
        raw = self.raw
        if separators.component in raw:
            parts = raw.split(separators.component)
            if component > len(parts):
                return ""
            raw = parts[component - 1]
        elif component > 1:
            return ""
        if separators.subcomponent in raw:
            parts = raw.split(separators.subcomponent)
            if subcomponent > len(parts):
                return ""
            raw = parts[subcomponent - 1]
        elif subcomponent > 1:
            return ""
        return self._clean(raw) if raw else ""

    def whole(self, component: int = 0) -> str:
        """All of it, or of a component, with its inner separators as they came."""
        raw = self.raw
        if component:
            parts = raw.split(self.separators.component)
            raw = parts[component - 1] if component <= len(parts) else ""
        return self._clean(raw)

    def _clean(self, raw: str) -> str:
        text = raw
        if self.separators.escape in raw:
            text = self.separators.unescape(raw, self.codec)
        if not text.isprintable():
            text = CONTROL.sub("", text)
        text = text.strip()
        return "" if text == NULL else text


@dataclass(frozen=True)
class Segment:
    """fields[0] is the name. line: in the file, from 1."""

    fields: tuple[str, ...]
    line: int
    separators: Separators
    codec: str = "utf-8"

    @property
    def name(self) -> str:
        return self.fields[0]

    def raw(self, number: int) -> str:
        return self.fields[number] if 0 < number < len(self.fields) else ""

    def repetitions(self, number: int) -> list[Repetition]:
        """Those that are not empty."""
        raw = self.raw(number)
        if not raw:
            return []
        separators, codec = self.separators, self.codec
        if separators.repetition not in raw:
            return [Repetition(raw, separators, codec)] if raw.strip() else []
        return [
            Repetition(part, separators, codec)
            for part in raw.split(separators.repetition)
            if part.strip()
        ]

    def text(self, number: int, component: int = 1, subcomponent: int = 1) -> str:
        """Of the first repetition that is not empty."""
        found = self.repetitions(number)
        return found[0].text(component, subcomponent) if found else ""

    def whole(self, number: int) -> str:
        """The field with its inner separators: a range such as "7~40" is no repetition."""
        return Repetition(self.raw(number), self.separators, self.codec).whole()

    def lines(self, number: int) -> str:
        """A text, a line for each repetition."""
        return "\n".join(r.whole() for r in self.repetitions(number)).strip()


@dataclass(frozen=True)
class Message:
    """unread: lines that are no segment, as (line in the file, text)."""

    header: Segment
    segments: tuple[Segment, ...]  # without the header
    unread: tuple[tuple[int, str], ...] = field(default=())

    @property
    def kind(self) -> str:
        """ADT, ORU, …"""
        return self.header.text(9, 1).upper()

    @property
    def event(self) -> str:
        """A01, R01, …; where MSH-9 names none, the one of EVN-1."""
        event = self.header.text(9, 2).upper()
        if not event:
            event = next((s.text(1) for s in self.segments if s.name == "EVN"), "").upper()
        return event

    @property
    def sender(self) -> str:
        """MSH-3 and MSH-4."""
        return f"{self.header.whole(3)}|{self.header.whole(4)}"

    @property
    def control_id(self) -> str:
        return self.header.whole(10)


def parse_message(text: str, line: int = 1, codec: str = "utf-8") -> Message:
    """text: one message, its segments ended by line feeds. Raises NoHeader."""
    rows = text.split("\n")
    separators = Separators.read(rows[0])
    rest = rows[0][4:].split(separators.field)
    header = Segment(("MSH", separators.field, *rest), line, separators, codec)
    segments: list[Segment] = []
    unread: list[tuple[int, str]] = []
    for number, row in enumerate(rows[1:], line + 1):
        fields = row.split(separators.field)
        if not row.strip():
            continue
        name = fields[0].strip()
        if SEGMENT_NAME.fullmatch(name) and name != "MSH":
            segments.append(Segment((name, *fields[1:]), number, separators, codec))
        else:
            unread.append((number, row))
    return Message(header, tuple(segments), tuple(unread))


__all__ = ["Message", "NoHeader", "Repetition", "Segment", "parse_message"]
