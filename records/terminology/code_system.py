"""A CodeSystem as a flat list: each concept with its ancestors and properties (FHIR R4
codesystem.html). Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Concept:
    """One code. ancestors: codes above it, nearest last; properties: as the system states them."""

    code: str
    display: str
    definition: str
    ancestors: tuple[str, ...]
    properties: dict[str, list[Any]] = field(default_factory=dict)
    designations: tuple[Json, ...] = ()
    abstract: bool = False

    def display_in(self, language: str) -> str:
        """The display in a language, where the system has one."""
        wanted = language.lower()
        found = [
            d
            for d in self.designations
            if wanted and str(d.get("language", "")).lower().startswith(wanted.partition("-")[0])
        ]
        exact = [d for d in found if str(d.get("language", "")).lower() == wanted]
        return str((exact or found)[0]["value"]) if found else self.display


def property_value(part: Json) -> Any:
    found = next((v for k, v in part.items() if k.startswith("value")), None)
    return found.get("code") if isinstance(found, dict) else found


def list_concepts(system: Json) -> dict[str, Concept]:
    """{code: concept} in the order of the system. A parent may also be stated as the property
    `parent`.
    """
    out: dict[str, Concept] = {}
    for concept in walk_concepts(system.get("concept", []), ()):
        out[concept.code] = concept
    stated = {c.code: [str(p) for p in c.properties.get("parent", [])] for c in out.values()}
    if any(stated.values()):
        out = {
            c.code: Concept(
                c.code,
                c.display,
                c.definition,
                tuple(dict.fromkeys([*list_ancestor_codes(c.code, stated, set()), *c.ancestors])),
                c.properties,
                c.designations,
                c.abstract,
            )
            for c in out.values()
        }
    return out


def list_ancestor_codes(code: str, stated: dict[str, list[str]], seen: set[str]) -> list[str]:
    out: list[str] = []
    for parent in stated.get(code, []):
        if parent not in seen:
            seen.add(parent)
            out += [*list_ancestor_codes(parent, stated, seen), parent]
    return out


def walk_concepts(nodes: list[Json], ancestors: tuple[str, ...]) -> Iterator[Concept]:
    for node in nodes:
        properties: dict[str, list[Any]] = {}
        for p in node.get("property", []):
            properties.setdefault(p["code"], []).append(property_value(p))
        hidden = any(v is True for v in properties.get("notSelectable", []))
        yield Concept(
            node["code"],
            node.get("display", ""),
            node.get("definition", ""),
            ancestors,
            properties,
            tuple(node.get("designation", [])),
            hidden,
        )
        yield from walk_concepts(node.get("concept", []), (*ancestors, node["code"]))


class BadFilter(ValueError):
    """A filter that is not served; the message says which."""


def matches_filter(concept: Concept, rule: Json) -> bool:
    """Whether a concept fits one filter of a value set (FHIR R4 valueset-filter-operator)."""
    name, op, value = rule["property"], rule["op"], str(rule["value"])
    match op:
        case "is-a":
            return concept.code == value or value in concept.ancestors
        case "descendent-of":
            return value in concept.ancestors
        case "is-not-a":
            return concept.code != value and value not in concept.ancestors
    if name in ("code", "concept"):
        have = [concept.code]
    elif name == "display":
        have = [concept.display]
    else:
        have = [
            str(v).lower() if isinstance(v, bool) else str(v)
            for v in concept.properties.get(name, [])
        ]
    match op:
        case "=":
            return value in have
        case "in":
            return any(v.strip() in have for v in value.split(","))
        case "not-in":
            return not any(v.strip() in have for v in value.split(","))
        case "exists":
            return bool(have) == (value == "true")
        case "regex":
            return any(matches_safe_pattern(value, h) for h in have)
    raise BadFilter(f"the filter {op} is not served")


def matches_safe_pattern(pattern: str, text: str) -> bool:
    """Raises BadFilter for a pattern that could take for ever: repeats inside repeats."""
    if len(pattern) > 200 or re.search(r"[*+}]\)?[*+{]|\([^)]*[*+][^)]*\)[*+{]", pattern):
        raise BadFilter("the pattern of a regex filter is too long, or repeats repeats")
    try:
        return re.fullmatch(pattern, text[:500]) is not None
    except re.error as error:
        raise BadFilter(f"the pattern of a regex filter is none: {error}") from error
