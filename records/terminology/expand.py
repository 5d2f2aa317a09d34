"""Value set -> its codes (FHIR R4 valueset-operation-expand.html). Pure: value sets and code
systems come from a resolver.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from records.terminology.code_system import Concept, list_concepts, matches_filter

Json = dict[str, Any]
Resolve = Callable[
    [str, str], Json | None
]  # ("ValueSet" | "CodeSystem", url) -> the resource, or None
MOST = 20_000
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class ValueSetMember:
    """One code of a value set."""

    system: str
    code: str
    display: str
    abstract: bool = False


class NotLoaded(ValueError):
    """A value set, or a code system, that is not loaded; the message names it."""


class ExpansionTooCostly(ValueError):
    """More codes than one answer may hold."""


def compute_expansion(
    value_set: Json, resolve: Resolve, language: str = "", depth: int = 0
) -> dict[tuple[str, str], ValueSetMember]:
    """{(system, code): member}, in order. Raises Unknown, TooCostly, BadFilter."""
    if depth > DEEPEST:
        raise ExpansionTooCostly(f"value sets are nested more than {DEEPEST} deep, or in a circle")
    if "compose" not in value_set and "expansion" in value_set:
        return {
            (m.system, m.code): m
            for m in list_stored_members(value_set["expansion"].get("contains", []))
        }
    out: dict[tuple[str, str], ValueSetMember] = {}
    compose = value_set.get("compose", {})
    for part in compose.get("include", []):
        out |= list_part_members(part, resolve, language, depth)
        if len(out) > MOST:
            raise ExpansionTooCostly(f"the value set has more than {MOST} codes")
    for part in compose.get("exclude", []):
        for key in list_part_members(part, resolve, language, depth):
            out.pop(key, None)
    return out


def list_stored_members(nodes: list[Json]) -> list[ValueSetMember]:
    return [
        m
        for n in nodes
        for m in [
            *(
                [
                    ValueSetMember(
                        n.get("system", ""),
                        n["code"],
                        n.get("display", ""),
                        bool(n.get("abstract")),
                    )
                ]
                if "code" in n
                else []
            ),
            *list_stored_members(n.get("contains", [])),
        ]
    ]


def list_part_members(
    part: Json, resolve: Resolve, language: str, depth: int
) -> dict[tuple[str, str], ValueSetMember]:
    """One include or exclude: all that it says must hold."""
    found: dict[tuple[str, str], ValueSetMember] | None = None
    system = part.get("system", "")
    if system:
        found = list_system_members(system, part, resolve, language)
    for url in part.get("valueSet", []):
        inner = resolve("ValueSet", url)
        if inner is None:
            raise NotLoaded(f"the value set {url} is not loaded here")
        more = compute_expansion(inner, resolve, language, depth + 1)
        found = more if found is None else {k: v for k, v in found.items() if k in more}
    return found or {}


def list_system_members(
    system: str, part: Json, resolve: Resolve, language: str
) -> dict[tuple[str, str], ValueSetMember]:
    loaded = resolve("CodeSystem", system)
    if "concept" in part:
        known = list_concepts(loaded) if loaded else {}
        return {
            (system, c["code"]): ValueSetMember(
                system, c["code"], member_display(c, known.get(c["code"]), language)
            )
            for c in part["concept"]
        }
    if loaded is None:
        raise NotLoaded(f"the code system {system} is not loaded here")
    chosen = [
        c
        for c in list_concepts(loaded).values()
        if all(matches_filter(c, f) for f in part.get("filter", []))
    ]
    return {
        (system, c.code): ValueSetMember(system, c.code, c.display_in(language), c.abstract)
        for c in chosen
    }


def member_display(stated: Json, known: Concept | None, language: str) -> str:
    if language:
        own = next(
            (
                str(d["value"])
                for d in stated.get("designation", [])
                if str(d.get("language", "")).lower().startswith(language.lower().partition("-")[0])
            ),
            "",
        )
        if own:
            return own
    return str(stated.get("display") or (known.display_in(language) if known else ""))
