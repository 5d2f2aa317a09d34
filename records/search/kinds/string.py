"""Search kind string: begins with, ignoring case, accents and width (FHIR R4 search.html#string); :exact and :contains."""

from typing import Any

from records.fhir.hashes import hashed
from records.search.definitions import Parameter
from records.search.escapes import Value
from records.search.terms import BadValue, Condition, Index
from records.search.texts import normal

MODIFIERS = frozenset({"", "exact", "contains"})
NAME_PARTS = ("text", "family", "given", "prefix", "suffix", "line", "city", "district", "state", "country", "postalCode")
LONGEST = 500  # characters that an index row holds
OVERLAP = 250  # of the rows of a longer text, so that what is asked for and is no longer stands whole in one of them


def add(index: Index, parameter: Parameter, value: Any) -> None:
    name = hashed(parameter.type_name, parameter.code)
    for text in texts(value):
        if folded := normal(text):
            index.strings.add((name, folded[:LONGEST]))
            index.strings |= {(rest(parameter), folded[at : at + LONGEST]) for at in range(OVERLAP, len(folded) - OVERLAP, OVERLAP)}
        index.tokens.add(hashed(parameter.type_name, parameter.code, "exact", text.strip()))


def rest(parameter: Parameter) -> int:
    """Under what the index knows the rest of a long text, which :contains alone looks at."""
    return hashed(parameter.type_name, parameter.code, "rest")


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if not isinstance(value, dict):
        return []
    out: list[str] = []
    for part in NAME_PARTS:
        found = value.get(part)
        out += [x for x in found if isinstance(x, str)] if isinstance(found, list) else [found] if isinstance(found, str) else []
    return out


def condition(parameter: Parameter, modifier: str, values: list[Value]) -> Condition:
    if modifier == "exact":
        return Condition("{r}.tokens && {0}", ([hashed(parameter.type_name, parameter.code, "exact", v) for v in values],))
    folded = [normal(v) for v in values]
    if not all(folded):
        raise BadValue("the text to search for is empty")
    most = OVERLAP if modifier == "contains" else LONGEST
    if any(len(text) > most for text in folded):
        raise BadValue(f"a text to search for has at most {most} characters here; :exact takes the whole of any length")
    tests = []
    name = hashed(parameter.type_name, parameter.code)
    bound: list[object] = [[name, rest(parameter)] if modifier == "contains" else name]
    for text in folded:
        if modifier == "contains":
            tests.append(f"strpos(s.value, {{{len(bound)}}}) > 0")
            bound.append(text)
        else:
            tests.append(f"(s.value >= {{{len(bound)}}} AND s.value < {{{len(bound) + 1}}})")
            bound += [text, text + "\U0010ffff"]
    inner = f"SELECT s.rid FROM record_string s WHERE s.parameter {'= ANY({0})' if modifier == 'contains' else '= {0}'} AND ({' OR '.join(tests)})"
    return Condition(f"{{r}}.rid IN ({inner})", tuple(bound), rare=modifier != "contains")
