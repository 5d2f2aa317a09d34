"""What a record clerk sees of a dead letter: place, rule, why and how to mend, and the value where
it says nothing clinical (docs/adr/0069). Never the body.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from records.fhir.json_codec import parse_json
from records.store.codec import UnreadableBody
from records.sync.dead_letters import DeadLetter, LetterState, split_content
from records.sync.fault import FaultWords
from records.sync.rules import RULES

# Of these a clerk sees all: they say who somebody is and where they work, as registrations do.
IDENTITY_TYPES = frozenset(
    {"Patient", "RelatedPerson", "Person", "Practitioner", "PractitionerRole", "Organization"}
    | {"Location", "HealthcareService", "Endpoint"}
)
# Of every other type these places alone: numbers, references, times, status. What a code, a value,
# a text or a note says may be a diagnosis or a result.
PLAIN_PLACE = re.compile(
    r"^[A-Za-z]+\.(?:"
    r"id|status|intent|priority|language|implicitRules"
    r"|(?:identifier|basedOn|partOf|encounter|subject|patient|performer|requester|recorder|asserter"
    r"|author|location|participant|serviceProvider|custodian|context\.encounter)\b.*"
    r"|(?:effective|occurrence|performed|onset|abatement)(?:DateTime|Instant|Period(?:\.\w+)?)"
    r"|issued|authoredOn|recordedDate|date|created|expirationDate|period(?:\.(?:start|end))?"
    r")$"
)
# Rules whose words say nothing of the resource's content, whatever the place.
PLAIN_RULES = frozenset(
    {
        "reference.missing",
        "id.other",
        "type.unknown",
        "type.other",
        "patient.same-number",
        "rights.ended",
        "rights.scope",
        "server.altered",
        "server.error",
        "element.missing",
        "reference.no-room",
    }
)
STEP = re.compile(r"\[\d+\]")
HIDDEN = "…"
PLAIN_WHY = {"zh": "这里的内容不符合要求", "en": "What stands here is not accepted"}
NAMED = re.compile(r"(?<!\{)\{(\w+)\}")  # words that a rule's text takes


class CauseWords(FaultWords):
    """Of what a record says itself, a sign."""

    def __missing__(self, key: str) -> str:
        return HIDDEN


@dataclass(frozen=True, slots=True)
class ShownFault:
    """value: "" where there is none, None where it is not shown."""

    rule: str
    field: str
    value: str | None
    why: dict[str, str]
    mend: dict[str, str]


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """at: file and row, as the sender told; kept: whether its content is, so that it can be tried
    again.
    """

    id: int
    at: str
    source: str
    type: str
    record: str
    version: int | None
    stream: str
    number: int
    state: LetterState
    made_at: dt.datetime
    tries: int
    kept: bool
    faults: tuple[ShownFault, ...]


def is_plain(type_name: str, rule: str, place: str) -> bool:
    """Whether the value there says nothing clinical."""
    return (
        type_name in IDENTITY_TYPES
        or rule in PLAIN_RULES
        or bool(PLAIN_PLACE.match(STEP.sub("", place)))
    )


def show_letter(letter: DeadLetter) -> ShownLetter:
    """One that cannot be opened is shown without its faults, one that was not kept with what its
    rule says.
    """
    try:
        content = letter.sealed_bytes() if letter.sealed else b""
        head = parse_json(split_content(content)[0]) if content else {}
    except UnreadableBody:
        head = {}
    faults = [show_fault(letter.type, fault) for fault in head.get("faults") or []]
    if letter.is_unkept:
        faults = [show_unkept(letter)]
    return ShownLetter(
        letter.id,
        head.get("at", ""),
        letter.source,
        letter.type,
        letter.record,
        letter.version,
        letter.stream,
        letter.number,
        letter.state,
        letter.made_at,
        letter.tries,
        not letter.is_unkept,
        tuple(faults),
    )


def show_unkept(letter: DeadLetter) -> ShownFault:
    """Its first fault."""
    return ShownFault(
        letter.rule,
        letter.field,
        None,
        describe_rule(letter.rule, letter.field),
        describe_mend(letter.rule, letter.field),
    )


def show_fault(type_name: str, fault: dict[str, Any]) -> ShownFault:
    rule, place = fault["rule"], fault["field"]
    if is_plain(type_name, rule, place):
        return ShownFault(rule, place, fault["value"], fault["why"], fault["mend"])
    return ShownFault(
        rule, place, None if fault["value"] else "", describe_rule(rule, place), fault["mend"]
    )


def describe_rule(rule: str, place: str) -> dict[str, str]:
    """Why, without what the resource says: of a cause, or where the value is not shown."""
    known = RULES.get(rule)
    if known is None:
        return {"zh": rule, "en": rule}
    words = CauseWords({}, field=place)
    said = {"zh": known.why_zh.format_map(words), "en": known.why_en.format_map(words)}
    return {
        language: PLAIN_WHY[language] if text == HIDDEN else text for language, text in said.items()
    }


def describe_mend(rule: str, place: str) -> dict[str, str]:
    """Of a cause; "" where it is another one for each record."""
    known = RULES.get(rule)
    if known is None or set(NAMED.findall(known.mend_zh + known.mend_en)) - {"field"}:
        return {"zh": "", "en": ""}
    words = CauseWords({}, field=place)
    return {"zh": known.mend_zh.format_map(words), "en": known.mend_en.format_map(words)}
