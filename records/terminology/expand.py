"""Value set -> its codes (FHIR R4 valueset-operation-expand.html). Pure: value sets and code systems come from a resolver."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from records.terminology.codes import Concept, concepts, fits

Json = dict[str, Any]
Resolve = Callable[[str, str], Json | None]  # ("ValueSet" | "CodeSystem", url) -> the resource, or None
MOST = 20_000
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Member:
    """One code of a value set."""

    system: str
    code: str
    display: str
    abstract: bool = False


class Unknown(ValueError):
    """A value set, or a code system, that is not loaded; the message names it."""


class TooCostly(ValueError):
    """More codes than one answer may hold."""


def expansion(value_set: Json, resolve: Resolve, language: str = "", depth: int = 0) -> dict[tuple[str, str], Member]:
    """{(system, code): member}, in order. Raises Unknown, TooCostly, BadFilter."""
    if depth > DEEPEST:
        raise TooCostly(f"value sets are nested more than {DEEPEST} deep, or in a circle")
    if "compose" not in value_set and "expansion" in value_set:
        return {(m.system, m.code): m for m in stored(value_set["expansion"].get("contains", []))}
    out: dict[tuple[str, str], Member] = {}
    compose = value_set.get("compose", {})
    for part in compose.get("include", []):
        out |= members(part, resolve, language, depth)
        if len(out) > MOST:
            raise TooCostly(f"the value set has more than {MOST} codes")
    for part in compose.get("exclude", []):
        for key in members(part, resolve, language, depth):
            out.pop(key, None)
    return out


def stored(nodes: list[Json]) -> list[Member]:
    return [m for n in nodes for m in [*([Member(n.get("system", ""), n["code"], n.get("display", ""), bool(n.get("abstract")))] if "code" in n else []), *stored(n.get("contains", []))]]


def members(part: Json, resolve: Resolve, language: str, depth: int) -> dict[tuple[str, str], Member]:
    """One include or exclude: all that it says must hold."""
    found: dict[tuple[str, str], Member] | None = None
    system = part.get("system", "")
    if system:
        found = of_system(system, part, resolve, language)
    for url in part.get("valueSet", []):
        inner = resolve("ValueSet", url)
        if inner is None:
            raise Unknown(f"the value set {url} is not loaded here")
        more = expansion(inner, resolve, language, depth + 1)
        found = more if found is None else {k: v for k, v in found.items() if k in more}
    return found or {}


def of_system(system: str, part: Json, resolve: Resolve, language: str) -> dict[tuple[str, str], Member]:
    loaded = resolve("CodeSystem", system)
    if "concept" in part:
        known = concepts(loaded) if loaded else {}
        return {(system, c["code"]): Member(system, c["code"], displayed(c, known.get(c["code"]), language)) for c in part["concept"]}
    if loaded is None:
        raise Unknown(f"the code system {system} is not loaded here")
    chosen = [c for c in concepts(loaded).values() if all(fits(c, f) for f in part.get("filter", []))]
    return {(system, c.code): Member(system, c.code, c.said(language), c.abstract) for c in chosen}


def displayed(stated: Json, known: Concept | None, language: str) -> str:
    if language:
        own = next((str(d["value"]) for d in stated.get("designation", []) if str(d.get("language", "")).lower().startswith(language.lower().partition("-")[0])), "")
        if own:
            return own
    return str(stated.get("display") or (known.said(language) if known else ""))


