"""Is it the FHIR resource that it says it is: structure by fhir.resources, required codes by our own table. Write side only."""

from functools import cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from records.fhir.issues import Issue, NotSupported, Unprocessable
from records.fhir.types import TYPES, table

MOST_ISSUES = 50


@cache
def model(type_name: str) -> Any:
    return get_fhir_model_class(type_name)


def validate(resource: Any) -> str:
    """The resource's type. Raises Unprocessable (or NotSupported) with one issue for each fault found."""
    if not isinstance(resource, dict):
        raise Unprocessable(Issue("structure", "A resource is a JSON object; this is something else."))
    type_name = resource.get("resourceType")
    if not isinstance(type_name, str):
        raise Unprocessable(Issue("required", "resourceType is missing: name the resource's type.", "resourceType"))
    if type_name not in TYPES:
        raise NotSupported(Issue("not-supported", f"{type_name} is not hosted here; GET metadata lists the types that are.", "resourceType"))
    try:
        model(type_name).model_validate(resource)
    except ValidationError as error:
        raise Unprocessable(*translate(type_name, error)) from None
    except (ValueError, TypeError, AssertionError, RecursionError) as error:
        raise Unprocessable(Issue("structure", f"This is not a valid {type_name}: {str(error)[:200]}", type_name)) from None
    wrong = list(codes(resource, type_name, type_name))
    for i, inner in enumerate(resource.get("contained") or []):
        wrong += codes(inner, inner.get("resourceType", ""), f"{type_name}.contained[{i}]")
    if wrong:
        raise Unprocessable(*wrong[:MOST_ISSUES])
    return type_name


def translate(type_name: str, error: ValidationError) -> list[Issue]:
    return [issue(type_name, e) for e in error.errors(include_url=False, include_input=False)[:MOST_ISSUES]]


def issue(type_name: str, fault: Any) -> Issue:
    """pydantic's fault in FHIR's words, with the mend."""
    where = path(type_name, fault["loc"])
    kind = fault["type"]
    if kind == "extra_forbidden":
        return Issue("structure", "FHIR R4 has no such element here: remove it, correct its spelling, or send it as an extension.", where)
    if kind == "missing":
        return Issue("required", "This element is required: add it.", where)
    if kind in ("list_type",):
        return Issue("structure", "This element repeats: send a JSON array.", where)
    if kind in ("json_invalid", "model_type", "model_attributes_type", "dict_type"):
        return Issue("structure", "A JSON object is expected here.", where)
    says = fault["msg"].removeprefix("Value error, ")
    if "spec regex" in says or "regex" in says:
        return Issue("value", "The value does not have this data type's form (see the data type's page in FHIR R4).", where)
    if says.startswith("Any of one field value is expected"):
        return Issue("structure", "Only one of the [x] choices may be present: " + says.split("['")[1].split("']")[0].replace("', '", ", ") + ".", where)
    if kind == "string_type":
        return Issue("value", "A JSON string is expected here.", where)
    return Issue("value", says.rstrip(".") + ".", where)


def path(type_name: str, location: tuple[Any, ...]) -> str:
    out = type_name
    for step in location:
        out += f"[{step}]" if isinstance(step, int) else f".{step}"
    return out


def codes(node: Any, type_name: str, where: str) -> list[Issue]:
    """Codes outside their required value set, below one node."""
    rules = table("codes").get(type_name)
    if not rules or not isinstance(node, dict):
        return []
    out: list[Issue] = []
    for key, value in node.items():
        rule = rules.get(key)
        if rule is None:
            continue
        many = value if isinstance(value, list) else [value]
        for i, item in enumerate(many):
            place = f"{where}.{key}[{i}]" if isinstance(value, list) else f"{where}.{key}"
            if "type" in rule:
                out += codes(item, rule["type"], place)
            elif item is not None and item not in rule["codes"]:
                some = ", ".join(rule["codes"][:12]) + (", …" if len(rule["codes"]) > 12 else "")
                out.append(Issue("code-invalid", f"This code is not in the required value set: use one of {some}.", place))
    return out
