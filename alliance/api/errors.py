"""Domain refusals of the JSON administration API: 403 with a code and a text, 400 for what a model does not take, 409 for what stands already."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, NotFound, PermissionDenied
from rest_framework.response import Response
from rest_framework.views import exception_handler

from alliance.auth.errors import AlreadyStands, Forbidden
from alliance.auth.refusals import note
from alliance.config.away import away
from alliance.config.unavailable import unavailable
from consent.audit.event import Outcome

# What refuses, and what an audit line calls it.
REASONS: dict[type[Exception], str] = {Forbidden: "", NotAuthenticated: "login", AuthenticationFailed: "login", PermissionDenied: "role", Http404: "", NotFound: ""}


def handle(error: Exception, context: dict[str, Any]) -> Response | HttpResponse | None:
    if away(error):
        return unavailable(context["request"]._request, error)
    if (kind := next((k for k in REASONS if isinstance(error, k)), None)) is not None:
        error.code = getattr(error, "code", "") or REASONS[kind]  # type: ignore[attr-defined]
        note(context["request"]._request, error, "api", Outcome.NOT_FOUND if kind in (Http404, NotFound) else Outcome.REFUSED)
    if isinstance(error, Forbidden):
        return Response({"code": error.code, "detail": str(error)}, status=403)
    if isinstance(error, AlreadyStands):
        return Response({"code": error.code, "detail": str(error)}, status=409)
    if isinstance(error, ValidationError):
        return Response(error.message_dict if hasattr(error, "error_dict") else {"detail": error.messages}, status=400)
    return exception_handler(error, context)
