"""The condition of a conditional create, update, patch or delete: how it may be written, and the
one resource that fits it (FHIR R4 http.html#ccreate, #cond-update).
"""

import re
from typing import Any

from consent.terms import Scope
from records.fhir.base_address import make_relative
from records.fhir.issues import Issue, Malformed, PreconditionFailed
from records.fhir.query_string import FORMAT_PARAMETERS, parse_query
from records.requests.fhir_request import FhirRequest
from records.requests.search_conditions import parse_search_conditions
from records.requests.token_coverage import check_condition_scopes
from records.search.escapes import split_alternatives
from records.search.own_addresses import make_addresses_relative
from records.search.search_plan import plan_search
from records.search.search_request import COMMON, TEXTS
from records.store import write_lookups

IDENTIFIER_PARAMETER = re.compile(r"(^|[.:])identifier(:not)?$")
SELECTING_COMMON = (
    "_id",
    "_lastUpdated",
    "_list",
    *TEXTS,
)  # of the parameters that every type has; the others say how a search is answered


def parse_if_none_exist(fhir_request: FhirRequest, type_name: str, text: Any) -> str:
    """The part after "?" of a condition, which some clients send as a whole address, ours.
    Raises Malformed for another base or type, and for none.
    """
    if not isinstance(text, str):
        raise Malformed(
            Issue(
                "value",
                "If-None-Exist is a text, such as identifier=system|value.",
                "If-None-Exist",
            )
        )
    address, mark, query = text.partition("?")
    if not mark or "=" in address:
        address, query = "", text
    if make_relative(address, fhir_request.base_url) not in ("", type_name, f"/{type_name}"):
        raise Malformed(
            Issue(
                "value",
                "If-None-Exist asks elsewhere than"
                f" {fhir_request.root}/{fhir_request.base}/{type_name}: send only"
                " what stands behind the question mark.",
                "If-None-Exist",
            )
        )
    if not query.strip():
        raise Malformed(
            Issue(
                "value",
                "If-None-Exist is empty: write for example identifier=system|value, or leave the"
                " header out to create always.",
                "If-None-Exist",
            )
        )
    return query


def parse_condition(query: str) -> list[tuple[str, str]]:
    """The parameters that choose. Raises Malformed where none does: the condition would fit
    whatever there is.
    """
    pairs = [(name, value) for name, value in parse_query(query) if name not in FORMAT_PARAMETERS]
    if wrong_names := [
        name
        for name, _ in pairs
        if (base_name := name.partition(":")[0]) in COMMON and base_name not in SELECTING_COMMON
    ]:
        raise Malformed(
            Issue(
                "value",
                f"A condition has no parameter {wrong_names[0][:60]!r}: it only says which"
                " resource is"
                " meant.",
            )
        )
    if not pairs:
        raise Malformed(
            Issue("value", "The condition is empty: write for example identifier=system|value.")
        )
    if wrong_names := [
        name
        for name, value in pairs
        if IDENTIFIER_PARAMETER.search(name)
        and any(
            len(alternative.pieces) == 2 and not alternative.pieces[1]
            for alternative in split_alternatives(value)
        )
    ]:
        raise Malformed(
            Issue(
                "value",
                f"A condition names the number: behind the bar of {wrong_names[0][:60]} there is"
                " none,"
                " and whoever has one of that system would be meant.",
            )
        )
    return pairs


def canonicalize_condition(type_name: str, query: str, address: str) -> str:
    """One text for one condition, in whatever order its parameters stand; address: of the base."""
    pairs = make_addresses_relative([type_name], parse_condition(query), address)
    return f"{type_name}?{'&'.join(sorted(f'{name}={value}' for name, value in pairs))}"


def find_conditional_match(scope: Scope, type_name: str, query: str, address: str) -> str | None:
    """The id of the one resource that fits a condition, or None. Raises PreconditionFailed where
    several do.

    Raises Forbidden where the token may not search the type. Of sealed records only by one number
    alone (identifier=system|value): who has given it may send again without writing a twin, and
    learns nothing of what they say.
    """
    pairs = parse_condition(query)
    names_one_identifier = (
        len(pairs) == 1 and pairs[0][0] == "identifier" and is_one_identifier(pairs[0][1])
    )
    request = parse_search_conditions([type_name], pairs, address)
    check_condition_scopes(scope.principal, type_name, request.keys)
    fhir_ids = write_lookups.find_conditional_ids(
        scope,
        plan_search(request, scope.store_hospital_id, None),
        canonicalize_condition(type_name, query, address),
        include_sealed=names_one_identifier,
    )
    if len(fhir_ids) > 1:
        raise PreconditionFailed(
            Issue(
                "multiple-matches",
                f"More than one {type_name} fits the condition: make it narrower.",
            )
        )
    return fhir_ids[0] if fhir_ids else None


def parse_identifier_condition(query: str) -> set[str] | None:
    """The values of a condition that is one list of identifiers; None of any other."""
    pairs = parse_query(query)
    return (
        {str(alternative) for alternative in split_alternatives(pairs[0][1])}
        if len(pairs) == 1 and pairs[0][0] == "identifier"
        else None
    )


def list_identifier_forms(resource: Any) -> set[str]:
    """The values of `identifier` that find a resource: value, system|value, and |value where it
    has no system.
    """
    identifiers = resource.get("identifier") if isinstance(resource, dict) else None
    forms = set()
    for identifier in identifiers if isinstance(identifiers, list) else [identifiers]:
        if isinstance(identifier, dict) and identifier.get("value"):
            number = str(identifier["value"]).strip()
            forms |= {number, f"{str(identifier.get('system') or '').strip()}|{number}"}
    return forms


def is_one_identifier(text: str) -> bool:
    """Whether the value of a condition is one identifier, system|value."""
    alternatives = split_alternatives(text)
    return (
        len(alternatives) == 1 and len(alternatives[0].pieces) == 2 and all(alternatives[0].pieces)
    )
