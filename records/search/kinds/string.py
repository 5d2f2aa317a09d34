"""Search kind string: begins with, ignoring case, accents and width (FHIR R4
search.html#string); :exact and :contains.
"""

from typing import Any

from records.fhir.hashes import index_hash
from records.search.escapes import SearchValue
from records.search.search_parameters import SearchParameter
from records.search.search_terms import BadValue, IndexValues, SearchCondition
from records.search.text_search import fold_text

MODIFIERS = frozenset({"", "exact", "contains"})
NAME_PARTS = (
    "text",
    "family",
    "given",
    "prefix",
    "suffix",
    "line",
    "city",
    "district",
    "state",
    "country",
    "postalCode",
)
LONGEST = 500  # characters that an index row holds
# of the rows of a longer text, so that what is asked for and is no longer stands whole in one of
# them
OVERLAP = 250


def index_value(index: IndexValues, parameter: SearchParameter, value: Any) -> None:
    name = index_hash(parameter.type_name, parameter.code)
    for text in list_name_texts(value):
        if folded := fold_text(text):
            index.strings.add((name, folded[:LONGEST]))
            index.strings |= {
                (rest_hash(parameter), folded[at : at + LONGEST])
                for at in range(OVERLAP, len(folded) - OVERLAP, OVERLAP)
            }
        index.tokens.add(index_hash(parameter.type_name, parameter.code, "exact", text.strip()))


def rest_hash(parameter: SearchParameter) -> int:
    """Under what the index knows the rest of a long text, which :contains alone looks at."""
    return index_hash(parameter.type_name, parameter.code, "rest")


def list_name_texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if not isinstance(value, dict):
        return []
    texts: list[str] = []
    for part in NAME_PARTS:
        part_value = value.get(part)
        texts += (
            [x for x in part_value if isinstance(x, str)]
            if isinstance(part_value, list)
            else [part_value]
            if isinstance(part_value, str)
            else []
        )
    return texts


def build_condition(
    parameter: SearchParameter, modifier: str, values: list[SearchValue]
) -> SearchCondition:
    if modifier == "exact":
        return SearchCondition(
            "{r}.tokens && {0}",
            ([index_hash(parameter.type_name, parameter.code, "exact", v) for v in values],),
        )
    folded = [fold_text(v) for v in values]
    if not all(folded):
        raise BadValue("the text to search for is empty")
    most = OVERLAP if modifier == "contains" else LONGEST
    if any(len(text) > most for text in folded):
        raise BadValue(
            f"a text to search for has at most {most} characters here; :exact takes the whole of"
            " any length"
        )
    tests = []
    name = index_hash(parameter.type_name, parameter.code)
    values_bound: list[object] = [[name, rest_hash(parameter)] if modifier == "contains" else name]
    for text in folded:
        if modifier == "contains":
            tests.append(f"strpos(s.value, {{{len(values_bound)}}}) > 0")
            values_bound.append(text)
        else:
            tests.append(
                f"(s.value >= {{{len(values_bound)}}} AND s.value < {{{len(values_bound) + 1}}})"
            )
            values_bound += [text, text + "\U0010ffff"]
    rows_sql = (
        "SELECT s.rid FROM record_string s WHERE s.parameter"
        f" {'= ANY({0})' if modifier == 'contains' else '= {0}'} AND ({' OR '.join(tests)})"
    )
    return SearchCondition(
        f"{{r}}.rid IN ({rows_sql})", tuple(values_bound), rare=modifier != "contains"
    )
