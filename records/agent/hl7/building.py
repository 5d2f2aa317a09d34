"""Hold what is known while one message becomes items: its patient, its visit, its versions."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from ..item import Item, derive_fhir_id
from ..mapping.exact_json import encode_exactly
from ..refusal import Refusal, Rule
from . import rules
from .message import Message, Segment
from .origin import Hl7Origin, combine_moments
from .times import Stamp, UnreadableTime, parse_stamp

LONGEST_RECORD = 200
LONGEST_VALUE = 80  # of a refused value, as it is shown
AHEAD = 86_400  # seconds by which a sender's clock may be wrong


HOLDERS = (dict, list)


class Building:
    """items: what the message says, in the order in which it is to be stored."""

    def __init__(self, message: Message, origin: Hl7Origin, now: float | None = None) -> None:
        self.message, self.origin = message, origin
        self.now = time.time() if now is None else now
        self.items: list[Item] = []
        self.refusals: list[Refusal] = []
        self.patient = ""  # its record number
        self.visit = ""  # the record number of the Encounter that the message makes
        self.sent = self._moment(message.header, 7)
        event = next((s for s in message.segments if s.name == "EVN"), None)
        self.said = (self._moment(event, 2) if event else None) or self.sent

    def _moment(self, segment: Segment, number: int) -> int | None:
        """Seconds since 1970; None where none was sent, or one that lies ahead."""
        stamp = self.time(segment, number)
        if stamp and stamp.seconds > self.now + AHEAD:
            self.warn(rules.FUTURE, segment, number, segment.text(number))
            return None
        return stamp.seconds if stamp else None

    def time(self, segment: Segment, number: int, component: int = 1) -> Stamp | None:
        text = segment.text(number, component)
        try:
            return parse_stamp(text, self.origin.zone)
        except UnreadableTime:
            self.warn(rules.TIME, segment, number, text)
            return None

    def refuse(
        self, rule: Rule, segment: Segment, number: int, value: str = "", warning: bool = False
    ) -> None:
        column = f"{segment.name}-{number}" if number else segment.name
        self.refusals.append(
            Refusal(
                self.origin.file,
                segment.line,
                column,
                value[:LONGEST_VALUE],
                rule,
                warning=warning,
            )
        )

    def warn(self, rule: Rule, segment: Segment, number: int, value: str = "") -> None:
        self.refuse(rule, segment, number, value, warning=True)

    def warn_of(
        self, rule: Rule, place: tuple[Segment, int], value: str, words: dict[str, Any]
    ) -> None:
        """A rule of single values, with its own words."""
        self.warn(rule, *place, value)
        self.refusals[-1] = dataclasses.replace(self.refusals[-1], words=words)

    def reference(self, type: str, record: str) -> dict[str, str]:
        return {"reference": f"{type}/{derive_fhir_id(self.origin.source, record)}"}

    def subject(self) -> dict[str, str]:
        return self.reference("Patient", self.patient)

    def encounter(self) -> dict[str, Any]:
        """{"encounter": …} where the message makes one."""
        return {"encounter": self.reference("Encounter", self.visit)} if self.visit else {}

    def put(
        self,
        type: str,
        record: str,
        resource: dict[str, Any],
        segment: Segment,
        *,
        day: str = "",
        action: str = "put",
        patient: str = "",
        moment: int | None = None,
    ) -> bool:
        """Add an item. moment: as combine_moments gives it; None: the order of arrival decides.
        False where its number cannot be one.
        """
        if len(record) > LONGEST_RECORD:
            self.refuse(rules.LONG_NUMBER, segment, 0, record)
            return False
        passing = moment is not None and moment == self.sent
        if passing and self.origin.versions.knows_newer(type, record, moment or 0):
            return True
        body = b""
        if action == "put":
            id = derive_fhir_id(self.origin.source, record)
            body = encode_exactly({"resourceType": type, "id": id, **drop_empty(resource)})
        item = Item(self.origin.source, type, record, body, None, action)
        version = None
        if moment is not None:
            version = self.origin.versions.number(type, record, moment, item.hash or action)
        self.items.append(
            Item(
                self.origin.source,
                type,
                record,
                body,
                version,
                action,
                day,
                patient or self.patient,
                f"{self.origin.file} 第{segment.line}行 {segment.name}"[:200],
            )
        )
        return True

    def full_moment(self, said: int | None = None) -> int | None:
        """Of a message whose own business the record is. said: when the fact was, where a segment
        tells it.
        """
        first = said if said is not None else self.said
        if first is None:
            return None
        return combine_moments(first, self.sent if self.sent is not None else first)

    def passing_moment(self) -> int | None:
        """Of a patient or visit that a result or an order merely names: older than whatever an ADT
        message says.
        """
        return self.sent


def drop_empty(value: Any) -> Any:
    """Without None, "", [] and {}: FHIR has no empty elements."""
    kind = type(value)
    if kind is dict:
        kept = {}
        for key, inner in value.items():
            if type(inner) in HOLDERS:
                inner = drop_empty(inner)
            if inner or inner == 0:  # a number, or False
                kept[key] = inner
        return kept
    if kind is list:
        found = [drop_empty(v) for v in value]
        return [v for v in found if v or v == 0]
    return value
