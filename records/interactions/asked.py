"""Conditions as they come in at any door: own absolute addresses made relative, chains also into the contained resources that there are."""

from collections.abc import Sequence

from records.search.addresses import made_relative
from records.search.parse import SearchRequest, parse
from records.store.vocabulary import ways

Pairs = list[tuple[str, str]]


def asked(types: Sequence[str], pairs: Pairs, address: str, *, inside: bool = False) -> SearchRequest:
    """address: of the base that is asked. Raises Problem for what cannot be understood."""
    chains = any("." in key for key, _ in pairs)
    return parse(types, made_relative(types, pairs, address), inside=inside, ways=ways() if chains else frozenset())
