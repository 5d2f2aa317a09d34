"""Certainly valid, or not certain: a fast look at a resource's structure by our own tables
(shapes.json, elements.json).

fhir.resources is the judge (records/fhir/validate.py); what this passes, the judge would pass too,
at six times the cost. Whatever is unusual (a primitive with an extension, a leap second, a
contained type that is not hosted) is not certain here and goes to the judge.
`tests/unit/test_structure.py` compares both.
"""

import datetime as dt
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from records.fhir import narrative
from records.fhir.resource_types import load_definition_table

Check = Callable[[Any], bool]
LONGEST = 500_000  # characters of one text
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
TIME = (
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
)
MOMENT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})" + TIME)
CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?")
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
CODE = re.compile(r"[^\s\x00-\x1f\ud800-\udfff]+(?: [^\s\x00-\x1f\ud800-\udfff]+)*")
URI = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%|\-]+")
URL = re.compile(r"https?://[A-Za-z0-9.\-]+(?::[0-9]{2,5})?(?:/[A-Za-z0-9._~/\-]*)?")
BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def is_text(v: Any) -> bool:
    return type(v) is str and len(v) <= LONGEST and v.strip() != "" and not UNPRINTABLE.search(v)


def pattern_check(pattern: re.Pattern[str]) -> Check:
    return lambda v: type(v) is str and v != "" and pattern.fullmatch(v) is not None


def is_date(v: Any) -> bool:
    m = DATE.fullmatch(v) if type(v) is str else None
    return m is not None and is_calendar_date(m)


def is_instant(v: Any) -> bool:
    m = MOMENT.fullmatch(v) if type(v) is str else None
    return m is not None and is_calendar_date(m)


def is_calendar_date(m: re.Match[str]) -> bool:
    try:
        dt.date(int(m.group(1)), int(m.group(2) or 1), int(m.group(3) or 1))
    except ValueError:
        return False
    return True


def integer_check(low: int) -> Check:
    return lambda v: type(v) is int and low <= v <= 2_147_483_647


PRIMITIVES: dict[str, Check] = {
    "string": is_text,
    "markdown": is_text,
    "xhtml": lambda v: is_text(v) and not narrative.find_narrative_faults(v),
    "id": pattern_check(ID),
    "code": pattern_check(CODE),
    "uri": pattern_check(URI),
    "canonical": pattern_check(URI),
    "url": pattern_check(URL),
    "boolean": lambda v: type(v) is bool,
    "integer": integer_check(-2_147_483_648),
    "positiveInt": integer_check(1),
    "unsignedInt": integer_check(0),
    "decimal": lambda v: isinstance(v, int | float) and type(v) is not bool,
    "date": is_date,
    "dateTime": lambda v: is_date(v) or is_instant(v),
    "instant": is_instant,
    "time": pattern_check(CLOCK),
    "base64Binary": pattern_check(BASE64),
}


def codes_check(codes: list[str]) -> Check:
    allowed = frozenset(codes)
    return lambda v: type(v) is str and v in allowed


Rule = tuple[
    bool, Check | None, str, int
]  # repeats, test of a primitive, type of a complex value, which choice it belongs to (-1: none)


@cache
def rules_of_type(kind: str) -> tuple[dict[str, Rule], tuple[str, ...], tuple[int, ...]] | None:
    """(key -> rule, keys that must be there, choices of which one must be there) of a type."""
    shapes = load_definition_table("shapes").get(kind)
    if shapes is None:
        return None
    codes = load_definition_table("elements").get(kind, {})
    groups = shapes.get("?", [])
    choice = {key: i for i, (_, keys) in enumerate(groups) for key in keys}
    out: dict[str, Rule] = {}
    for key, told in shapes.items():
        if key in "!?":
            continue
        name, repeats = told.lstrip("*"), told.startswith("*")
        if key == "id":
            out[key] = (False, PRIMITIVES["id"], "", -1)
        elif "codes" in codes.get(key, {}):
            out[key] = (repeats, codes_check(codes[key]["codes"]), "", choice.get(key, -1))
        elif name[0].islower():
            if name in PRIMITIVES:
                out[key] = (repeats, PRIMITIVES[name], "", choice.get(key, -1))
        else:
            out[key] = (repeats, None, name, choice.get(key, -1))
    return out, tuple(shapes.get("!", ())), tuple(i for i, (must, _) in enumerate(groups) if must)


def is_certainly_valid(resource: dict[str, Any]) -> bool:
    """Whether the resource is valid beyond doubt: structure, cardinalities, forms of values,
    required codes.
    """
    return type(resource.get("resourceType")) is str and fits_type("Resource", resource, 0)


def fits_type(kind: str, node: Any, depth: int) -> bool:
    if type(node) is not dict or not node or depth > 40:
        return False
    root = kind == "Resource"
    found = rules_of_type(str(node.get("resourceType")) if root else kind)
    if found is None:
        return False
    known, required, musts = found
    chosen: list[int] = []
    for key, value in node.items():
        rule = known.get(key)
        if rule is None:
            if root and key == "resourceType":
                continue
            return False
        repeats, check, inner, choice = rule
        if choice >= 0:
            if choice in chosen:
                return False
            chosen.append(choice)
        if repeats:
            if type(value) is not list or not value:
                return False
            for item in value:
                if not (check(item) if check else fits_type(inner, item, depth + 1)):
                    return False
        elif not (check(value) if check else fits_type(inner, value, depth + 1)):
            return False
    return all(key in node for key in required) and all(i in chosen for i in musts)
