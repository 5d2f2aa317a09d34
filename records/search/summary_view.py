"""_summary and _elements: which elements of each resource an answer shows (FHIR R4
search.html#summary, #elements).
"""

from collections.abc import Callable, Sequence
from typing import Any

from records.fhir.issues import Issue, Problem
from records.fhir.json_codec import dump_json, parse_json
from records.fhir.resource_types import TYPES

ALWAYS = frozenset({"resourceType", "id", "meta"})
SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
View = Callable[[bytes], bytes]


class BadView(Problem):
    kind = "invalid"


def whole_view(body: bytes) -> bytes:
    """As stored; nothing is parsed."""
    return body


def parse_summary(value: str) -> View:
    match value:
        case "false" | "count":
            return whole_view
        case "true":
            return lambda body: cut_body(
                body,
                lambda name, key: (
                    key in TYPES[name].summary or is_choice_of(key, TYPES[name].summary)
                ),
            )
        case "text":
            return lambda body: cut_body(
                body, lambda name, key: key == "text" or key in TYPES[name].required
            )
        case "data":
            return lambda body: cut_body(body, lambda name, key: key != "text")
    raise BadView(
        Issue("invalid", "Search parameter _summary: it is true, text, data, count or false.")
    )


def parse_elements(names: Sequence[str]) -> View:
    chosen = frozenset(n.partition(".")[2] or n for n in names)
    plainly = chosen | {n.removesuffix("[x]") for n in chosen}
    return lambda body: cut_body(
        body,
        lambda name, key: (
            key in chosen
            or key in TYPES[name].required
            or is_choice_of(key, plainly, "")
            or is_choice_of(key, TYPES[name].required)
        ),
    )


def is_choice_of(key: str, names: frozenset[str], mark: str = "[x]") -> bool:
    """valueQuantity is value[x], and in _elements plainly value. Looked up by what the key may
    begin with, however many names there are.
    """
    return any(key[i].isupper() and key[:i] + mark in names for i in range(1, len(key)))


def cut_body(body: bytes, keep: Callable[[str, str], bool]) -> bytes:
    """The elements that keep(type, key) chooses, marked as SUBSETTED so that nobody stores it as
    the whole.
    """
    if not body:
        return body
    whole: dict[str, Any] = parse_json(body)
    name = whole["resourceType"]
    out = {k: v for k, v in whole.items() if k in ALWAYS or keep(name, k.removeprefix("_"))}
    out["meta"] = {
        **whole.get("meta", {}),
        "tag": [*whole.get("meta", {}).get("tag", []), SUBSETTED],
    }
    return dump_json(out)
