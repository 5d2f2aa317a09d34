"""The scopes of a token at a door: what a refusal says, and how the token would have to be."""

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.scopes import ScopeNeed


def check_token_scopes(acting: Principal, need: ScopeNeed | None) -> None:
    """Raises Forbidden naming the scopes that the token of the acting one lacks. Who has no
    token, as staff on pages, lacks none.
    """
    if lacking := acting.grant.missing_scopes(need):
        message = (
            f"The token lacks the scope {lacking}. Ask POST /oauth/token for it; the hospital's"
            " administrator chooses what this client may be granted."
        )
        raise Forbidden("scope", message)
