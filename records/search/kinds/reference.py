"""Search kind reference: Type/id, id, absolute url, canonical (FHIR R4 search.html#reference); :Type, :identifier; :above and :below along
what is part of what."""

from collections.abc import Iterable
from typing import Any

from records.fhir.hashes import hashed, named
from records.fhir.references import ID, target
from records.fhir.types import TYPES
from records.search.definitions import Parameter
from records.search.terms import VISIBLE, BadValue, Condition, Index

# The references that make a strict hierarchy (extension structuredefinition-hierarchy in the definitions of the types)
PART_OF = {"Location": "partof", "Organization": "partof", "Encounter": "part-of", "CarePlan": "part-of"}
# Each step leads over a resource that passes the same gate as the row that is asked for, and stays in its store. The way is walked once,
# apart from the rest, so that the planner has nothing to weigh; a step and its store are named by one number.
STEP = "JOIN record_resource t9 ON {on} AND t9.hospital = w.hospital AND NOT t9.deleted AND " + VISIBLE.format(alias="t9")
WAY = """ARRAY(WITH RECURSIVE way(target, hospital) AS (
  SELECT s.target, h.id FROM unnest({{1}}::bigint[]) s(target), alliance_hospital h
  UNION SELECT {step} WHERE x.parameter = ANY({{2}}))
SELECT {chosen} FROM way)"""
DOWN = f"t9.named, w.hospital FROM way w JOIN record_reference x ON x.target = w.target {STEP.format(on='t9.rid = x.rid')}"
UP = f"x.target, w.hospital FROM way w {STEP.format(on='t9.named = w.target')} JOIN record_reference x ON x.rid = t9.rid"
WAYS = {
    name: "SELECT x.rid FROM record_reference x JOIN record_resource o ON o.rid = x.rid WHERE x.parameter = {0} "
          f"AND x.target = ANY({WAY.format(step=step, chosen='target')}) AND (x.target # o.hospital) = ANY({WAY.format(step=step, chosen='target # hospital')})"
    for name, step in (("below", DOWN), ("above", UP))
}
MODIFIERS = frozenset({"", "identifier", *WAYS, *TYPES})


def add(index: Index, parameter: Parameter, value: Any) -> None:
    text = value if isinstance(value, str) else value.get("reference") if isinstance(value, dict) else None
    known = value.get("identifier") if isinstance(value, dict) else None
    if isinstance(known, dict) and known.get("value"):
        index.tokens |= {by_identifier(parameter, f"{known.get('system') or ''}|{known['value']}"), by_identifier(parameter, str(known["value"]))}
    if not isinstance(text, str):
        return
    only = next((p.target for p in parameter.paths if p.target), None)
    local = target(text)
    if only and (local is None or local[0] != only):
        return
    index.references.add((hashed(parameter.type_name, parameter.code), named(address(text))))


def address(text: str) -> str:
    """Type/id where it is of this store; else the url without its version."""
    local = target(text)
    return "/".join(local) if local else text.split("|")[0]


def by_identifier(parameter: Parameter, text: str) -> int:
    """For the identifier that a reference carries beside or instead of an address: value, or system|value."""
    return hashed(parameter.type_name, parameter.code, "identifier", text)


def condition(parameter: Parameter, modifier: str, values: list[str]) -> Condition:
    if modifier == "identifier":
        return Condition("{r}.tokens && {0}", ([by_identifier(parameter, v) for v in values],))
    if modifier in WAYS:
        return along(parameter, modifier, values)
    if modifier and (wrong := next((v for v in values if (local := target(v)) and local[0] != modifier), None)):
        raise BadValue(f"{wrong} is no {modifier}")
    names = addresses(values, (modifier,) if modifier else parameter.targets or tuple(TYPES))
    found = "SELECT x.rid FROM record_reference x WHERE x.parameter = {0} AND x.target = ANY({1})"
    return Condition(f"{{r}}.rid IN ({found})", (hashed(parameter.type_name, parameter.code), [named(n) for n in names]), rare=True)


def addresses(values: Iterable[str], types: Iterable[str]) -> list[str]:
    """Each value as a reference would name it: Type/id, for a mere id of each of the types, else the url without its version."""
    names: list[str] = []
    for text in values:
        if ID.fullmatch(text):
            names += [f"{t}/{text}" for t in types]
        elif "/" in text or ":" in text:
            names.append(address(text))
        else:
            raise BadValue("a reference is Type/id, id or an absolute url")
    return names


def along(parameter: Parameter, modifier: str, values: list[str]) -> Condition:
    """What refers to the resource that is named, or to one below or above it: what is part of it, or it is part of."""
    types = [t for t in PART_OF if t in parameter.targets]
    if not types:
        raise BadValue(f"it leads to nothing that is part of another of its kind; such are {', '.join(PART_OF)}")
    start = [named(n) for n in addresses(values, types)]
    parts = [hashed(t, PART_OF[t]) for t in types]
    return Condition(f"{{r}}.rid IN ({WAYS[modifier]})", (hashed(parameter.type_name, parameter.code), start, parts), rare=True)
