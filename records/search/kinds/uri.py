"""Search kind uri: the whole value, exactly; :below and :above by whole steps of its path (FHIR
R4 search.html#uri).
"""

from typing import Any

from records.fhir.hashes import index_hash
from records.search.escapes import SearchValue
from records.search.search_parameters import SearchParameter
from records.search.search_terms import BadValue, IndexValues, SearchCondition

MODIFIERS = frozenset({"", "above", "below"})
STEPS = 16  # of a path that :below may name
KNOWN = ("_profile",)  # few in all: :below looks them up among those that were ever written
LONGEST = 500  # characters of such an address


def index_value(index: IndexValues, parameter: SearchParameter, value: Any) -> None:
    if isinstance(value, str):
        index.tokens.add(index_hash(parameter.type_name, parameter.code, "uri", value))
        if "|" in value:  # a canonical: asked for without its version, any version fits
            index.tokens.add(
                index_hash(parameter.type_name, parameter.code, "uri", value.partition("|")[0])
            )
        if parameter.code in KNOWN and len(value) <= LONGEST:
            unversioned = value.partition("|")[0]
            index.texts.add(
                (
                    index_hash(parameter.type_name, parameter.code),
                    unversioned,
                    index_hash(parameter.type_name, parameter.code, "uri", unversioned),
                )
            )
        if not parameter.code.startswith("_"):
            index.tokens |= {
                index_hash(parameter.type_name, parameter.code, "below", p)
                for p in list_parent_uris(value)
            }


def build_condition(
    parameter: SearchParameter, modifier: str, values: list[SearchValue]
) -> SearchCondition:
    name = (parameter.type_name, parameter.code)
    if modifier == "below":
        if parameter.code in KNOWN:
            return known_below_condition(parameter, values)
        if parameter.code.startswith("_"):
            raise BadValue("it is asked for as a whole: :below is not kept for it")
        if any(len(list_parent_uris(v, None)) > STEPS for v in values):
            raise BadValue(f"an address to look below has at most {STEPS} steps")
        hashes = [index_hash(*name, "below", v.rstrip("/")) for v in values]
    elif modifier == "above":
        hashes = [
            index_hash(*name, "uri", form)
            for v in values
            for p in list_parent_uris(v, None)
            for form in (p, p + "/")
        ]
    else:
        hashes = [index_hash(*name, "uri", v) for v in values]
    return SearchCondition("{r}.tokens && {0}", (hashes,))


def known_below_condition(parameter: SearchParameter, values: list[SearchValue]) -> SearchCondition:
    if any(len(v) > LONGEST for v in values):
        raise BadValue(f"an address to look below has at most {LONGEST} characters")
    either = " OR ".join(
        f"v.value = {{{3 * i + 1}}} OR (v.value >= {{{3 * i + 2}}} AND v.value < {{{3 * i + 3}}})"
        for i in range(len(values))
    )
    hashes_sql = (
        "SELECT coalesce(array_agg(v.hash), ARRAY[]::bigint[]) FROM record_vocabulary v WHERE"
        f" v.parameter = {{0}} AND ({either})"
    )
    ends = [
        end for v in values for end in (v.rstrip("/"), v.rstrip("/") + "/", v.rstrip("/") + "0")
    ]  # 0 is what comes behind the slash
    return SearchCondition(
        f"{{r}}.tokens && ({hashes_sql})", (index_hash(parameter.type_name, parameter.code), *ends)
    )


def list_parent_uris(uri: str, most: int | None = STEPS) -> list[str]:
    """The uri and what it lies below, without the last slash: a/b/c, a/b, a; never less than the
    host.
    """
    head, mark, rest = uri.partition("://")
    separator = "/" if mark else ":"
    steps = (rest if mark else uri).rstrip("/").split(separator)[:most]
    return [
        head + mark + separator.join(steps[:n]) if mark else separator.join(steps[:n])
        for n in range(len(steps), 0, -1)
    ]
