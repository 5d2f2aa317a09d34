"""Serve ValueSet/$expand (FHIR R4 valueset-operation-expand.html)."""

from typing import Any

from records.fhir.issues import Issue, Unprocessable
from records.fhir.json_codec import dump_json
from records.interactions.store_terminology import VALUE_SET_TYPES, Json, StoreTerminology
from records.operations.terminology_parameters import Pairs, parse_terminology_parameters
from records.requests.fhir_request import FhirRequest, FhirResponse


def expand_value_set(
    fhir_request: FhirRequest, fhir_id: str, pairs: Pairs, body: Any = None
) -> FhirResponse:
    parameters = parse_terminology_parameters(
        pairs,
        body,
        (
            "url",
            "valueSet",
            "filter",
            "count",
            "offset",
            "displayLanguage",
            "activeOnly",
            "includeDesignations",
        ),
    )
    terminology = StoreTerminology(fhir_request, "ValueSet/$expand", VALUE_SET_TYPES)
    value_set = choose_value_set(terminology, fhir_id, parameters)
    members = list(
        terminology.expand_members(value_set, str(parameters.get("displayLanguage") or "")).values()
    )
    filter_words = str(parameters.get("filter") or "").casefold().split()
    members = [
        m for m in members if all(w in f"{m.code} {m.display}".casefold() for w in filter_words)
    ]
    offset = parse_whole_parameter(parameters, "offset", 0)
    count = parse_whole_parameter(parameters, "count", len(members))
    contains = [
        {
            "system": m.system,
            **({"abstract": True} if m.abstract else {}),
            "code": m.code,
            **({"display": m.display} if m.display else {}),
        }
        for m in members[offset : offset + count]
    ]
    expanded = {k: v for k, v in value_set.items() if k not in ("compose", "expansion", "text")}
    expansion_parameters = [
        {"name": k, "valueString": str(v)}
        for k, v in parameters.items()
        if k in ("filter", "displayLanguage")
    ]
    expanded["expansion"] = {
        "timestamp": value_set.get("meta", {}).get("lastUpdated", "2026-01-01T00:00:00Z"),
        "total": len(members),
        "offset": offset,
        **({"parameter": expansion_parameters} if expansion_parameters else {}),
        **({"contains": contains} if contains else {}),
    }
    return FhirResponse(200, dump_json(expanded))


def choose_value_set(
    terminology: StoreTerminology, fhir_id: str, parameters: dict[str, Any]
) -> Json:
    if fhir_id:
        return terminology.read_by_id("ValueSet", fhir_id)
    if isinstance(parameters.get("valueSet"), dict):
        return parameters["valueSet"]  # type: ignore[no-any-return]
    if not parameters.get("url"):
        raise Unprocessable(Issue("required", "Name the value set: url, or ValueSet/[id]/$expand."))
    return terminology.find_value_set(str(parameters["url"]))


def parse_whole_parameter(parameters: dict[str, Any], name: str, usual: int) -> int:
    text = str(parameters.get(name, usual))
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise Unprocessable(Issue("value", f"Parameter {name}: it is a whole number."))
    return int(text)
