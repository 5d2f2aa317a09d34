"""search-type, search of a whole base and of a compartment, at a member's base and at the shared
base (FHIR R4 http.html#search).
"""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from alliance.auth.scopes import ScopeNeed
from consent import gate
from consent.audit.event import EventCode
from consent.terms import AccessRequest, Scope
from records.fhir import bundle
from records.fhir.issues import Issue, NotFound, NotSupported, Problem, TooLarge
from records.fhir.json_codec import parse_json
from records.fhir.operation_outcome import ABSENT
from records.fhir.query_string import build_link
from records.fhir.resource_references import ID
from records.identity import persons
from records.interactions import audit_log, directory
from records.interactions.code_modifiers import expand_code_modifiers
from records.interactions.search_page import read_search_page
from records.requests.fhir_request import (
    FhirRequest,
    FhirResponse,
    check_hosted_type,
    join_parameter_names,
    parse_uuid,
    request_own_access,
    request_person_access,
)
from records.requests.search_conditions import parse_search_conditions
from records.requests.token_coverage import check_parameter_scopes
from records.search import cursors
from records.search.compartment import compartment_condition, compartment_types
from records.search.include import MOST
from records.search.kinds import near
from records.search.search_request import SearchRequest
from records.search.subjects import Subjects
from records.store import search_query
from records.store.rows import SEARCH, Row
from records.work_faces import read_work

Pairs = list[tuple[str, str]]


def search_resources(
    fhir_request: FhirRequest, type_name: str, pairs: Pairs, lenient: bool = False
) -> FhirResponse:
    """A searchset Bundle; type_name "" for all types of the base. Raises Problem for what cannot
    be understood, Refused by the gate. lenient: leave that out.
    """
    if type_name:
        check_hosted_type(type_name)
    if fhir_request.hospital_id is None and type_name == "Patient":
        return persons.search_persons(fhir_request, pairs)
    if fhir_request.hospital_id is None and type_name == audit_log.TYPE:
        return audit_log.search_events(fhir_request, pairs, lenient)
    if read_work.is_about_work(fhir_request, type_name, pairs):
        return read_work.search_faces(fhir_request, type_name, pairs, lenient)
    if fhir_request.hospital_id is None and type_name in directory.FACES:
        return directory.search_faces(fhir_request, type_name, pairs, lenient)
    if (
        fhir_request.hospital_id is None
        and type_name == directory.APPOINTMENT
        and directory.asks_arrangements(pairs)
    ):
        return directory.search_arrangements(fhir_request, pairs)
    types = (type_name,) if type_name else ()
    if lenient:
        pairs = keep_servable_parameters(fhir_request, types, pairs)
    request = parse_search_conditions(
        types,
        expand_code_modifiers(fhir_request, types, pairs),
        fhir_request.base_url,
        answers_search=True,
    )
    return answer_search(
        fhir_request,
        enter_search(fhir_request, request, type_name, types or "_type" in request.keys),
        request,
        pairs,
        type_name,
    )


def search_compartment(
    fhir_request: FhirRequest,
    compartment: str,
    fhir_id: str,
    type_name: str,
    pairs: Pairs,
    lenient: bool = False,
) -> FhirResponse:
    """Patient/1/Observation?…, Encounter/7/*: what belongs to the one resource (FHIR R4
    compartmentdefinition.html).
    """
    if type_name != "*":
        check_hosted_type(type_name)
    if not ID.fullmatch(fhir_id):
        raise NotFound(ABSENT)
    types = compartment_types(compartment, type_name)
    if lenient:
        pairs = keep_servable_parameters(fhir_request, types, pairs)
    request = parse_search_conditions(
        types,
        expand_code_modifiers(fhir_request, types, pairs),
        fhir_request.base_url,
        answers_search=True,
    )
    if type_name == "*" or len(request.types) > 1:
        request.types = tuple(t for t in request.types if t in types)
    if fhir_request.hospital_id is None and compartment == "Patient":
        request.subjects.append(Subjects([fhir_id]))
    else:
        request.conditions.append(compartment_condition(compartment, fhir_id, request.types))
    address = f"{compartment}/{fhir_id}/{type_name}"
    named_patients = (fhir_id,) if compartment == "Patient" else ()
    return answer_search(
        fhir_request,
        enter_search(fhir_request, request, address, type_name != "*", named_patients),
        request,
        pairs,
        address,
    )


def keep_servable_parameters(
    fhir_request: FhirRequest, types: tuple[str, ...], pairs: Pairs
) -> Pairs:
    """Those that can be served, each looked at alone."""
    servable = []
    for pair in pairs:
        try:
            parse_search_conditions(
                types,
                expand_code_modifiers(fhir_request, types, [pair]),
                fhir_request.base_url,
                answers_search=True,
            )
        except Problem:
            continue
        servable.append(pair)
    return servable


def enter_search(
    fhir_request: FhirRequest,
    request: SearchRequest,
    target: str,
    names_types: object = True,
    named_patients: tuple[str, ...] = (),
) -> Scope:
    """Through the gate. names_types: whether the question names the types that it is about; of a
    base or compartment as a whole those are left out that the token may not search. The patients
    whom the question names stand in the audit log whatever is found: that nothing is, or how many,
    tells of them, too.
    """
    scope = gate.authorize_access(
        request_search_access(
            fhir_request, request, target, ScopeNeed(SEARCH, request.types if names_types else ())
        )
    )
    check_parameter_scopes(fhir_request.principal, request.types, request.keys, request.includes)
    if fhir_request.hospital_id is not None and (
        subjects := {*named_patients, *(i for s in request.subjects for i in s.ids)}
    ):
        return replace(scope, event=scope.event.with_changes(subjects=tuple(sorted(subjects))))
    return scope


def request_search_access(
    fhir_request: FhirRequest, request: SearchRequest, target: str, need: ScopeNeed
) -> AccessRequest:
    detail = join_parameter_names(request.names)
    if fhir_request.hospital_id is not None:
        return request_own_access(
            fhir_request, EventCode.RECORD_SEARCH, target, detail=detail, need=need
        )
    person_ids = {i for s in request.subjects for i in s.ids}
    if len(person_ids) != 1:
        raise NotSupported(
            Issue(
                "not-supported",
                "A search of the shared record names one patient: add patient=<person id>.",
            )
        )
    return request_person_access(
        fhir_request,
        EventCode.RECORD_SEARCH,
        target,
        parse_uuid(person_ids.pop()),
        detail,
        need=need,
    )


def answer_search(
    fhir_request: FhirRequest, scope: Scope, request: SearchRequest, pairs: Pairs, address: str
) -> FhirResponse:
    """address: what was asked, below the base."""
    query = urlencode(sorted((k, v) for k, v in pairs if k != "_cursor"))
    question = f"{fhir_request.base}/{address}?{query}"
    position = cursors.read_cursor(scope, question, request.cursor) if request.cursor else None
    address_url = f"{fhir_request.root}/{fhir_request.base}/{address}"
    links = [("self", build_link(address_url, pairs))]
    rows, next_position, total = read_search_page(
        scope, request, fhir_request.hospital_id, position
    )
    if next_position is not None:
        cursor = cursors.write_cursor(scope, question, next_position)
        links.append(("next", build_link(address_url, pairs, _cursor=cursor)))
    entries = [
        bundle.build_entry(
            fhir_request.full_url(row), request.view(row.body), search=describe_match(request, row)
        )
        for row in rows
    ]
    entries += [
        bundle.build_entry(
            fhir_request.full_url(row), request.view(row.body), search={"mode": "include"}
        )
        for row in read_included(scope, request, rows)
    ]
    return FhirResponse(200, bundle.build_bundle("searchset", entries, links, total))


def describe_match(request: SearchRequest, row: Row) -> dict[str, Any]:
    """What a match is, with its distance where a place was asked for (FHIR R4
    extension-location-distance.html).
    """
    position = parse_json(row.body).get("position") if request.place else None
    if request.place is None or not near.has_position(position):
        return {"mode": "match"}
    distance = {
        "value": round(near.distance_km(position, request.place), 3),
        "unit": "km",
        "system": "http://unitsofmeasure.org",
        "code": "km",
    }
    return {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/location-distance",
                "valueDistance": distance,
            }
        ],
        "mode": "match",
    }


def read_included(scope: Scope, request: SearchRequest, rows: list[Row]) -> list[Row]:
    """The included rows of a page, each once. Raises TooCostly beyond a limit: a page is never
    cut short in silence.
    """
    included: list[Row] = []
    shown_ids = {row.resource_id for row in rows}
    newly_included, includes = rows, request.includes
    while newly_included and includes:
        next_rows: list[Row] = []
        for include in includes:
            from_ids = [
                row.resource_id
                for row in newly_included
                if (
                    include.target in (None, row.type_name)
                    if include.backward
                    else row.type_name == include.source
                )
            ]
            if from_ids:
                rows_of_include = search_query.fetch_included(
                    scope, include, from_ids, sorted(shown_ids), MOST + 1 - len(included)
                )
                shown_ids |= {row.resource_id for row in rows_of_include}
                next_rows += rows_of_include
        included += next_rows
        if len(included) > MOST:
            raise TooLarge(
                Issue(
                    "too-costly",
                    f"More than {MOST} resources are included: ask with a smaller _count, or in two"
                    " steps.",
                )
            )
        newly_included, includes = (
            next_rows,
            [include for include in request.includes if include.again],
        )
    return included
