"""Is it the FHIR resource that it says it is: structure by fhir.resources, JSON forms and required codes by our own table, which
fhir.resources does not check. Write side only."""

from functools import cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from records.fhir import narrative
from records.fhir.absent import with_stand_ins
from records.fhir.issues import Issue, NotSupported, TooLarge, Unprocessable, first
from records.fhir.limits import ISSUES_A_RESOURCE, JUDGED_VALUES
from records.fhir.structure import UNPRINTABLE, certain
from records.fhir.types import TYPES, table

NO_SUCH = "FHIR R4 has no such element here: remove it, correct its spelling, or send it as an extension."
LOOKS = {
    "date": ": send a date of the calendar as 1980-05-12, or 1980-05 or 1980 where no more is known.",
    "dateTime": ": send a date of the calendar, or date and time with seconds and the offset from UTC, as 2026-10-12T08:30:00+08:00.",
    "instant": ": send date and time with seconds and the offset from UTC, as 2026-10-12T08:30:00+08:00.",
    "time": ": send hours, minutes and seconds, as 08:30:00.",
    "id": ": send 1 to 64 letters of A to Z, digits, hyphens and full stops.",
    "code": ": send the code without blanks at its ends, and no two of them in a row.",
}
SHORT = 100  # items of each list that are looked at in a resource that is too large for the judge


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
    if certain(resource):
        return type_name
    if more_than(JUDGED_VALUES, resource):
        judge(shortened(resource), type_name)
        raise TooLarge(Issue("too-costly", f"So large a resource (more than {JUDGED_VALUES} values) is taken only where it is plainly valid, and something in this one is not, "
                                           f"behind the first {SHORT} items of a list: send it in parts.", type_name))
    judge(resource, type_name)
    return type_name


def more_than(most: int, resource: Any) -> bool:
    """Whether it has more values than so many; stops counting there."""
    seen, left = 0, [resource]
    while left:
        node = left.pop()
        seen += len(node)
        if seen > most:
            return True
        left += [v for v in (node.values() if isinstance(node, dict) else node) if isinstance(v, dict | list)]
    return False


def shortened(node: Any) -> Any:
    """The same with the first items of each list, whose places stay what they are."""
    if isinstance(node, dict):
        return {k: shortened(v) for k, v in node.items()}
    return [shortened(v) for v in node[:SHORT]] if isinstance(node, list) else node


def judge(resource: dict[str, Any], type_name: str) -> None:
    """Raises Unprocessable with what is wrong, in the words of a mend."""
    try:
        wrong = blanks(resource, type_name) + elements(resource, type_name, type_name) + inside(resource, type_name) + narrative.issues(resource, type_name)
        if wrong:
            raise Unprocessable(*first(wrong, ISSUES_A_RESOURCE))
        model(type_name).model_validate(with_stand_ins(resource, type_name))
        if unknown := strangers(resource, type_name, type_name):
            raise Unprocessable(*first(unknown, ISSUES_A_RESOURCE))
    except ValidationError as error:
        raise Unprocessable(*translate(type_name, error)) from None
    except (ValueError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        raise Unprocessable(Issue("structure", f"This is not a valid {type_name}: {str(error)[:200]}", type_name)) from None


def blanks(node: Any, where: str) -> list[Issue]:
    """Nulls, empty objects, arrays and strings, which FHIR leaves out (in an array null holds the place of an extended
    primitive), and characters that no text may hold (FHIR R4 datatypes.html#string)."""
    out: list[Issue] = []
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        place = f"{where}[{key}]" if isinstance(node, list) else f"{where}.{key}"
        if value is None or value in ("", [], {}):
            if value is not None or isinstance(node, dict):
                out.append(Issue("structure", "An empty value is not sent in FHIR: leave the element out.", place))
        elif isinstance(value, dict | list):
            out += blanks(value, place)
        elif isinstance(value, str) and UNPRINTABLE.search(value):
            out.append(Issue("value", "A control character, or half of a character, stands in this text: take it out.", place))
    return out


def strangers(node: Any, kind: str, where: str) -> list[Issue]:
    """Elements that FHIR R4 has not, though fhir.resources lets them pass: comments of DSTU2, and its own names for words of Python (class_fhir). kind: "" where it is not known, as
    of a contained type that is not hosted."""
    out: list[Issue] = []
    known = table("shapes").get(str(node.get("resourceType")) if kind in ("", "Resource") else kind)
    for key, value in node.items():
        told = (known or {}).get(key)
        if key == "fhir_comments":
            out.append(Issue("structure", "fhir_comments is gone since DSTU2, FHIR R4 has no comments in JSON: take it out, or send it as a note or an extension.", f"{where}.{key}"))
        elif known and told is None and key != "resourceType" and known.get(key.removeprefix("_")) is None:
            out.append(Issue("structure", NO_SUCH, f"{where}.{key}"))
        for i, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, dict):
                out += strangers(item, str(told or "").lstrip("*"), f"{where}.{key}[{i}]" if isinstance(value, list) else f"{where}.{key}")
    return out


def inside(resource: dict[str, Any], type_name: str) -> list[Issue]:
    """The same of contained resources."""
    contained = resource.get("contained")
    many = contained if isinstance(contained, list) else []
    return [x for i, c in enumerate(many) if isinstance(c, dict) for x in elements(c, str(c.get("resourceType")), f"{type_name}.contained[{i}]")]


def translate(type_name: str, error: ValidationError) -> list[Issue]:
    faults = error.errors(include_url=False, include_input=False)
    return first([issue(type_name, e) for e in faults], ISSUES_A_RESOURCE)


def issue(type_name: str, fault: Any) -> Issue:
    """pydantic's fault in FHIR's words, with the mend."""
    where = path(type_name, fault["loc"])
    kind = fault["type"]
    if kind == "extra_forbidden":
        return Issue("structure", NO_SUCH, where)
    if kind == "missing":
        return Issue("required", "This element is required: add it.", where)
    if kind in ("list_type",):
        return Issue("structure", "This element repeats: send a JSON array.", where)
    if kind in ("json_invalid", "model_type", "model_attributes_type", "dict_type"):
        return Issue("structure", "A JSON object is expected here.", where)
    says = fault["msg"].removeprefix("Value error, ")
    if "spec regex" in says or "regex" in says:
        return Issue("value", "The value does not have this data type's form" + LOOKS.get(type_at(type_name, fault["loc"]), " (see the data type's page in FHIR R4)."), where)
    if says.startswith("Any of one field value is expected"):
        return Issue("structure", "Only one of the [x] choices may be present: " + says.split("['")[1].split("']")[0].replace("', '", ", ") + ".", where)
    if kind == "string_type":
        return Issue("value", "A JSON string is expected here.", where)
    return Issue("value", says.rstrip(".") + ".", where)


def type_at(type_name: str, location: tuple[Any, ...]) -> str:
    """The data type of the element; empty where it is not in the table."""
    kind = type_name
    for step in location:
        if isinstance(step, str):
            kind = str((table("shapes").get(kind) or {}).get(step, "")).lstrip("*")
    return kind


def path(type_name: str, location: tuple[Any, ...]) -> str:
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


def elements(node: Any, type_name: str, where: str) -> list[Issue]:
    """Values in another JSON form than their type's, and codes outside their required value set, below one node."""
    if not isinstance(node, dict):
        return []
    rules = table("elements").get(type_name, {})
    out: list[Issue] = []
    for key, value in node.items():
        rule = rules.get(key) or EVERYWHERE.get(key)
        if rule is None:
            continue
        many = value if isinstance(value, list) else [value]
        for i, item in enumerate(many):
            if "type" in rule:
                out += elements(item, rule["type"], f"{where}.{key}[{i}]" if isinstance(value, list) else f"{where}.{key}")
            elif item is not None and (says := fault(rule, item)):
                out.append(Issue("value" if "form" in rule else "code-invalid", says, f"{where}.{key}[{i}]" if isinstance(value, list) else f"{where}.{key}"))
    return out


def fault(rule: dict[str, Any], item: Any) -> str:
    """What is wrong with a primitive value, or ""."""
    if "codes" in rule:
        if isinstance(item, str) and item in rule["codes"]:
            return ""
        some = ", ".join(rule["codes"][:12]) + (", …" if len(rule["codes"]) > 12 else "")
        return f"This code is not in the required value set: use one of {some}."
    kinds, says = FORM[rule["form"]]
    if isinstance(item, kinds) and (kinds is bool or not isinstance(item, bool)):
        return ""
    return "The JSON form is wrong: " + says
