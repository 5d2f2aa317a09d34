"""What a search or condition needs of the caller's token (docs/how-to/scopes.md)."""

from collections.abc import Iterable, Sequence

from alliance.auth.principal import Principal
from alliance.auth.scope_check import must_cover
from alliance.auth.scopes import WHOLE, Need
from records.search.include import Include
from records.search.reach import left_out, uncovered
from records.store.rows import READ, SEARCH


def must_cover_ways(acting: Principal, types: Iterable[str], keys: Iterable[str], includes: Sequence[Include] = ()) -> None:
    """Raises Forbidden where a parameter leads over a type that the token may not search, or an include brings nothing that it may read: a condition on
    what is not seen would tell of it, and no hit would look like an answer."""
    grant = acting.grant
    if grant == WHOLE:
        return
    keys = list(keys)
    for name in (t for t in types if grant.allows(SEARCH, t)):
        for key in keys:
            if missing := uncovered(name, key, lambda t: grant.allows(SEARCH, t)):
                must_cover(acting, Need(SEARCH, (missing,)))
    for step in includes:
        if missing := left_out(step, lambda t: grant.allows(READ, t)):
            must_cover(acting, Need(READ, (missing,)))


def must_cover_condition(acting: Principal, type_name: str, keys: Iterable[str]) -> None:
    """A condition is a search, whatever is done with what it finds."""
    must_cover(acting, Need(SEARCH, (type_name,)))
    must_cover_ways(acting, (type_name,), keys)
