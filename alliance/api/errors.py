"""Domain refusals of the JSON administration API: 401 and 403 with a code and a text, 400 for what
a model does not take, 409 for what stands already.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from rest_framework.exceptions import APIException, NotAuthenticated, NotFound, PermissionDenied
from rest_framework.response import Response
from rest_framework.views import exception_handler

from alliance.api.authentication import CHALLENGE
from alliance.auth.errors import AlreadyDone, AuthenticationFailed, Forbidden
from alliance.auth.refusal_log import log_refused_request
from alliance.platform.database_away import find_away_cause
from alliance.platform.unavailable_response import answer_unavailable
from consent.audit.event import AuditOutcome

# What refuses, and what an audit line and the answer call it.
REASON_BY_ERROR: dict[type[Exception], str] = {
    Forbidden: "",
    AuthenticationFailed: "",
    NotAuthenticated: "login",
    PermissionDenied: "role",
    Http404: "",
    NotFound: "",
}
STATUS_BY_ERROR: dict[type[Exception], int] = {
    Forbidden: 403,
    AuthenticationFailed: 401,
    AlreadyDone: 409,
}


def handle_api_error(error: Exception, context: dict[str, Any]) -> Response | HttpResponse | None:
    if find_away_cause(error):
        return answer_unavailable(context["request"]._request, error)
    if (kind := next((k for k in REASON_BY_ERROR if isinstance(error, k)), None)) is not None:
        error.code = getattr(error, "code", "") or REASON_BY_ERROR[kind]  # type: ignore[attr-defined]
        log_refused_request(
            context["request"]._request,
            error,
            "api",
            AuditOutcome.NOT_FOUND if kind in (Http404, NotFound) else AuditOutcome.REFUSED,
        )
    if isinstance(error, Forbidden | AuthenticationFailed | AlreadyDone):
        return Response(
            {"code": error.code, "detail": str(error)},
            status=STATUS_BY_ERROR[type(error)],
            headers=challenge_headers(error),
        )
    if isinstance(error, ValidationError):
        return Response(
            error.message_dict if hasattr(error, "error_dict") else {"detail": error.messages},
            status=400,
        )
    response = exception_handler(error, context)
    if response is not None and isinstance(error, Http404 | APIException) and kind is not None:
        response.data = {"code": REASON_BY_ERROR[kind] or "not-found", **response.data}
    return response


def challenge_headers(error: Exception) -> dict[str, str]:
    """What the token would have to be (RFC 6750 3)."""
    if isinstance(error, AuthenticationFailed):
        return {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'}
    if isinstance(error, Forbidden) and error.code == "scope":
        return {"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope"'}
    return {}
