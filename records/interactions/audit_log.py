"""Read and search the alliance's audit log as AuditEvents of the shared base: for a system that was
granted its own hospital's log, what that hospital's staff and systems did (docs/adr/0075).

The look is a line itself and names the persons who were shown; both are one transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db import transaction

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import AUDIT_LOG, ScopeNeed
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.archived_months import find_archived_part
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.line_names import load_line_names
from consent.audit.line_places import LineSearch, list_placed_lines, persons_of_lines
from consent.audit.log_query import AuditFilter
from records.audit_events.audit_event import build_audit_event
from records.audit_events.parse_search import (
    keep_known_parameters,
    parse_event_search,
    parse_line_number,
)
from records.fhir import bundle
from records.fhir.issues import Issue, NotFound
from records.fhir.json_codec import dump_json
from records.fhir.operation_outcome import ABSENT, build_outcome
from records.fhir.query_string import Pairs, build_link
from records.requests.fhir_request import FhirRequest, FhirResponse, join_parameter_names
from records.search import cursors

TYPE = "AuditEvent"
TARGET = f"alliance/{TYPE}"
REFUSED = "This does not read the audit log."


@dataclass(frozen=True, slots=True)
class LogReader:
    """Whom a page's cursor is bound to: no consent cuts the log."""

    principal: Principal
    epoch: str = ""


def read_event(fhir_request: FhirRequest, fhir_id: str) -> FhirResponse:
    """AuditEvent/<number of the line>, with all persons whom it is about. Raises Forbidden, and
    NotFound for a line that is not there or another hospital's.
    """
    target = f"{TARGET}/{fhir_id}"
    with noted_refusal(fhir_request, target):
        hospitals = authorize_log_reading(fhir_request.principal, "r")
    number = parse_line_number(fhir_id)
    search = LineSearch(AuditFilter(hospitals=hospitals), numbers=(number or 0,))
    with transaction.atomic():
        lines = list_placed_lines(search, None, 1, persons=None)
        outcome = AuditOutcome.SUCCESS if lines else AuditOutcome.NOT_FOUND
        note_look(fhir_request, target, "", persons_of_lines(lines), outcome)
    if not lines:
        raise NotFound(ABSENT)
    return FhirResponse(200, build_events(fhir_request, lines)[0], None, lines[0]["written"])


def search_events(fhir_request: FhirRequest, pairs: Pairs, lenient: bool = False) -> FhirResponse:
    """A searchset, the newest first, without a total. Raises Forbidden, and Problem for what is
    not understood; lenient: leave unknown parameters out.
    """
    with noted_refusal(fhir_request, TARGET):
        hospitals = authorize_log_reading(fhir_request.principal, "s")
    if lenient:
        pairs = keep_known_parameters(pairs)
    search = parse_event_search(pairs, fhir_request.root, hospitals)
    reader = LogReader(fhir_request.principal)
    question = f"{TARGET}?{urlencode(sorted((k, v) for k, v in pairs if k != '_cursor'))}"
    before = cursors.read_cursor(reader, question, search.cursor)[0] if search.cursor else None
    detail = join_parameter_names(list(search.names))
    with transaction.atomic():
        found = list_placed_lines(search.lines, before, search.count + 1)
        lines = found[: search.count]
        persons = persons_of_lines(lines)
        if asked := search.lines.within.person:
            persons.add(asked)
        note_look(fhir_request, TARGET, detail, persons)
    address = f"{fhir_request.root}/{TARGET}"
    links = [("self", build_link(address, pairs))]
    if len(found) > len(lines):
        cursor = cursors.write_cursor(reader, question, [lines[-1]["id"]])
        links.append(("next", build_link(address, pairs, _cursor=cursor)))
    entries = [
        bundle.build_entry(f"{address}/{line['id']}", body, search={"mode": "match"})
        for line, body in zip(lines, build_events(fhir_request, lines), strict=True)
    ]
    if not search.cursor:
        entries += list_archive_entries(search.lines.within)
    return FhirResponse(200, bundle.build_bundle("searchset", entries, links))


def list_archive_entries(wanted: AuditFilter) -> list[bytes]:
    """That lines of the search may stand in archives, where they may: FHIR's entry of mode
    "outcome". None where all of it is online.
    """
    begins = find_archived_part(wanted)
    if begins is None:
        return []
    issue = Issue(
        "incomplete",
        f"The online log is whole from {begins:%Y-%m-%dT%H:%M:%SZ} on. Months before stand in"
        " archives that the alliance keeps: ask its auditor, who has them put back.",
        severity="information",
    )
    outcome = dump_json(build_outcome(issue))
    return [bundle.build_entry(f"urn:uuid:{uuid4()}", outcome, search={"mode": "outcome"})]


def authorize_log_reading(acting: Principal, letters: str) -> tuple[str, ...]:
    """Codes of the hospitals of which the acting one may read what their staff and systems did.
    Raises Forbidden.
    """
    check_permission(acting, Permission.OWN_AUDIT_READ, REFUSED)
    check_token_scopes(acting, ScopeNeed(letters, (AUDIT_LOG,)))
    return (acting.hospital,)


@contextmanager
def noted_refusal(fhir_request: FhirRequest, target: str) -> Iterator[None]:
    """A refusal is a line before it is raised."""
    try:
        yield
    except Forbidden as refusal:
        append_event(
            AuditEvent.from_principal(
                fhir_request.principal,
                EventCode.AUDIT_READ,
                outcome=AuditOutcome.REFUSED,
                reason=refusal.code,
                target=target,
            )
        )
        refusal.written = True
        raise


def note_look(
    fhir_request: FhirRequest,
    target: str,
    detail: str,
    persons: set[UUID],
    outcome: AuditOutcome = AuditOutcome.SUCCESS,
) -> None:
    """The line of the look, in the transaction in which the lines were read."""
    append_event(
        AuditEvent.from_principal(
            fhir_request.principal,
            EventCode.AUDIT_READ,
            outcome=outcome,
            target=target,
            detail=detail,
            persons=tuple(sorted(persons)),
        )
    )


def build_events(fhir_request: FhirRequest, lines: list[dict[str, Any]]) -> list[bytes]:
    """As JSON. Patients are named by reference alone, so that no names of theirs are loaded."""
    about_staff = [line | {"person": None, "persons": []} for line in lines]
    names = load_line_names(about_staff, (fhir_request.principal.hospital,))
    return [dump_json(build_audit_event(line, names, fhir_request.root)) for line in lines]
