"""_typeFilter of an export: of a type only what fits one of its searches (Bulk Data Access 2.0
and 1.0.1, query parameter _typeFilter).
"""

import re

from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import ScopeNeed
from records.fhir.issues import Issue, NotSupported, Problem
from records.fhir.query_string import parse_query
from records.fhir.resource_types import TYPES
from records.interactions.code_modifiers import expand_code_modifiers
from records.requests.fhir_request import FhirRequest
from records.requests.search_conditions import parse_search_conditions
from records.requests.token_coverage import check_parameter_scopes
from records.search.search_request import COMMON, TEXTS, SearchRequest
from records.store.rows import READ, SEARCH

FILTER_SEPARATOR = re.compile(
    r",(?=[A-Z][A-Za-z]*\?)"
)  # 1.0.1 writes several searches into one parameter; other commas belong to values
FILTER_CONDITIONS = (
    "_id",
    "_lastUpdated",
    "_list",
    *TEXTS,
)  # of COMMON; the others say how an answer is shown
MOST_FILTERS = 50  # of one export


def split_type_filters(value: str) -> list[str]:
    return FILTER_SEPARATOR.split(value)


def parse_type_filter(fhir_request: FhirRequest, text: str) -> SearchRequest:
    """The search, in the same room as any other. Raises Problem for what cannot be understood,
    Forbidden for what leads over types that the token may not search.
    """
    name, mark, query = text.partition("?")
    if not mark or not query or name not in TYPES:
        raise NotSupported(
            Issue(
                "not-supported",
                f"{text[:80]!r} is no search of a resource type that is hosted here, such as"
                " Observation?status=final.",
            )
        )
    pairs = parse_query(query)
    if shown := [
        key
        for key, _ in pairs
        if key.partition(":")[0] in COMMON and key.partition(":")[0] not in FILTER_CONDITIONS
    ]:
        raise NotSupported(
            Issue(
                "not-supported",
                f"{name}?{shown[0][:60]}: this is no condition, it says how an answer is shown.",
            )
        )
    try:
        request = parse_search_conditions(
            (name,), expand_code_modifiers(fhir_request, (name,), pairs), fhir_request.base_url
        )
    except Problem as problem:
        raise type(problem)(
            *(Issue(i.code, f"{name}?{query[:80]}: {i.says}", i.where) for i in problem.issues)
        ) from problem
    if fhir_request.hospital_id is None and (name == "Patient" or request.subjects):
        raise NotSupported(
            Issue(
                "not-supported",
                f"{name}?{query[:80]}: the persons of a shared export are named by patient=<person"
                " id> alone.",
            )
        )
    check_token_scopes(fhir_request.principal, ScopeNeed(READ + SEARCH, (name,)))
    check_parameter_scopes(fhir_request.principal, request.types, request.keys)
    return request


def group_filters_by_type(
    fhir_request: FhirRequest, texts: list[str]
) -> dict[str, tuple[SearchRequest, ...]]:
    """What each type is restricted to: a resource fits where one of its searches does."""
    filters_by_type: dict[str, tuple[SearchRequest, ...]] = {}
    for text in texts:
        request = parse_type_filter(fhir_request, text)
        filters_by_type[request.types[0]] = (*filters_by_type.get(request.types[0], ()), request)
    return filters_by_type


def describe_type_filter(text: str) -> str:
    """For the audit line: the type and its parameters, never their values."""
    name, _, query = text.partition("?")
    return f"{name}?{'&'.join(dict.fromkeys(key for key, _ in parse_query(query)))}"
