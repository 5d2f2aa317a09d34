"""Search kind uri: the whole value, exactly (FHIR R4 search.html#uri)."""

from typing import Any

from records.search.definitions import Parameter
from records.search.hashes import hashed
from records.search.terms import Condition, Index

MODIFIERS = frozenset({""})


def add(index: Index, parameter: Parameter, value: Any) -> None:
    if isinstance(value, str):
        index.tokens.add(hashed(parameter.type_name, parameter.code, "uri", value))


def condition(parameter: Parameter, modifier: str, values: list[str]) -> Condition:
    return Condition("{r}.tokens && {0}", ([hashed(parameter.type_name, parameter.code, "uri", v) for v in values],))
