"""Is it the FHIR resource that it says it is: structure by fhir.resources, JSON forms and
required codes by our own table, which fhir.resources does not check. Write side only.
"""

from functools import cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from records.fhir import narrative
from records.fhir.data_absent import add_stand_ins
from records.fhir.issues import Issue, NotSupported, TooLarge, Unprocessable, truncate_issues
from records.fhir.limits import ISSUES_A_RESOURCE, JUDGED_VALUES
from records.fhir.resource_types import TYPES, load_definition_table
from records.fhir.structure_check import UNPRINTABLE, is_certainly_valid

NO_SUCH = (
    "FHIR R4 has no such element here: remove it, correct its spelling, or send it as an extension."
)
FORM_HINTS = {
    "date": (
        ": send a date of the calendar as 1980-05-12, or 1980-05 or 1980 where no more is known."
    ),
    "dateTime": (
        ": send a date of the calendar, or date and time with seconds and the offset from UTC, as"
        " 2026-10-12T08:30:00+08:00."
    ),
    "instant": (
        ": send date and time with seconds and the offset from UTC, as 2026-10-12T08:30:00+08:00."
    ),
    "time": ": send hours, minutes and seconds, as 08:30:00.",
    "id": ": send 1 to 64 letters of A to Z, digits, hyphens and full stops.",
    "code": ": send the code without blanks at its ends, and no two of them in a row.",
}
SHORT = 100  # items of each list that are looked at in a resource that is too large for the judge


@cache
def load_model_class(type_name: str) -> Any:
    return get_fhir_model_class(type_name)


def validate_resource(resource: Any) -> str:
    """The resource's type. Raises Unprocessable (or NotSupported) with one issue for each fault
    found.
    """
    if not isinstance(resource, dict):
        raise Unprocessable(
            Issue(
                "structure",
                "A resource is a JSON object; this is something else.",
                rule="json.object",
            )
        )
    type_name = resource.get("resourceType")
    if not isinstance(type_name, str):
        raise Unprocessable(
            Issue(
                "required",
                "resourceType is missing: name the resource's type.",
                "resourceType",
                rule="type.missing",
            )
        )
    if type_name not in TYPES:
        raise NotSupported(
            Issue(
                "not-supported",
                f"{type_name} is not hosted here; GET metadata lists the types that are.",
                "resourceType",
                rule="type.unknown",
                words=(("type", type_name[:60]),),
            )
        )
    if is_certainly_valid(resource):
        return type_name
    if has_more_values(JUDGED_VALUES, resource):
        check_by_model(shorten_lists(resource), type_name)
        raise TooLarge(
            Issue(
                "too-costly",
                f"So large a resource (more than {JUDGED_VALUES} values) is taken only where it is"
                f" plainly valid, and something in this one is not, behind the first {SHORT} items"
                " of a list: send it in parts.",
                type_name,
                rule="resource.too-large",
            )
        )
    check_by_model(resource, type_name)
    return type_name


def has_more_values(most: int, resource: Any) -> bool:
    """Whether it has more values than so many; stops counting there."""
    seen, left = 0, [resource]
    while left:
        node = left.pop()
        seen += len(node)
        if seen > most:
            return True
        left += [
            v
            for v in (node.values() if isinstance(node, dict) else node)
            if isinstance(v, dict | list)
        ]
    return False


def shorten_lists(node: Any) -> Any:
    """The same with the first items of each list, whose places stay what they are."""
    if isinstance(node, dict):
        return {k: shorten_lists(v) for k, v in node.items()}
    return [shorten_lists(v) for v in node[:SHORT]] if isinstance(node, list) else node


def check_by_model(resource: dict[str, Any], type_name: str) -> None:
    """Raises Unprocessable with what is wrong, in the words of a mend."""
    try:
        wrong = (
            find_blanks(resource, type_name)
            + find_element_issues(resource, type_name, type_name)
            + find_contained_issues(resource, type_name)
            + narrative.find_narrative_issues(resource, type_name)
        )
        if wrong:
            raise Unprocessable(*truncate_issues(wrong, ISSUES_A_RESOURCE))
        load_model_class(type_name).model_validate(add_stand_ins(resource, type_name))
        if unknown := find_unknown_elements(resource, type_name, type_name):
            raise Unprocessable(*truncate_issues(unknown, ISSUES_A_RESOURCE))
    except ValidationError as error:
        raise Unprocessable(*issues_from_error(type_name, error)) from None
    except (ValueError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        raise Unprocessable(
            Issue(
                "structure",
                f"This is not a valid {type_name}: {str(error)[:200]}",
                type_name,
                rule="resource.invalid",
                words=(("detail", str(error)[:200]),),
            )
        ) from None


def find_blanks(node: Any, where: str) -> list[Issue]:
    """Nulls, empty objects, arrays and strings, which FHIR leaves out (in an array null holds
    the place of an extended primitive), and characters that no text may hold (FHIR R4
    datatypes.html#string).
    """
    out: list[Issue] = []
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        place = f"{where}[{key}]" if isinstance(node, list) else f"{where}.{key}"
        if value is None or value in ("", [], {}):
            if value is not None or isinstance(node, dict):
                out.append(
                    Issue(
                        "structure",
                        "An empty value is not sent in FHIR: leave the element out.",
                        place,
                        rule="element.empty",
                    )
                )
        elif isinstance(value, dict | list):
            out += find_blanks(value, place)
        elif isinstance(value, str) and UNPRINTABLE.search(value):
            out.append(
                Issue(
                    "value",
                    "A control character, or half of a character, stands in this text: take it"
                    " out.",
                    place,
                    rule="text.control-character",
                )
            )
    return out


def find_unknown_elements(node: Any, kind: str, where: str) -> list[Issue]:
    """Elements that FHIR R4 has not, though fhir.resources lets them pass: comments of DSTU2,
    and its own names for words of Python (class_fhir). kind: "" where it is not known, as of a
    contained type that is not hosted.
    """
    out: list[Issue] = []
    known = load_definition_table("shapes").get(
        str(node.get("resourceType")) if kind in ("", "Resource") else kind
    )
    for key, value in node.items():
        told = (known or {}).get(key)
        if key == "fhir_comments":
            out.append(
                Issue(
                    "structure",
                    "fhir_comments is gone since DSTU2, FHIR R4 has no comments in JSON: take it"
                    " out, or send it as a note or an extension.",
                    f"{where}.{key}",
                    rule="element.unknown",
                    words=(("element", key),),
                )
            )
        elif (
            known
            and told is None
            and key != "resourceType"
            and known.get(key.removeprefix("_")) is None
        ):
            out.append(
                Issue(
                    "structure",
                    NO_SUCH,
                    f"{where}.{key}",
                    rule="element.unknown",
                    words=(("element", key[:60]),),
                )
            )
        for i, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, dict):
                out += find_unknown_elements(
                    item,
                    str(told or "").lstrip("*"),
                    f"{where}.{key}[{i}]" if isinstance(value, list) else f"{where}.{key}",
                )
    return out


def find_contained_issues(resource: dict[str, Any], type_name: str) -> list[Issue]:
    """The same of contained resources."""
    contained = resource.get("contained")
    many = contained if isinstance(contained, list) else []
    return [
        x
        for i, c in enumerate(many)
        if isinstance(c, dict)
        for x in find_element_issues(c, str(c.get("resourceType")), f"{type_name}.contained[{i}]")
    ]


def issues_from_error(type_name: str, error: ValidationError) -> list[Issue]:
    faults = error.errors(include_url=False, include_input=False)
    return truncate_issues([issue_from_fault(type_name, e) for e in faults], ISSUES_A_RESOURCE)


def issue_from_fault(type_name: str, fault: Any) -> Issue:
    """A fault that pydantic found, in FHIR's words, with advice on how to fix it."""
    where = path_from_location(type_name, fault["loc"])
    kind = fault["type"]
    if kind == "extra_forbidden":
        return Issue(
            "structure",
            NO_SUCH,
            where,
            rule="element.unknown",
            words=(("element", str(fault["loc"][-1])[:60]),),
        )
    if kind == "missing":
        return Issue("required", "This element is required: add it.", where, rule="element.missing")
    if kind in ("list_type",):
        return Issue(
            "structure", "This element repeats: send a JSON array.", where, rule="element.array"
        )
    if kind in ("json_invalid", "model_type", "model_attributes_type", "dict_type"):
        return Issue("structure", "A JSON object is expected here.", where, rule="element.object")
    says = fault["msg"].removeprefix("Value error, ")
    data_type = type_at_location(type_name, fault["loc"])
    if "spec regex" in says or "regex" in says:
        return Issue(
            "value",
            "The value does not have this data type's form"
            + FORM_HINTS.get(data_type, " (see the data type's page in FHIR R4)."),
            where,
            rule=name_form_rule(data_type),
            words=(("type", data_type),),
        )
    if says.startswith("Value for the field") and says.rstrip(".").endswith("is required"):
        return Issue("required", "This element is required: add it.", where, rule="element.missing")
    if says.startswith("Expect any of field value"):
        first = says.split("['")[1].split("'")[0]
        needed = sorted(TYPES[type_name].required) if type_name in TYPES else []
        stem = next((n for n in needed if n.endswith("[x]") and first.startswith(n[:-3])), "")
        place = f"{where}.{stem}" if stem and where == type_name else where
        return Issue("required", "This element is required: add it.", place, rule="element.missing")
    if says.startswith("Any of one field value is expected"):
        choices = says.split("['")[1].split("']")[0].replace("', '", ", ")
        return Issue(
            "structure",
            f"Only one of the [x] choices may be present: {choices}.",
            where,
            rule="element.one-choice",
            words=(("choices", choices),),
        )
    if kind == "string_type":
        return Issue("value", "A JSON string is expected here.", where, rule="form.string")
    return Issue(
        "value",
        says.rstrip(".") + ".",
        where,
        rule=name_form_rule(data_type),
        words=(("type", data_type),),
    )


def name_form_rule(data_type: str) -> str:
    return f"form.{data_type}" if data_type in FORM_HINTS else "form.other"


def type_at_location(type_name: str, location: tuple[Any, ...]) -> str:
    """The data type of the element; empty where it is not in the table."""
    kind = type_name
    for step in location:
        if isinstance(step, str):
            kind = str((load_definition_table("shapes").get(kind) or {}).get(step, "")).lstrip("*")
    return kind


def path_from_location(type_name: str, location: tuple[Any, ...]) -> str:
    out = type_name
    for step in location:
        out += f"[{step}]" if isinstance(step, int) else f".{step}"
    return out


FORM: dict[str, tuple[type | tuple[type, ...], str]] = {
    "boolean": (bool, "true or false, without quotes, is expected here."),
    "integer": (int, "a whole number, without quotes, is expected here."),
    "decimal": ((int, float), "a number, without quotes, is expected here."),
    "string": (str, "a date or time, in quotes, is expected here."),
    "address": (str, "an address, in quotes, is expected here."),
}
EVERYWHERE = {"extension": {"type": "Extension"}, "modifierExtension": {"type": "Extension"}}


def find_element_issues(node: Any, type_name: str, where: str) -> list[Issue]:
    """Values in another JSON form than their type's, and codes outside their required value set,
    below one node.
    """
    if not isinstance(node, dict):
        return []
    rules = load_definition_table("elements").get(type_name, {})
    out: list[Issue] = []
    for key, value in node.items():
        rule = rules.get(key) or EVERYWHERE.get(key)
        if rule is None:
            continue
        many = value if isinstance(value, list) else [value]
        for i, item in enumerate(many):
            if "type" in rule:
                out += find_element_issues(
                    item,
                    rule["type"],
                    f"{where}.{key}[{i}]" if isinstance(value, list) else f"{where}.{key}",
                )
            elif item is not None and (says := value_fault(rule, item)):
                out.append(
                    Issue(
                        "value" if "form" in rule else "code-invalid",
                        says,
                        f"{where}.{key}[{i}]" if isinstance(value, list) else f"{where}.{key}",
                        rule=f"json.{rule['form']}" if "form" in rule else "code.not-in-set",
                        words=(("allowed", list_codes(rule)),) if "codes" in rule else (),
                    )
                )
    return out


def list_codes(rule: dict[str, Any]) -> str:
    return ", ".join(rule["codes"][:12]) + (", …" if len(rule["codes"]) > 12 else "")


def value_fault(rule: dict[str, Any], item: Any) -> str:
    """What is wrong with a primitive value, or ""."""
    if "codes" in rule:
        if isinstance(item, str) and item in rule["codes"]:
            return ""
        return f"This code is not in the required value set: use one of {list_codes(rule)}."
    kinds, says = FORM[rule["form"]]
    if isinstance(item, kinds) and (kinds is bool or not isinstance(item, bool)):
        return ""
    return "The JSON form is wrong: " + says
