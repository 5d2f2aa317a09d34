"""The bearer token of an administrator's client at the administration API (RFC 6750). A session's
cookie opens it as well, with the CSRF token; both at once open nothing.
"""

from dataclasses import replace
from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication

from alliance.auth.administrator_tokens import authenticate_administrator_token
from alliance.auth.bearer import hash_bearer_token, look_up_token, resolve_client_address
from alliance.auth.errors import AuthenticationFailed, Forbidden
from alliance.auth.principal import Principal

CHALLENGE = 'Bearer realm="xinglin"'


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Any) -> tuple[Any, Principal] | None:
        """(the administrator's account, the client as which it is asked); None without a token.
        Raises AuthenticationFailed, and Forbidden for a token of a hospital's system.
        """
        if not request.META.get("HTTP_AUTHORIZATION"):
            return None
        digest = hash_bearer_token(request)
        if digest is None:
            raise AuthenticationFailed(
                "This is no bearer token. Send 'Authorization: Bearer …', with a token of POST"
                " /oauth/token.",
                "no_token",
            )
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            raise AuthenticationFailed(
                "A token and a session's cookie came together: send one of the two.", "two_callers"
            )
        found = authenticate_administrator_token(digest)
        if found is None:
            system = look_up_token(digest)
            request._request.caller = request_principal(system, request)
            raise Forbidden(
                "scope",
                "This token is a hospital's system's, for /fhir/ alone. Administration takes an"
                " administrator's client.",
            )
        staff, principal = found
        request._request.caller = request_principal(principal, request)
        return staff.user, request._request.caller

    def authenticate_header(self, request: Any) -> str:
        return CHALLENGE


def request_principal(principal: Principal, request: Any) -> Principal:
    """With what the request says."""
    return replace(
        principal,
        address=resolve_client_address(request),
        request_id=getattr(request, "request_id", ""),
    )
