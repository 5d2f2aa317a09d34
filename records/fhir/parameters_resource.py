"""A Parameters resource as what an operation was asked: names and plain values, each of the JSON
form that it may have (FHIR R4 parameters.html). Pure.
"""

from typing import Any

from records.fhir.issues import Issue, Malformed, Problem
from records.fhir.validate import validate_resource

CODED = ("coding", "codingA", "codingB")


def parse_parameters(body: Any) -> list[tuple[str, Any]]:
    """(name, value) pairs: a text, number or boolean; a dict for a Coding, CodeableConcept or
    Reference; a valid resource. Raises Malformed.
    """
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
        raise Malformed(Issue("structure", "POST takes a Parameters resource.", "resourceType"))
    given = body.get("parameter", [])
    if not isinstance(given, list):
        raise Malformed(Issue("structure", "parameter is a JSON array.", "Parameters.parameter"))
    return [parse_parameter(p, f"Parameters.parameter[{i}]") for i, p in enumerate(given)]


def parse_parameter(part: Any, place: str) -> tuple[str, Any]:
    if not isinstance(part, dict) or not isinstance(part.get("name"), str):
        raise Malformed(Issue("structure", "Each parameter is an object with a name.", place))
    if "resource" in part:
        try:
            validate_resource(part["resource"])
        except Problem as problem:
            raise problem.with_resource_path(f"{place}.resource") from problem
        return part["name"], part["resource"]
    values = [v for k, v in part.items() if k.startswith("value")]
    if len(values) != 1:
        raise Malformed(Issue("structure", "A parameter has one value, or a resource.", place))
    if not has_value_form(part["name"], values[0]):
        raise Malformed(
            Issue("value", "The value does not have the form of this parameter.", f"{place}.value")
        )
    return part["name"], values[0]


def has_value_form(name: str, value: Any) -> bool:
    if name in CODED:
        return is_coding(value)
    if name == "codeableConcept":
        return (
            isinstance(value, dict)
            and isinstance(value.get("coding", []), list)
            and all(is_coding(c) for c in value.get("coding", []))
        )
    if isinstance(value, dict):
        return isinstance(value.get("reference"), str)
    return isinstance(value, str | bool | int | float) and value != ""


def is_coding(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(k, ""), str) for k in ("system", "code", "display", "version")
    )
