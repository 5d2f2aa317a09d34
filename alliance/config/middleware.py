"""What each request gets: an id for logs and audit, no cookies on the machine doors, and the pages' common context."""

import re
import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from alliance.auth.errors import Forbidden
from alliance.config.logging import request_id as current
from alliance.roles import Permission, permissions_of
from alliance.web.errors import forbidden, missing
from consent.terms import Refused

Handler = Callable[[HttpRequest], HttpResponse]
SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
MACHINE_DOORS = ("/fhir/", "/oauth/", "/healthz", "/readyz")


def request_id(get_response: Handler) -> Handler:
    """Take the caller's X-Request-Id where it is well-formed, else make one; answer with it."""

    def handle(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        value = given if SAFE_ID.fullmatch(given) else secrets.token_hex(8)
        current.set(value)
        request.request_id = value  # type: ignore[attr-defined]
        response = get_response(request)
        response["X-Request-Id"] = value
        return response

    return handle


def plain_api(get_response: Handler) -> Handler:
    """Machine doors skip sessions, CSRF, files and messages: they carry a bearer token and no cookie counts there."""

    def handle(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(MACHINE_DOORS):
            return get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return get_response(request)
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response

    return handle


def page_context(request: HttpRequest) -> dict[str, Any]:
    """For every page: who is signed in, what the menu may show, whether this is the demo."""
    staff = getattr(getattr(request, "user", None), "staff_or_none", None)
    allowed = permissions_of(staff.role) if staff else frozenset[Permission]()
    return {"staff": staff, "may": {p.name.lower(): True for p in allowed}, "demo": settings.DEMO, "idle_seconds": settings.SESSION_COOKIE_AGE}


def refusals(get_response: Handler) -> Handler:
    """Domain refusals of pages become the 403 page, things that are not there the 404 page; the JSON doors translate their own."""

    class Refusals:
        def __call__(self, request: HttpRequest) -> HttpResponse:
            return get_response(request)

        def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
            if isinstance(error, Forbidden | Refused):
                return forbidden(request, error)
            if isinstance(error, ObjectDoesNotExist):
                return missing(request, error)
            return None

    return Refusals()
