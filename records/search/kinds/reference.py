"""Search kind reference: Type/id, id, absolute url, canonical (FHIR R4 search.html#reference)."""

from typing import Any

from records.fhir.references import ID, target
from records.search.definitions import Parameter
from records.search.hashes import hashed
from records.search.terms import BadValue, Condition, Index

MODIFIERS = frozenset({""})


def add(index: Index, parameter: Parameter, value: Any) -> None:
    text = value if isinstance(value, str) else value.get("reference") if isinstance(value, dict) else None
    if not isinstance(text, str):
        return
    only = next((p.target for p in parameter.paths if p.target), None)
    local = target(text)
    if only and (local is None or local[0] != only):
        return
    index.tokens.add(hashed(parameter.type_name, parameter.code, "reference", "/".join(local) if local else text.split("|")[0]))


def condition(parameter: Parameter, modifier: str, values: list[str]) -> Condition:
    names: list[str] = []
    for text in values:
        local = target(text)
        if local:
            names.append("/".join(local))
        elif ID.fullmatch(text):
            names += [f"{t}/{text}" for t in parameter.targets]
        elif "/" in text or ":" in text:
            names.append(text.split("|")[0])
        else:
            raise BadValue("a reference is Type/id, id or an absolute url")
    return Condition("r.tokens && {0}", ([hashed(parameter.type_name, parameter.code, "reference", n) for n in names],))
