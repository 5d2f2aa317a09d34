"""Parse a search for AuditEvents into a search of the log's lines (FHIR R4 auditevent.html#search;
IHE ITI-81). What is not understood is refused, never passed over.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from alliance.platform.dates import parse_date_range
from consent.audit.line_places import LineSearch
from consent.audit.log_query import AuditFilter
from records.audit_events.audit_event import OUTCOME_CODES
from records.audit_events.codings import OUTCOME, STAFF, SYSTEM
from records.audit_events.line_entities import RESOURCE, VERSIONED
from records.fhir.issues import Issue, Malformed, NotSupported, TooLarge
from records.fhir.query_string import FORMAT_PARAMETERS, Pairs
from records.fhir.resource_types import TYPES
from records.search.escapes import parse_single, split_alternatives

USUAL_COUNT, MAX_COUNT = 50, 200
DECLARED = (
    ("_id", "token"),
    ("date", "date"),
    ("patient", "reference"),
    ("agent", "reference"),
    ("outcome", "token"),
    ("entity", "reference"),
)  # as the CapabilityStatement names them
MAX_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class EventSearch:
    """lines: what is looked for; count: on a page; cursor: where it goes on; names: of the
    parameters, for the line of the search itself.
    """

    lines: LineSearch
    count: int = USUAL_COUNT
    cursor: str = ""
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Draft:
    root: str
    search: EventSearch
    seen: set[str] = field(default_factory=set)

    def within(self, **changes: Any) -> None:
        self.lines(within=replace(self.search.lines.within, **changes))

    def lines(self, **changes: Any) -> None:
        self.search = replace(self.search, lines=replace(self.search.lines, **changes))


def keep_known_parameters(pairs: Pairs) -> Pairs:
    return [(k, v) for k, v in pairs if k in PARSERS or k in FORMAT_PARAMETERS]


def parse_event_search(pairs: Pairs, root: str, hospitals: tuple[str, ...]) -> EventSearch:
    """root: absolute address of the FHIR bases; hospitals: what whose staff and systems did.
    Raises Malformed, NotSupported, and TooLarge for what no index answers.
    """
    draft = Draft(root, EventSearch(LineSearch(AuditFilter(hospitals=hospitals))))
    for key, value in pairs:
        if key in FORMAT_PARAMETERS:
            continue
        parse = PARSERS.get(key)
        if parse is None:
            raise NotSupported(
                Issue(
                    "not-supported",
                    f"AuditEvents of the shared base are found by {', '.join(PARSERS)}; not by"
                    f" {key[:60]!r}.",
                    key[:60],
                )
            )
        if key in draft.seen and key != "date":
            raise NotSupported(Issue("not-supported", f"{key} is asked once.", key))
        if not value:
            raise Malformed(Issue("value", f"{key} is empty.", key))
        draft.seen.add(key)
        parse(draft, key, value)
    check_is_bounded(draft)
    names = tuple(sorted(draft.seen - {"_count", "_cursor"}))
    return replace(draft.search, names=names)


def check_is_bounded(draft: Draft) -> None:
    """What stands in no index is looked for among the lines of a patient or of some days."""
    within = draft.search.lines.within
    if draft.seen & {"entity", "entity:identifier"} and not (within.person or within.start):
        raise TooLarge(
            Issue(
                "too-costly",
                "entity is looked for among the lines about a patient or of some days: add"
                " patient=<person id> or date=ge<day>.",
                "entity",
            )
        )


def parse_count(draft: Draft, key: str, value: str) -> None:
    if not (value.isascii() and value.isdecimal()) or len(value) > 6 or int(value) == 0:
        raise Malformed(Issue("value", f"_count is a whole number from 1 to {MAX_COUNT}.", key))
    draft.search = replace(draft.search, count=min(int(value), MAX_COUNT))


def parse_cursor(draft: Draft, key: str, value: str) -> None:
    draft.search = replace(draft.search, cursor=value)


def parse_ids(draft: Draft, key: str, value: str) -> None:
    found = [parse_line_number(v) for v in split_alternatives(value)]
    draft.lines(numbers=tuple(n for n in found if n is not None))


def parse_line_number(text: str) -> int | None:
    """None for what no line is called."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) > MAX_NUMBER:
        return None
    return int(text)


def parse_date(draft: Draft, key: str, value: str) -> None:
    """Each narrows the range; a moment is compared to the microsecond."""
    prefix = value[:2] if value[:2].isalpha() else "eq"
    text = value.removeprefix(prefix) if value[:2].isalpha() else value
    try:
        low, high = parse_date_range(text.replace(" ", "+"))
    except ValueError as error:
        raise Malformed(Issue("value", f"Parameter date: {error}.", key)) from error
    if prefix not in RANGES:
        raise NotSupported(
            Issue("not-supported", f"date takes the prefixes {', '.join(RANGES)}.", key)
        )
    start, end = RANGES[prefix](low, high)
    within = draft.search.lines.within
    draft.within(
        start=max(filter(None, (within.start, start)), default=None),
        end=min(filter(None, (within.end, end)), default=None),
    )


Range = tuple[dt.datetime | None, dt.datetime | None]
RANGES: dict[str, Callable[[dt.datetime, dt.datetime], Range]] = {
    "eq": lambda low, high: (low, high),
    "ge": lambda low, high: (low, None),
    "gt": lambda low, high: (high, None),
    "sa": lambda low, high: (high, None),
    "lt": lambda low, high: (None, low),
    "eb": lambda low, high: (None, low),
    "le": lambda low, high: (None, high),
}


def parse_patient(draft: Draft, key: str, value: str) -> None:
    draft.within(person=read_person(draft, key, value))


def read_person(draft: Draft, key: str, value: str) -> UUID:
    """Patient/<person id> of the shared base, as absolute address or id too."""
    text = str(parse_single(value)).removeprefix(f"{draft.root}/alliance/")
    try:
        return UUID(text.removeprefix("Patient/"))
    except ValueError as error:
        raise Malformed(
            Issue(
                "value",
                f"{key} is a Patient of the shared base: {key}=Patient/<person id>.",
                key,
            )
        ) from error


def parse_agent(draft: Draft, key: str, value: str) -> None:
    """A patient who looked at their own record; staff and systems are no resources here."""
    try:
        person = read_person(draft, key, value)
    except Malformed as error:
        raise Malformed(
            Issue(
                "value",
                "agent is a Patient of the shared base. Of staff and systems ask"
                f" agent:identifier={STAFF}|<number> or agent:identifier={SYSTEM}|<client_id>.",
                key,
            )
        ) from error
    draft.within(actor_kind="patient", actor=str(person))


ACTOR_KINDS = {STAFF: "staff", SYSTEM: "client"}


def parse_agent_identifier(draft: Draft, key: str, value: str) -> None:
    system, *rest = parse_single(value).pieces
    if system not in ACTOR_KINDS or len(rest) != 1 or not rest[0]:
        raise Malformed(Issue("value", f"{key} is {STAFF}|<number> or {SYSTEM}|<client_id>.", key))
    draft.within(actor_kind=ACTOR_KINDS[system], actor=rest[0])


def parse_outcome(draft: Draft, key: str, value: str) -> None:
    outcomes: list[str] = []
    for asked in split_alternatives(value):
        *system, code = asked.pieces
        if system not in ([], [OUTCOME]) or code not in ("0", "4", "8", "12"):
            raise Malformed(Issue("value", "outcome is 0, 4, 8 or 12.", key))
        outcomes += [o for o, c in OUTCOME_CODES.items() if c == code]
    draft.lines(outcomes=tuple(outcomes) or ("none",))


def parse_entity(draft: Draft, key: str, value: str) -> None:
    """A resource with or without its version, by the address that it has in its store."""
    text = str(parse_single(value)).removeprefix(f"{draft.root}/")
    version = VERSIONED.fullmatch(text.replace("/_history/", "/"))
    found = version or RESOURCE.fullmatch(text)
    if not found or found[2] not in TYPES:
        raise Malformed(
            Issue(
                "value",
                f"entity is a resource by its address: {draft.root}/<hospital>/Type/id, with"
                " /_history/<version> where one version is meant. Of a person ask patient=.",
                key,
            )
        )
    draft.lines(ref=version[0] if version else f"{text}/")


def parse_entity_identifier(draft: Draft, key: str, value: str) -> None:
    """The X-Request-Id of an answer."""
    *system, request = parse_single(value).pieces
    if any(system):
        raise Malformed(Issue("value", f"{key} is an X-Request-Id, without a system.", key))
    draft.within(request=request)


PARSERS: dict[str, Callable[[Draft, str, str], None]] = {
    "_id": parse_ids,
    "date": parse_date,
    "patient": parse_patient,
    "agent": parse_agent,
    "agent:identifier": parse_agent_identifier,
    "outcome": parse_outcome,
    "entity": parse_entity,
    "entity:identifier": parse_entity_identifier,
    "_count": parse_count,
    "_cursor": parse_cursor,
}
