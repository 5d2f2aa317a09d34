"""Conditions on the code of a resource for those who look for one thing under its many names: some
codes, whatever their system; texts that are so, or begin so.
"""

from collections.abc import Iterable
from dataclasses import replace

from records.fhir.hashes import index_hash
from records.search.escapes import SearchValue
from records.search.kinds.token import text_condition
from records.search.search_parameters import parameters_of_type
from records.search.search_terms import SearchCondition
from records.search.text_search import fold_text

# Never by the index of all tokens, in which a code may lead to every patient of the alliance: who
# asks has one patient's rows, and looks through them
TESTED = "coalesce({r}.tokens, '{{}}')"


def token_condition(tokens: Iterable[int]) -> SearchCondition:
    """One of these entries of the index stands for the row (records.fhir.hashes.index_hash)."""
    return SearchCondition(f"{TESTED} && {{0}}::bigint[]", (sorted(tokens),))


def named_code_conditions(
    type_name: str,
    parameter: str,
    codes: Iterable[str],
    texts: Iterable[str] = (),
    beginnings: Iterable[str] = (),
) -> tuple[SearchCondition, ...]:
    """Of which one has to be fulfilled."""
    tokens = {index_hash(type_name, parameter, "code", c) for c in codes}
    tokens |= {index_hash(type_name, parameter, "text", fold_text(t)) for t in texts}
    found = token_condition(tokens)
    begun = [SearchValue([b]) for b in sorted(set(beginnings))]
    if not begun:
        return (found,)
    texts_condition = text_condition(parameters_of_type(type_name)[parameter], begun)
    return found, replace(texts_condition, sql=texts_condition.sql.replace("{r}.tokens", TESTED, 1))
