"""Parse a search for Task or ServiceRequest of the shared base into a search of work items (FHIR R4
task.html#search, servicerequest.html#search). What is not understood is refused, never passed over.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from alliance.models import Hospital
from alliance.platform.dates import parse_date_range
from alliance.workflow.list_recent import WorkSearch
from records.audit_events.parse_search import RANGES, parse_line_number
from records.fhir.issues import Issue, Malformed, NotSupported
from records.fhir.query_string import FORMAT_PARAMETERS, Pairs
from records.mpi.index import source_patients
from records.search.escapes import parse_single, split_alternatives
from records.work_faces.state_codes import (
    KIND_SYSTEM,
    REQUEST_STATUS,
    STATE_SYSTEM,
    STATUS_BY_STATE,
    URGENCY_BY_PRIORITY,
)

USUAL_COUNT, MAX_COUNT = 50, 200


@dataclass(frozen=True, slots=True)
class TaskSearch:
    """work: what is looked for; person: whom it named; count: on a page; cursor: where it goes on;
    names: of the parameters, for the line of the log.
    """

    work: WorkSearch = field(default_factory=WorkSearch)
    person: UUID | None = None
    count: int = USUAL_COUNT
    cursor: str = ""
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Draft:
    root: str
    hospital_id: int
    type_name: str
    search: TaskSearch = field(default_factory=TaskSearch)
    seen: set[str] = field(default_factory=set)

    def narrow(self, name: str, values: Collection[Any]) -> None:
        """Named twice, both hold."""
        before = getattr(self.search.work, name)
        found = frozenset(values)
        self.work(**{name: found if before is None else before & found})

    def work(self, **changes: Any) -> None:
        self.search = replace(self.search, work=replace(self.search.work, **changes))


def keep_known_parameters(type_name: str, pairs: Pairs) -> Pairs:
    return [(k, v) for k, v in pairs if k in PARSERS[type_name] or k in FORMAT_PARAMETERS]


def parse_task_search(type_name: str, pairs: Pairs, root: str, hospital_id: int) -> TaskSearch:
    """root: absolute address of the FHIR bases; hospital_id: the reader's. Raises Malformed,
    NotSupported.
    """
    draft = Draft(root, hospital_id, type_name)
    parsers = PARSERS[type_name]
    for key, value in pairs:
        if key in FORMAT_PARAMETERS:
            continue
        parse = parsers.get(key)
        if parse is None:
            raise NotSupported(
                Issue(
                    "not-supported",
                    f"{type_name}s of work between hospitals are found by {', '.join(parsers)}; not"
                    f" by {key[:60]!r}. Those of the shared record are searched with"
                    " patient=<person id>.",
                    key[:60],
                )
            )
        if not value:
            raise Malformed(Issue("value", f"{key} is empty.", key))
        draft.seen.add(key)
        parse(draft, key, value)
    names = tuple(sorted(draft.seen - {"_count", "_cursor"}))
    return replace(draft.search, names=names)


def parse_count(draft: Draft, key: str, value: str) -> None:
    if not (value.isascii() and value.isdecimal()) or len(value) > 6 or int(value) == 0:
        raise Malformed(Issue("value", f"_count is a whole number from 1 to {MAX_COUNT}.", key))
    draft.search = replace(draft.search, count=min(int(value), MAX_COUNT))


def parse_cursor(draft: Draft, key: str, value: str) -> None:
    draft.search = replace(draft.search, cursor=value)


def parse_sort(draft: Draft, key: str, value: str) -> None:
    if value not in ("_lastUpdated", "-_lastUpdated"):
        raise NotSupported(
            Issue(
                "not-supported", "_sort is _lastUpdated, or -_lastUpdated: the newest first.", key
            )
        )
    draft.work(newest_first=value.startswith("-"))


def parse_ids(draft: Draft, key: str, value: str) -> None:
    found = [parse_line_number(v) for v in split_alternatives(value)]
    draft.narrow("numbers", {n for n in found if n is not None})


def parse_tag(draft: Draft, key: str, value: str) -> None:
    """Says that work is meant; every item is tagged so."""
    if value.rstrip("|") != KIND_SYSTEM:
        draft.narrow("numbers", ())


def parse_status(draft: Draft, key: str, value: str) -> None:
    asked = {v.pieces[-1] for v in split_alternatives(value)}
    of_request = draft.type_name == "ServiceRequest"
    draft.narrow(
        "states",
        {
            state
            for states in STATUS_BY_STATE.values()
            for state, status in states.items()
            if (REQUEST_STATUS.get(status, "active") if of_request else status) in asked
        },
    )


def parse_codes(draft: Draft, value: str, system: str) -> set[str]:
    """Codes with or without their system; those of another are nobody's."""
    found = set()
    for v in split_alternatives(value):
        *of_system, code = v.pieces
        found.add(code if of_system in ([], [system]) else "")
    return found


def parse_business_status(draft: Draft, key: str, value: str) -> None:
    draft.narrow("states", parse_codes(draft, value, STATE_SYSTEM))


def parse_kind(draft: Draft, key: str, value: str) -> None:
    draft.narrow("kinds", parse_codes(draft, value, KIND_SYSTEM))


def parse_priority(draft: Draft, key: str, value: str) -> None:
    asked = {v.pieces[-1] for v in split_alternatives(value)}
    known = {URGENCY_BY_PRIORITY[p] for p in asked if p in URGENCY_BY_PRIORITY}
    draft.narrow("urgencies", known)


def parse_hospital(draft: Draft, key: str, value: str) -> None:
    codes = set()
    for v in split_alternatives(value):
        code = read_hospital(str(v), draft.root)
        if code is None:
            raise Malformed(
                Issue("value", f"{key} is a hospital of the alliance: Organization/<code>.", key)
            )
        codes.add(code)
    found = Hospital.objects.filter(code__in=codes).values_list("pk", flat=True)
    draft.narrow(COLUMN_BY_PARAMETER[key], set(found))


COLUMN_BY_PARAMETER = {"owner": "owners", "requester": "senders", "performer": "receivers"}


def read_hospital(text: str, root: str) -> str | None:
    """The code in Organization/<code> of the shared base; None where it is none."""
    kind, _, code = text.removeprefix(f"{root}/alliance/").partition("/")
    return code if kind == "Organization" and code and "/" not in code else None


def parse_patient(draft: Draft, key: str, value: str) -> None:
    text = str(parse_single(value)).removeprefix(f"{draft.root}/alliance/")
    try:
        person = UUID(text.removeprefix("Patient/"))
    except ValueError as error:
        raise Malformed(
            Issue("value", f"{key} is a Patient of the shared base: Patient/<person id>.", key)
        ) from error
    draft.search = replace(draft.search, person=person)
    sources = source_patients.sources_of_person(person)
    draft.narrow("registrations", {s.id for s in sources})
    if draft.hospital_id not in {s.hospital_id for s in sources}:
        draft.work(only_open=True)


def parse_last_updated(draft: Draft, key: str, value: str) -> None:
    prefix = value[:2] if value[:2].isalpha() else "eq"
    text = value.removeprefix(prefix) if value[:2].isalpha() else value
    try:
        low, high = parse_date_range(text.replace(" ", "+"))
    except ValueError as error:
        raise Malformed(Issue("value", f"Parameter {key}: {error}.", key)) from error
    if prefix not in RANGES:
        raise NotSupported(
            Issue("not-supported", f"{key} takes the prefixes {', '.join(RANGES)}.", key)
        )
    start, end = RANGES[prefix](low, high)
    work = draft.search.work
    draft.work(start=max(work.start, start or work.start), end=min(work.end, end or work.end))


Parser = Callable[[Draft, str, str], None]
COMMON: dict[str, Parser] = {
    "_id": parse_ids,
    "_lastUpdated": parse_last_updated,
    "_tag": parse_tag,
    "patient": parse_patient,
    "subject": parse_patient,
    "status": parse_status,
    "code": parse_kind,
    "priority": parse_priority,
    "requester": parse_hospital,
    "_sort": parse_sort,
    "_count": parse_count,
    "_cursor": parse_cursor,
}
PARSERS: dict[str, dict[str, Parser]] = {
    "Task": {**COMMON, "owner": parse_hospital, "business-status": parse_business_status},
    "ServiceRequest": {**COMMON, "performer": parse_hospital},
}
# As the CapabilityStatement names them; the others say how the answer is made.
DECLARED: dict[str, tuple[tuple[str, str], ...]] = {
    "Task": (
        ("_id", "token"),
        ("_lastUpdated", "date"),
        ("_tag", "token"),
        ("patient", "reference"),
        ("subject", "reference"),
        ("status", "token"),
        ("business-status", "token"),
        ("code", "token"),
        ("priority", "token"),
        ("requester", "reference"),
        ("owner", "reference"),
    ),
    "Provenance": (("target", "reference"),),
}
