"""Search kind uri: the whole value, exactly; :below and :above by whole steps of its path (FHIR R4 search.html#uri)."""

from typing import Any

from records.fhir.hashes import hashed
from records.search.definitions import Parameter
from records.search.terms import BadValue, Condition, Index

MODIFIERS = frozenset({"", "above", "below"})
STEPS = 16  # of a path that :below may name


def add(index: Index, parameter: Parameter, value: Any) -> None:
    if isinstance(value, str):
        index.tokens.add(hashed(parameter.type_name, parameter.code, "uri", value))
        if "|" in value:  # a canonical: asked for without its version, any version fits
            index.tokens.add(hashed(parameter.type_name, parameter.code, "uri", value.partition("|")[0]))
        if not parameter.code.startswith("_"):
            index.tokens |= {hashed(parameter.type_name, parameter.code, "below", p) for p in parents(value)}


def condition(parameter: Parameter, modifier: str, values: list[str]) -> Condition:
    name = (parameter.type_name, parameter.code)
    if modifier == "below":
        if parameter.code.startswith("_"):
            raise BadValue("it is asked for as a whole: :below is not kept for it")
        hashes = [hashed(*name, "below", v.rstrip("/")) for v in values]
    elif modifier == "above":
        hashes = [hashed(*name, "uri", form) for v in values for p in parents(v) for form in (p, p + "/")]
    else:
        hashes = [hashed(*name, "uri", v) for v in values]
    return Condition("{r}.tokens && {0}", (hashes,))


def parents(uri: str) -> list[str]:
    """The uri and what it lies below, without the last slash: a/b/c, a/b, a; never less than the host."""
    head, mark, rest = uri.partition("://")
    separator = "/" if mark else ":"
    steps = (rest if mark else uri).rstrip("/").split(separator)[:STEPS]
    return [head + mark + separator.join(steps[:n]) if mark else separator.join(steps[:n]) for n in range(len(steps), 0, -1)]
