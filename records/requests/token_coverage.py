"""What a search or condition needs of the caller's token (docs/how-to/scopes.md)."""

from collections.abc import Iterable, Sequence

from alliance.auth.principal import Principal
from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import ScopeNeed
from records.search.include import Include
from records.search.type_coverage import first_uncovered_type, uncovered_include_type
from records.store.rows import READ, SEARCH


def check_parameter_scopes(
    acting: Principal, types: Iterable[str], keys: Iterable[str], includes: Sequence[Include] = ()
) -> None:
    """Raises Forbidden where a parameter leads over a type that the token may not search, or an
    include brings nothing that it may read: a condition on what is not seen would tell of it, and
    no hit would look like an answer.
    """
    grant = acting.grant
    if grant.allows_all_types:
        return
    keys = list(keys)
    for type_name in (type_name for type_name in types if grant.allows(SEARCH, type_name)):
        for key in keys:
            if uncovered_type := first_uncovered_type(
                type_name, key, lambda type_name: grant.allows(SEARCH, type_name)
            ):
                check_token_scopes(acting, ScopeNeed(SEARCH, (uncovered_type,)))
    for include in includes:
        if uncovered_type := uncovered_include_type(
            include, lambda type_name: grant.allows(READ, type_name)
        ):
            check_token_scopes(acting, ScopeNeed(READ, (uncovered_type,)))


def check_condition_scopes(acting: Principal, type_name: str, keys: Iterable[str]) -> None:
    """A condition is a search, whatever is done with what it finds."""
    check_token_scopes(acting, ScopeNeed(SEARCH, (type_name,)))
    check_parameter_scopes(acting, (type_name,), keys)
