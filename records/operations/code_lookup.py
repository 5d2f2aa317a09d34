"""Serve CodeSystem/$lookup and CodeSystem/$subsumes (FHIR R4 codesystem-operations.html)."""

from typing import Any

from records.fhir.issues import Issue, NotFound
from records.interactions.store_terminology import CODE_SYSTEM_TYPES, Json, StoreTerminology
from records.operations.terminology_parameters import (
    Pairs,
    build_parameters_response,
    parse_codings,
    parse_terminology_parameters,
)
from records.requests.fhir_request import FhirRequest, FhirResponse


def lookup_code(fhir_request: FhirRequest, pairs: Pairs, body: Any = None) -> FhirResponse:
    parameters = parse_terminology_parameters(
        pairs, body, ("code", "system", "version", "coding", "displayLanguage", "property")
    )
    terminology = StoreTerminology(fhir_request, "CodeSystem/$lookup", CODE_SYSTEM_TYPES)
    system, code, _ = parse_codings(parameters)[0]
    concept = terminology.load_code_system(system).get(code)
    if concept is None:
        raise NotFound(Issue("not-found", f"{system} has no code {code[:60]!r}."))
    resource = terminology.find_by_url("CodeSystem", system) or {}
    rows: list[Json] = [
        {
            "name": "name",
            "valueString": str(resource.get("title") or resource.get("name") or system),
        }
    ]
    if resource.get("version"):
        rows.append({"name": "version", "valueString": resource["version"]})
    rows.append(
        {
            "name": "display",
            "valueString": concept.display_in(str(parameters.get("displayLanguage") or "")) or code,
        }
    )
    if concept.definition:
        rows.append({"name": "definition", "valueString": concept.definition})
    for d in concept.designations:
        rows.append(
            {
                "name": "designation",
                "part": [
                    *(
                        [{"name": "language", "valueCode": d["language"]}]
                        if "language" in d
                        else []
                    ),
                    {"name": "value", "valueString": d["value"]},
                ],
            }
        )
    for name, values in {
        **({"parent": [concept.ancestors[-1]]} if concept.ancestors else {}),
        **concept.properties,
    }.items():
        rows += [
            {
                "name": "property",
                "part": [
                    {"name": "code", "valueCode": name},
                    {"name": "value", choose_value_element(v): v},
                ],
            }
            for v in values
        ]
    return build_parameters_response(*rows)


def choose_value_element(value: Any) -> str:
    return (
        "valueBoolean"
        if isinstance(value, bool)
        else (
            "valueInteger"
            if isinstance(value, int)
            else "valueDecimal"
            if isinstance(value, float)
            else "valueString"
        )
    )


def compare_codes(fhir_request: FhirRequest, pairs: Pairs, body: Any = None) -> FhirResponse:
    parameters = parse_terminology_parameters(
        pairs, body, ("codeA", "codeB", "system", "codingA", "codingB", "version")
    )
    a, b = (
        str((parameters.get(f"coding{x}") or {}).get("code") or parameters.get(f"code{x}") or "")
        for x in "AB"
    )
    concepts = StoreTerminology(
        fhir_request, "CodeSystem/$subsumes", CODE_SYSTEM_TYPES
    ).load_code_system(
        str(parameters.get("system") or (parameters.get("codingA") or {}).get("system") or "")
    )
    for code in (a, b):
        if code not in concepts:
            raise NotFound(Issue("not-found", f"The system has no code {code[:60]!r}."))
    outcome = (
        "equivalent"
        if a == b
        else (
            "subsumes"
            if a in concepts[b].ancestors
            else "subsumed-by"
            if b in concepts[a].ancestors
            else "not-subsumed"
        )
    )
    return build_parameters_response({"name": "outcome", "valueCode": outcome})
