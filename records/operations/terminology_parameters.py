"""Parse the parameters of the terminology operations, and build their answers (FHIR R4
terminology-service.html).
"""

from collections.abc import Iterable
from typing import Any

from records.fhir.issues import Issue, NotSupported, Unprocessable
from records.fhir.json_codec import dump_json
from records.fhir.parameters_resource import parse_parameters
from records.interactions.store_terminology import Json, Pairs
from records.requests.fhir_request import FhirResponse

RESOURCE_PARAMETERS = {"valueSet": "ValueSet", "conceptMap": "ConceptMap"}


def parse_terminology_parameters(pairs: Pairs, body: Any, allowed: Iterable[str]) -> dict[str, Any]:
    """Parameters of a GET, or of a Parameters resource; each once. Raises NotSupported for what
    is not looked at.
    """
    parameters: dict[str, Any] = {k: v for k, v in pairs if k not in ("_format", "_pretty")}
    if body is not None:
        parameters |= dict(parse_parameters(body))
    for name, kind in RESOURCE_PARAMETERS.items():
        if name in parameters and (
            not isinstance(parameters[name], dict) or parameters[name].get("resourceType") != kind
        ):
            raise Unprocessable(
                Issue(
                    "value",
                    f"Parameter {name} is a {kind}, in a Parameters resource.",
                    "Parameters.parameter",
                )
            )
    if names_with_nul := [k for k, v in parameters.items() if isinstance(v, str) and "\x00" in v]:
        raise Unprocessable(
            Issue("value", f"Parameter {names_with_nul[0][:60]} holds a NUL character.")
        )
    if unknown_names := [k for k in parameters if k not in allowed]:
        raise NotSupported(
            Issue(
                "not-supported",
                f"This operation has no parameter {unknown_names[0][:60]!r}; it has"
                f" {', '.join(allowed)}.",
            )
        )
    return parameters


def parse_codings(
    parameters: dict[str, Any], concept: str = "codeableConcept"
) -> list[tuple[str, str, str]]:
    """(system, code, display) that are asked about."""
    if isinstance(c := parameters.get("coding"), dict):
        return [(str(c.get("system") or ""), str(c.get("code") or ""), str(c.get("display") or ""))]
    if isinstance(c := parameters.get(concept), dict):
        return [
            (str(x.get("system") or ""), str(x.get("code") or ""), str(x.get("display") or ""))
            for x in c.get("coding", [])
        ]
    if not parameters.get("code"):
        raise Unprocessable(Issue("required", "Name the code: code and system, or a coding."))
    return [
        (
            str(parameters.get("system") or ""),
            str(parameters["code"]),
            str(parameters.get("display") or ""),
        )
    ]


def build_parameters_response(*parameters: Json) -> FhirResponse:
    return FhirResponse(
        200, dump_json({"resourceType": "Parameters", "parameter": list(parameters)})
    )
