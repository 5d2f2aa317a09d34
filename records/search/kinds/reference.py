"""Search kind reference: Type/id, id, absolute url, canonical (FHIR R4 search.html#reference); :Type, :identifier."""

from typing import Any

from records.fhir.hashes import hashed, named
from records.fhir.references import ID, target
from records.fhir.types import TYPES
from records.search.definitions import Parameter
from records.search.terms import BadValue, Condition, Index

MODIFIERS = frozenset({"", "identifier", *TYPES})


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
    index.references.add((hashed(parameter.type_name, parameter.code), named("/".join(local) if local else text.split("|")[0])))


def by_identifier(parameter: Parameter, text: str) -> int:
    """For the identifier that a reference carries beside or instead of an address: value, or system|value."""
    return hashed(parameter.type_name, parameter.code, "identifier", text)


def condition(parameter: Parameter, modifier: str, values: list[str]) -> Condition:
    if modifier == "identifier":
        return Condition("{r}.tokens && {0}", ([by_identifier(parameter, v) for v in values],))
    names: list[str] = []
    for text in values:
        local = target(text)
        if local and modifier not in ("", local[0]):
            raise BadValue(f"{text} is no {modifier}")
        if local:
            names.append("/".join(local))
        elif ID.fullmatch(text):
            names += [f"{t}/{text}" for t in ([modifier] if modifier else parameter.targets or TYPES)]
        elif "/" in text or ":" in text:
            names.append(text.split("|")[0])
        else:
            raise BadValue("a reference is Type/id, id or an absolute url")
    found = "SELECT x.rid FROM record_reference x WHERE x.parameter = {0} AND x.target = ANY({1})"
    return Condition(f"{{r}}.rid IN ({found})", (hashed(parameter.type_name, parameter.code), [named(n) for n in names]), rare=True)
