"""Search kind token: codes, identifiers, booleans (FHIR R4 search.html#token)."""

from typing import Any

from records.fhir.hashes import index_hash
from records.search.escapes import SearchValue
from records.search.search_parameters import SearchParameter
from records.search.search_terms import BadValue, IndexValues, NeverFits, SearchCondition
from records.search.text_search import fold_text

MODIFIERS = frozenset({"", "not", "of-type", "text"})
# a code that nobody writes: beside it, codes that never fit are no mistake
NOTHING = "urn:xinglin:nothing|nothing"
TOGETHER = 40
# The planner takes a test for cheap, however many values it has, and would walk the whole table
# with 500: those are looked up one by one.
ONE_BY_ONE = (
    "{r}.rid = ANY(ARRAY(SELECT i.rid FROM unnest({0}::bigint[]) u(h) JOIN record_resource i ON"
    " i.tokens @> ARRAY[u.h] AND NOT i.deleted))"
)
LONGEST = 200  # characters of a code's text that are looked at
PLAIN = frozenset(
    {
        "code",
        "boolean",
        "string",
        "id",
        "uri",
        "canonical",
        "integer",
        "positiveInt",
        "date",
        "dateTime",
    }
)  # types without a system
SYSTEMS = {
    "boolean": ("http://hl7.org/fhir/special-values",)
}  # implied by the type (R4 search.html#token)


def index_value(index: IndexValues, parameter: SearchParameter, value: Any) -> None:
    """Hash each code in the forms that a search may name it: code, system|code, |code, system|.
    A plain code has one form only. Blanks around them tell nothing: systems with columns of a fixed
    width send them, others of the same house do not.
    """
    for system, code in list_code_pairs(value):
        name = (parameter.type_name, parameter.code)
        if code:
            index.tokens.add(index_hash(*name, "code", code))
            if isinstance(value, dict):
                index.tokens.add(index_hash(*name, "both", system, code))
        if system:
            index.tokens.add(index_hash(*name, "system", system))
    if isinstance(value, dict):
        for text in list_code_words(value):
            token = index_hash(parameter.type_name, parameter.code, "text", text)
            index.tokens.add(token)
            index.texts.add((index_hash(parameter.type_name, parameter.code), text, token))
    if (
        isinstance(value, dict)
        and isinstance(value.get("type"), dict)
        and isinstance(value.get("value"), str)
    ):
        for kind in value["type"].get("coding") or []:
            index.tokens.add(
                index_hash(
                    parameter.type_name,
                    parameter.code,
                    "of-type",
                    str(kind.get("system") or ""),
                    str(kind.get("code") or ""),
                    value["value"].strip(),
                )
            )


def list_code_words(value: dict[str, Any]) -> set[str]:
    """The texts that go with a code: of a CodeableConcept, of its codings, of an Identifier's
    type.
    """
    kind = value.get("type")
    texts = [
        value.get("text"),
        value.get("display"),
        *(c.get("display") for c in value.get("coding") or ()),
        kind.get("text") if isinstance(kind, dict) else None,
    ]
    return {folded for t in texts if isinstance(t, str) and (folded := fold_text(t)[:LONGEST])}


def list_code_pairs(value: Any) -> list[tuple[str, str]]:
    """(system, code) pairs of a code, Coding, CodeableConcept, Identifier, ContactPoint, boolean
    or uri.
    """
    if isinstance(value, bool):
        return [("", "true" if value else "false")]
    if isinstance(value, str | int | float):
        return [("", str(value).strip())]
    if not isinstance(value, dict):
        return []
    if "coding" in value:
        return [p for c in value["coding"] for p in list_code_pairs(c)]
    code = value.get("code", value.get("value"))
    return [(str(value.get("system") or "").strip(), code.strip())] if isinstance(code, str) else []


def token_hash(type_name: str, name: str, value: SearchValue) -> int:
    system, *rest = value.pieces
    system, code = system.strip(), "|".join(rest).strip()
    if not system and not code:
        raise BadValue("a token is code, system|code, |code or system|")
    if not rest:
        return index_hash(type_name, name, "code", system)
    if not code:
        return index_hash(type_name, name, "system", system)
    return index_hash(type_name, name, "both", system, code)


def codes_without_system(
    parameter: SearchParameter, values: list[SearchValue]
) -> list[SearchValue]:
    """The codes alone, of elements that say no system: it is implied, and may be named (R4
    search.html#token). Raises NeverFits where nothing could ever have one of them.
    """
    implied = sorted({s for p in parameter.paths for s in p.systems or SYSTEMS.get(p.type, ())})
    codes = []
    for value in values:
        system, *rest = value.pieces
        if not rest or value == NOTHING:
            codes.append(value)
        elif system in ("", *implied) and any(rest):
            codes.append(SearchValue(["|".join(rest)]))
    if not codes:
        raise NeverFits(
            f"{values[0]} never fits: what is asked for is a code without a system"
            + (
                f", of {' or '.join(implied)}: write {implied[0]}|code, or the code alone"
                if implied
                else ""
            )
        )
    return codes


def typed_identifier_hash(type_name: str, name: str, value: SearchValue) -> int:
    if len(value.pieces) != 3 or not all(value.pieces):
        raise BadValue("an identifier of a type is type-system|type-code|value")
    return index_hash(type_name, name, "of-type", *value.pieces)


def build_condition(
    parameter: SearchParameter, modifier: str, values: list[SearchValue]
) -> SearchCondition:
    if modifier == "text":
        return text_condition(parameter, values)
    hash_one = typed_identifier_hash if modifier == "of-type" else token_hash
    if parameter.paths and all(p.type in PLAIN for p in parameter.paths):
        values = codes_without_system(parameter, values)
    hashes = [hash_one(parameter.type_name, n, v) for n in parameter.names for v in values]
    sql = (
        "{r}.tokens @> {0}"
        if len(hashes) == 1
        else "{r}.tokens && {0}"
        if len(hashes) <= TOGETHER
        else ONE_BY_ONE
    )
    rare = modifier != "not" and any(p.type == "Identifier" for p in parameter.paths)
    return SearchCondition(f"NOT ({sql})" if modifier == "not" else sql, (hashes,), rare)


def text_condition(parameter: SearchParameter, values: list[SearchValue]) -> SearchCondition:
    """The text of the code begins so (FHIR R4 search.html#modifiers, :text)."""
    folded = [fold_text(v) for v in values]
    if not all(folded):
        raise BadValue("the text to search for is empty")
    if any(len(text) > LONGEST for text in folded):
        raise BadValue(f"the text to search for has at most {LONGEST} characters here")
    either = " OR ".join(
        f"(v.value >= {{{2 * i + 1}}} AND v.value < {{{2 * i + 2}}})" for i in range(len(folded))
    )
    hashes_sql = (
        "SELECT coalesce(array_agg(v.hash), ARRAY[]::bigint[]) FROM record_vocabulary v WHERE"
        f" v.parameter = ANY({{0}}) AND ({either})"
    )
    return SearchCondition(
        f"{{r}}.tokens && ({hashes_sql})",
        (
            [index_hash(parameter.type_name, n) for n in parameter.names],
            *(x for f in folded for x in (f, f + "\U0010ffff")),
        ),
    )
