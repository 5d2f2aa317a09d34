"""Serve $validate-code of ValueSet and CodeSystem (FHIR R4
valueset-operation-validate-code.html).
"""

from typing import Any

from records.interactions.store_terminology import (
    CODE_SYSTEM_TYPES,
    VALUE_SET_TYPES,
    StoreTerminology,
)
from records.operations.terminology_parameters import (
    Pairs,
    build_parameters_response,
    parse_codings,
    parse_terminology_parameters,
)
from records.operations.value_set_expansion import choose_value_set
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.terminology.code_system import list_concepts


def validate_code(
    fhir_request: FhirRequest, type_name: str, fhir_id: str, pairs: Pairs, body: Any = None
) -> FhirResponse:
    """Is the code in the value set, or in the code system, and is its display right? type_name: of
    the resource.
    """
    parameters = parse_terminology_parameters(
        pairs,
        body,
        (
            "url",
            "valueSet",
            "codeSystem",
            "code",
            "system",
            "display",
            "coding",
            "codeableConcept",
            "displayLanguage",
            "abstract",
        ),
    )
    terminology = StoreTerminology(
        fhir_request,
        f"{type_name}/$validate-code",
        VALUE_SET_TYPES if type_name == "ValueSet" else CODE_SYSTEM_TYPES,
    )
    language = str(parameters.get("displayLanguage") or "")
    if type_name == "ValueSet":
        members = {
            k: m.display
            for k, m in terminology.expand_members(
                choose_value_set(terminology, fhir_id, parameters), language
            ).items()
        }
    else:
        url = str(parameters.get("url") or parameters.get("system") or "")
        concepts = (
            list_concepts(terminology.read_by_id("CodeSystem", fhir_id))
            if fhir_id
            else terminology.load_code_system(url)
        )
        members = {("", c.code): c.display_in(language) for c in concepts.values()}
    for system, code, display in parse_codings(parameters):
        key = (
            ("", code)
            if type_name == "CodeSystem"
            else next((k for k in members if k[1] == code and system in ("", k[0])), None)
        )
        if key is not None and key in members:
            display_matches = not display or display.casefold() == members[key].casefold()
            message = (
                []
                if display_matches
                else [
                    {
                        "name": "message",
                        "valueString": f"The display of {code} is {members[key]!r}.",
                    }
                ]
            )
            return build_parameters_response(
                {"name": "result", "valueBoolean": display_matches},
                *message,
                *([{"name": "display", "valueString": members[key]}] if members[key] else []),
            )
    absent = ", ".join(f"{s}|{c}" for s, c, _ in parse_codings(parameters))
    return build_parameters_response(
        {"name": "result", "valueBoolean": False},
        {"name": "message", "valueString": f"{absent} is not in it."},
    )
