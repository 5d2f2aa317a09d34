"""Patient/[id]/$everything: all that a store, or the shared record, holds about one patient
(FHIR R4 patient-operation-everything).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from alliance.auth.scopes import ScopeNeed
from alliance.platform.dates import parse_date_range
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir import bundle
from records.fhir.hashes import index_hash, reference_hash
from records.fhir.issues import Issue, NotFound, NotSupported, Problem
from records.fhir.operation_outcome import ABSENT
from records.fhir.query_string import build_link
from records.fhir.resource_types import TYPE_NAMES, TYPES
from records.mpi.index import source_patients
from records.requests.fhir_request import (
    FhirRequest,
    FhirResponse,
    join_parameter_names,
    parse_uuid,
    request_own_access,
    request_person_access,
)
from records.search import cursors
from records.search.compartment import compartment_references
from records.search.search_plan import SearchPlan
from records.search.search_request import MAX_COUNT
from records.store import search_query

Pairs = list[tuple[str, str]]


NO_SOURCE_PATIENT = -1  # no row of the index


class BadEverythingParameter(Problem):
    kind = "invalid"


def parse_moment_parameter(name: str, value: str) -> Any:
    try:
        return parse_date_range(value.replace(" ", "+"))[name == "end"]
    except ValueError as error:
        raise BadEverythingParameter(Issue("invalid", f"Parameter {name}: {error}.")) from error


def parse_type_parameter(name: str, value: str) -> list[int]:
    type_names = value.split(",")
    if unknown_names := [t for t in type_names if t not in TYPES]:
        raise BadEverythingParameter(
            Issue(
                "invalid",
                f"Parameter {name}: {unknown_names[0]!r} is no resource type that is hosted here.",
            )
        )
    return [TYPES[t].number for t in type_names]


def parse_count_parameter(name: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and 0 < len(value) < 8 and int(value)):
        raise BadEverythingParameter(
            Issue("invalid", f"Parameter {name}: it is a whole number above 0.")
        )
    return min(int(value), MAX_COUNT)


# What began and has no end of its own goes on, unless a date says that it is over.
OVER_SQL = (
    "EXISTS (SELECT FROM record_date d WHERE d.rid = r.rid AND d.parameter ="
    f" {index_hash('Condition', 'abatement-date')} AND d.high <= %(start)s)"
)
ONGOING_SQL = (
    f"(r.type = {TYPES['Condition'].number} AND NOT {OVER_SQL}) OR r.type ="
    f" {TYPES['AllergyIntolerance'].number}"
)
# parameter -> (how it is read, the test on a row); what has no date, an allergy for example,
# belongs to every time
PARAMETER_TESTS: dict[str, tuple[Callable[[str, str], Any], str]] = {
    "start": (
        parse_moment_parameter,
        f"(r.dated = '-infinity' OR r.dated_to > %(start)s OR {ONGOING_SQL})",
    ),
    "end": (parse_moment_parameter, "r.dated < %(end)s"),
    "_since": (parse_moment_parameter, "r.last_updated >= %(_since)s"),
    "_type": (parse_type_parameter, "r.type = ANY(%(_type)s)"),
}


def read_everything(fhir_request: FhirRequest, fhir_id: str, pairs: Pairs) -> FhirResponse:
    """A searchset in pages, oldest write first: in a member's own store the patient's
    compartment, at the shared base what is about them; with the organizations, practitioners … that
    it refers to. Types that the caller's token may not read and search are left out.
    """
    values: dict[str, Any] = {}
    count, cursor = MAX_COUNT, ""
    for name, value in pairs:
        if name == "_count":
            count = parse_count_parameter(name, value)
        elif name == "_cursor":
            cursor = value
        elif name in values:
            raise BadEverythingParameter(
                Issue(
                    "invalid",
                    f"Parameter {name} stands twice: give it once, several types with commas.",
                )
            )
        elif name in PARAMETER_TESTS:
            values[name] = PARAMETER_TESTS[name][0](name, value)
        elif name not in ("_format", "_pretty"):
            raise NotSupported(
                Issue(
                    "not-supported",
                    f"$everything has no parameter {name!r}; it has {', '.join(PARAMETER_TESTS)}"
                    " and _count.",
                )
            )
    scope, source_patient_id = enter_everything(
        fhir_request,
        fhir_id,
        join_parameter_names([k for k, _ in pairs]),
        [TYPE_NAMES[n] for n in values.get("_type", ())],
    )
    tests = ["NOT r.deleted", *(PARAMETER_TESTS[name][1] for name in values)]
    if source_patient_id is not None:
        tests.append(
            "(r.patient = %(about)s OR r.rid = ANY(ARRAY(SELECT x.rid FROM record_reference x WHERE"
            " x.parameter = ANY(%(ways)s) AND x.target = %(named)s)))"
        )
        values |= {
            "about": source_patient_id,
            "ways": compartment_references("Patient"),
            "named": reference_hash(f"Patient/{fhir_id}"),
        }
    everything_url = f"{fhir_request.root}/{fhir_request.base}/Patient/{fhir_id}/$everything"
    question = f"{everything_url}?{urlencode(sorted((k, v) for k, v in pairs if k != '_cursor'))}"
    if cursor:
        tests.append("r.rid > %(after)s")
        values["after"] = cursors.read_cursor(scope, question, cursor)[0]
    rows = search_query.fetch_page(
        scope, SearchPlan(" AND ".join(tests), "r.rid ASC", "r.rid::text", count + 1, values)
    )
    links = [("self", build_link(everything_url, pairs))]
    if len(rows) > count:
        rows = rows[:count]
        links.append(
            (
                "next",
                build_link(
                    everything_url,
                    pairs,
                    _cursor=cursors.write_cursor(scope, question, [rows[-1].resource_id]),
                ),
            )
        )
    if not rows and not cursor and (not pairs or source_patient_id == NO_SOURCE_PATIENT):
        raise NotFound(ABSENT)
    entries = [
        bundle.build_entry(fhir_request.full_url(row), row.body, search={"mode": "match"})
        for row in rows
    ]
    if rows:
        entries += [
            bundle.build_entry(fhir_request.full_url(row), row.body, search={"mode": "include"})
            for row in search_query.fetch_referred(scope, [row.resource_id for row in rows])
        ]
    return FhirResponse(200, bundle.build_bundle("searchset", entries, links))


def enter_everything(
    fhir_request: FhirRequest, fhir_id: str, detail: str, types: list[str]
) -> tuple[Scope, int | None]:
    """The scope, and in a member's own store the patient's row of the index. Raises NotFound,
    Refused.
    """
    target, need = f"Patient/{fhir_id}/$everything", ScopeNeed("rs", ("Patient", *types))
    if fhir_request.hospital_id is None:
        return (
            gate.authorize_access(
                request_person_access(
                    fhir_request,
                    EventCode.RECORD_SEARCH,
                    target,
                    parse_uuid(fhir_id),
                    detail,
                    need=need,
                )
            ),
            None,
        )
    scope = gate.authorize_access(
        request_own_access(fhir_request, EventCode.RECORD_SEARCH, target, detail=detail, need=need)
    )
    source_row = source_patients.find_source_rows(fhir_request.hospital_id, [fhir_id]).get(fhir_id)
    return replace(scope, event=scope.event.with_changes(subjects=(fhir_id,))), (
        source_row.source_patient_id if source_row else NO_SOURCE_PATIENT
    )
