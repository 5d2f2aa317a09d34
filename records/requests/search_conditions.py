"""Conditions as every interface receives them: own absolute addresses made relative, chains also
into the contained resources that there are.
"""

from collections.abc import Sequence

from records.search.own_addresses import make_addresses_relative
from records.search.parse import parse_search
from records.search.search_request import SearchRequest
from records.store.vocabulary import list_contained_ways

Pairs = list[tuple[str, str]]


def parse_search_conditions(
    types: Sequence[str], pairs: Pairs, address: str, *, answers_search: bool = False
) -> SearchRequest:
    """address: of the base that is asked. Raises Problem for what cannot be understood."""
    has_chains = any("." in key for key, _ in pairs)
    return parse_search(
        types,
        make_addresses_relative(types, pairs, address),
        answers_search=answers_search,
        contained_ways=list_contained_ways() if has_chains else frozenset(),
    )
