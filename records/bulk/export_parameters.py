"""Parse the parameters of an export (Bulk Data Access 2.0 #query-parameters)."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from alliance.platform.dates import parse_date_range
from records.bulk import type_filter
from records.fhir.issues import Issue, Malformed, NotSupported, Problem, TooLarge
from records.fhir.media_types import parse_media_type
from records.fhir.resource_references import parse_reference
from records.fhir.resource_types import TYPES, load_definition_table
from records.requests.fhir_request import FhirRequest
from records.search.summary_view import is_choice_of
from records.store import clock

CLOCK_TOLERANCE = dt.timedelta(minutes=1)  # by which the asker's clock may be ahead
OUTPUT_FORMATS = ("application/fhir+ndjson", "application/ndjson", "ndjson")
PROVENANCES = {"LatestProvenanceResources": "latest", "RelevantProvenanceResources": "relevant"}
LIST_PARAMETERS: dict[str, Callable[[str], list[str]]] = {
    "_type": lambda v: v.split(","),
    "_elements": lambda v: v.split(","),
    "includeAssociatedData": lambda v: v.split(","),
    "patient": lambda v: v.split(","),
    "_typeFilter": type_filter.split_type_filters,
}
STRICT_PARAMETERS = (
    "_since",
    "_outputFormat",
    "patient",
)  # passed over, each would give something else than was asked for, or of others
Pairs = list[tuple[str, str]]
ExportParameters = dict[str, Any]


def parse_export_parameters(
    fhir_request: FhirRequest, pairs: Pairs, lenient: bool
) -> ExportParameters:
    """Raises Problem for the first that is not understood; lenient (Prefer: handling=lenient):
    those are left out, and stand under "told".
    """
    parameters: ExportParameters = {
        "types": [],
        "patients": [],
        "since": None,
        "filters": [],
        "elements": [],
        "provenance": "",
        "told": [],
    }
    times_given: dict[str, int] = {}
    for name, value in split_list_parameters(pairs):
        place = f"{name}[{times_given.get(name, 0)}]"
        times_given[name] = times_given.get(name, 0) + 1
        try:
            apply_export_parameter(fhir_request, parameters, name, value)
        except Problem as problem:
            issues = [
                Issue(i.code, f"Parameter {name[:60]}: {i.says}", i.where or place)
                for i in problem.issues
            ]
            if not lenient or name in STRICT_PARAMETERS:
                raise type(problem)(*issues) from problem
            parameters["told"] += [[i.code, f"{i.says} It was left out.", i.where] for i in issues]
    if times_given.get("_type") and not parameters["types"]:
        raise NotSupported(
            Issue(
                "not-supported",
                "Parameter _type: none of these resource types is hosted here.",
                "_type[0]",
            )
        )
    if len(parameters["filters"]) > type_filter.MOST_FILTERS:
        raise TooLarge(
            Issue(
                "too-costly",
                f"An export takes at most {type_filter.MOST_FILTERS} searches in _typeFilter.",
                "_typeFilter",
            )
        )
    if unwanted := [
        f
        for f in parameters["filters"]
        if parameters["types"] and f.partition("?")[0] not in parameters["types"]
    ]:
        raise Malformed(
            Issue(
                "value",
                f"Parameter _typeFilter: {unwanted[0][:80]!r} is about a type that _type leaves"
                " out.",
                "_typeFilter",
            )
        )
    return parameters


def split_list_parameters(pairs: Pairs) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        for part in LIST_PARAMETERS.get(name, lambda v: [v])(value):
            yield name, part.strip()


def apply_export_parameter(
    fhir_request: FhirRequest, parameters: ExportParameters, name: str, value: str
) -> None:
    match name:
        case "_since":
            parameters["since"] = parse_since_parameter(value).isoformat()
        case "_type":
            parameters["types"] += (
                [parse_export_type(value)] if value not in parameters["types"] else []
            )
        case "patient":
            parameters["patients"].append(parse_export_patient(value))
        case "_typeFilter":
            type_filter.parse_type_filter(fhir_request, value)
            parameters["filters"].append(value)
        case "_elements":
            parameters["elements"].append(parse_export_element(value))
        case "includeAssociatedData":
            parameters["provenance"] = choose_wider_provenance(
                parameters["provenance"], parse_associated_data(fhir_request, value)
            )
        case "_outputFormat":
            if parse_media_type(value)[0] not in OUTPUT_FORMATS:
                raise NotSupported(Issue("not-supported", f"only {OUTPUT_FORMATS[0]} is written."))
        case "_format" | "_pretty":
            pass
        case _:
            raise NotSupported(
                Issue(
                    "not-supported",
                    "$export has no such parameter; it has _since, _type, _typeFilter, _elements,"
                    " includeAssociatedData, patient and _outputFormat.",
                )
            )


def parse_since_parameter(value: str) -> dt.datetime:
    """An instant that is still to come is a mistake: an export since then would be empty for
    ever, and look like an answer.
    """
    try:
        since = parse_date_range(value.replace(" ", "+"))[0]
    except ValueError as error:
        raise Malformed(Issue("value", f"{error}.")) from error
    if since > clock.fetch_current_stamp() + CLOCK_TOLERANCE:
        raise Malformed(
            Issue(
                "value", "this lies in the future. Send the transactionTime of the export before."
            )
        )
    return since


def parse_export_type(value: str) -> str:
    if value not in TYPES:
        raise NotSupported(
            Issue("not-supported", f"{value[:60]!r} is not a resource type that is hosted here.")
        )
    return value


def parse_export_patient(text: str) -> str:
    local = parse_reference(text)
    if (local and local[0] != "Patient") or not text:
        raise Malformed(Issue("value", "it is Patient/<id>."))
    return local[1] if local else text


def parse_export_element(text: str) -> str:
    """Type.element, or element of whatever type has it."""
    name = text.rpartition(".")[2].removesuffix("[x]")
    kind = text.partition(".")[0] if "." in text else ""
    if text.count(".") > 1 or (kind and kind not in TYPES):
        raise Malformed(
            Issue(
                "value",
                f"{text[:60]!r} is no element of a resource's root: write id, or Patient.name.",
            )
        )
    if not any(
        key == name or is_choice_of(key, frozenset({name}), "")
        for t in ([kind] if kind else TYPES)
        for key in load_definition_table("shapes").get(t, {})
    ):
        raise Malformed(
            Issue(
                "value",
                f"{kind or 'No resource type that is hosted here'} has {'no' if kind else 'an'}"
                f" element {name[:60]!r}.",
            )
        )
    return text


def parse_associated_data(fhir_request: FhirRequest, value: str) -> str:
    if value not in PROVENANCES:
        raise NotSupported(
            Issue(
                "not-supported", f"{value[:60]!r} is not served; {' and '.join(PROVENANCES)} are."
            )
        )
    if fhir_request.hospital_id is None:
        raise NotSupported(
            Issue(
                "not-supported",
                "a Provenance is not shared: export it from the store that owns it.",
            )
        )
    return PROVENANCES[value]


def choose_wider_provenance(first: str, second: str) -> str:
    return "relevant" if "relevant" in (first, second) else second
