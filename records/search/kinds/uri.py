"""Search kind uri: the whole value, exactly; :below and :above by whole steps of its path (FHIR R4 search.html#uri)."""

from typing import Any

from records.fhir.hashes import hashed
from records.search.definitions import Parameter
from records.search.escapes import Value
from records.search.terms import BadValue, Condition, Index

MODIFIERS = frozenset({"", "above", "below"})
STEPS = 16  # of a path that :below may name
KNOWN = ("_profile",)  # few in all: :below looks them up among those that were ever written
LONGEST = 500  # characters of such an address


def add(index: Index, parameter: Parameter, value: Any) -> None:
    if isinstance(value, str):
        index.tokens.add(hashed(parameter.type_name, parameter.code, "uri", value))
        if "|" in value:  # a canonical: asked for without its version, any version fits
            index.tokens.add(hashed(parameter.type_name, parameter.code, "uri", value.partition("|")[0]))
        if parameter.code in KNOWN and len(value) <= LONGEST:
            bare = value.partition("|")[0]
            index.texts.add((hashed(parameter.type_name, parameter.code), bare, hashed(parameter.type_name, parameter.code, "uri", bare)))
        if not parameter.code.startswith("_"):
            index.tokens |= {hashed(parameter.type_name, parameter.code, "below", p) for p in parents(value)}


def condition(parameter: Parameter, modifier: str, values: list[Value]) -> Condition:
    name = (parameter.type_name, parameter.code)
    if modifier == "below":
        if parameter.code in KNOWN:
            return below_known(parameter, values)
        if parameter.code.startswith("_"):
            raise BadValue("it is asked for as a whole: :below is not kept for it")
        if any(len(parents(v, None)) > STEPS for v in values):
            raise BadValue(f"an address to look below has at most {STEPS} steps")
        hashes = [hashed(*name, "below", v.rstrip("/")) for v in values]
    elif modifier == "above":
        hashes = [hashed(*name, "uri", form) for v in values for p in parents(v, None) for form in (p, p + "/")]
    else:
        hashes = [hashed(*name, "uri", v) for v in values]
    return Condition("{r}.tokens && {0}", (hashes,))


def below_known(parameter: Parameter, values: list[Value]) -> Condition:
    if any(len(v) > LONGEST for v in values):
        raise BadValue(f"an address to look below has at most {LONGEST} characters")
    either = " OR ".join(f"v.value = {{{3 * i + 1}}} OR (v.value >= {{{3 * i + 2}}} AND v.value < {{{3 * i + 3}}})" for i in range(len(values)))
    known = f"SELECT coalesce(array_agg(v.hash), ARRAY[]::bigint[]) FROM record_vocabulary v WHERE v.parameter = {{0}} AND ({either})"
    ends = [end for v in values for end in (v.rstrip("/"), v.rstrip("/") + "/", v.rstrip("/") + "0")]  # 0 is what comes behind the slash
    return Condition(f"{{r}}.tokens && ({known})", (hashed(parameter.type_name, parameter.code), *ends))


def parents(uri: str, most: int | None = STEPS) -> list[str]:
    """The uri and what it lies below, without the last slash: a/b/c, a/b, a; never less than the host."""
    head, mark, rest = uri.partition("://")
    separator = "/" if mark else ":"
    steps = (rest if mark else uri).rstrip("/").split(separator)[:most]
    return [head + mark + separator.join(steps[:n]) if mark else separator.join(steps[:n]) for n in range(len(steps), 0, -1)]
