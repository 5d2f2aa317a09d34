"""Give each request an id for logs and audit, no cookies on the machine interfaces, nothing kept
in caches, and the pages' common context.
"""

import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.core.handlers.base import BaseHandler
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils import translation
from django.utils.translation import gettext

from alliance.auth import origins
from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.identity import hash_identity, session_identity, session_seconds_left
from alliance.auth.refusal_log import identify_caller, log_refused_request, page_target
from alliance.auth.session import current_page_path, redirect_to_sign_in
from alliance.operations.monitoring_access import can_read_metrics
from alliance.platform.log_format import request_id as current
from alliance.roles import Permission, permissions_of
from alliance.web.display import read_display
from alliance.web.errors import show_forbidden, show_not_found
from alliance.web.menu import build_menu
from consent.audit.event import AuditOutcome
from consent.audit.witness_report import count_contradictions
from consent.terms import Refused

Handler = Callable[[HttpRequest], HttpResponse]
SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
MACHINE_DOORS = ("/fhir/", "/oauth/", "/sync/", "/healthz", "/readyz", "/pulse")
LAUNCH_DOOR = "/launch"  # this address alone: what stands below it are pages
MONITORING = (
    "/metrics",
    "/status",
)  # for whom they are not permitted they are an address like any that there is not


def assign_request_id(get_response: Handler) -> Handler:
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


def strip_head_body(get_response: Handler) -> Handler:
    """Answer HEAD as GET would, its length too, without a body (RFC 9110 9.3.2): bytes that no
    client reads would be taken for the next answer.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method == "HEAD":
            if response.streaming:
                response.streaming_content = []
            else:
                length = response.get("Content-Length", str(len(response.content)))
                response.content = b""
                response["Content-Length"] = length
        return response

    return handle


def forbid_storing(get_response: Handler) -> Handler:
    """Forbid browsers and proxies to store anything but static files: what was on a page is gone
    when the session is.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path_info.startswith(settings.STATIC_URL):
            response["Cache-Control"] = "no-store, private"
        return response

    return handle


class PageCompression(GZipMiddleware):
    """Compress pages, but none whose length could tell a secret that stands in it (BREACH):
    answers to GET alone, none to a search, for it repeats what was typed, none of the account's
    own pages, none that shows a secret. Django masks the CSRF token, and pads.
    """

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        page = response.get("Content-Type", "").startswith("text/html") and request.method == "GET"
        typed = request.GET.keys() & {"q", "s"}
        if (
            not page
            or typed
            or request.path_info.startswith("/account/")
            or getattr(response, "secret", False)
        ):
            return response
        return super().process_response(request, response)


def redirect_whole_page(get_response: Handler) -> Handler:
    """Redirect the browser as a whole where the answer to a part of a page leads elsewhere: such a
    part (htmx) is never replaced by another page.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.headers.get("HX-Request") and 300 <= response.status_code < 400:
            response["HX-Redirect"] = response["Location"]
            del response["Location"]
            response.status_code = 200
        return response

    return handle


class MachineHandler(BaseHandler):
    """Django's own way from an address to its view. What a view of a page passes after this is
    not on it: sessions, CSRF, messages, second factor.
    """

    _view_middleware: list[Any] = []
    _template_response_middleware: list[Any] = []
    _exception_middleware: list[Any] = []

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        return request.resolver_match  # as serve_machine_doors has found it

    def run_view(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)  # type: ignore[no-any-return]


def serve_machine_doors(get_response: Handler) -> Handler:
    """End the chain of middleware here for the machine interfaces: they carry a bearer token and
    no cookie counts there. Pages of registered origins may read them.
    """
    machine = MachineHandler()

    def handle(request: HttpRequest) -> HttpResponse:
        if not (
            request.path_info.startswith(MACHINE_DOORS)
            or request.path_info == LAUNCH_DOOR
            or (request.path_info in MONITORING and can_read_metrics(request))
        ):
            return get_response(request)
        try:
            request.resolver_match = resolve(request.path_info)
        except Resolver404:
            return get_response(request)
        origin = (
            origins.find_allowed_origin(request)
            if request.path_info.startswith(origins.CORS_PATHS)
            else ""
        )
        if (early := origins.answer_preflight(request, origin)) is not None:
            origins.add_cors_headers(early, origin, request.headers)
            return early
        with translation.override(
            translation.get_language_from_request(request)
        ):  # not that of whom this thread served before
            response = machine.run_view(request)
        origins.add_cors_headers(response, origin, request.headers)
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response

    return handle


def page_context(request: HttpRequest) -> dict[str, Any]:
    """For every page: who is signed in, what the menu may show, whether this is the demo."""
    launched = getattr(request, "launched", None)
    if launched is not None:
        return {
            "staff": launched.staff,
            "may": {},
            "demo": settings.DEMO,
            "launched": launched,
            "left_seconds": launched.seconds_left,
        }
    if getattr(request, "bare", False):
        return {"staff": None, "may": {}, "demo": settings.DEMO, "bare": True}
    staff = getattr(getattr(request, "user", None), "staff_or_none", None)
    allowed = (
        permissions_of(staff.role, vouched=staff.vouched) if staff else frozenset[Permission]()
    )
    identity = session_identity(request)
    return {
        "staff": staff,
        "may": {p.name.lower(): True for p in allowed},
        "menu": build_menu(request, allowed, alliance_wide=staff.alliance_wide) if staff else [],
        "demo": settings.DEMO,
        "display": read_display(request),
        "identity": hash_identity(identity),
        "patient": identity.startswith("patient/"),
        "idle_seconds": request.session.get_expiry_age() if identity else 0,
        "left_seconds": session_seconds_left(request) if identity else 0,
        "log_alarm": count_contradictions if Permission.LOG_WITNESS in allowed else None,
    }


# Where to go on where what a form asked for stands already: address -> the page that shows it, with
# the same arguments.
SHOWN_ON = {
    "treat": "person",
    "emergency": "person",
    "consent": "consent",
    "seal": "privacy",
    "emergency-review": "privacy",
    "emergency-tell": "privacy",
    "seal-lift": "privacy",
    "policy": "policy",
    "my": "my",
    "vouching": "vouching",
    "vouch-client": "vouching",
    "resume": "proposals",
    "agree-proposal": "proposals",
    "refuse-proposal": "proposals",
    "change-staff": "proposals",
    "change-hospital": "proposals",
    "change-client": "proposals",
    "revoke-administrator-client": "administrator-clients",
    "confirm-tie": "confirmations",
    "confirm-decision": "confirmations",
    "confirmation-end": "confirmations",
}


def settled_page_url(request: HttpRequest) -> str:
    """The page that shows what stands already."""
    match = request.resolver_match
    name = SHOWN_ON.get(match.url_name or "", "") if match else ""
    about = (
        {k: v for k, v in match.kwargs.items() if k == "person_id"}
        if match and name in ("person", "consent")
        else {}
    )
    return reverse(name, kwargs=about) if name else current_page_path(request)


def answer_refusals(get_response: Handler) -> Handler:
    """Turn domain refusals of pages into the 403 page, things that are not there into the 404
    page, each with a line in the audit log; the JSON interfaces translate their own.
    """

    class Refusals:
        def __call__(self, request: HttpRequest) -> HttpResponse:
            response = get_response(request)
            if (
                isinstance(response, HttpResponseNotAllowed) and not response.content
                # an address that takes a form alone, typed or kept: no page, rather than an empty
                # one
            ):
                response.content = show_not_found(request).content
            return response

        def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
            if isinstance(error, Forbidden | Refused):
                log_refused_request(request, error, page_target(request))
                return show_forbidden(request, error)
            if isinstance(error, Http404 | ObjectDoesNotExist) and identify_caller(request)[1]:
                log_refused_request(
                    request, error, page_target(request), AuditOutcome.NOT_FOUND
                )  # of another hospital, or of nobody: it looks the same
            if isinstance(error, AlreadyDone):
                messages.info(request, gettext(str(error)))
                return redirect(settled_page_url(request))
            if isinstance(error, ReauthenticationRequired) and not request.user.is_authenticated:
                return redirect_to_sign_in(request)
            if isinstance(error, ReauthenticationRequired) and request.method == "POST":
                request.not_done = True  # type: ignore[attr-defined]
                messages.warning(
                    request,
                    gettext(
                        "Nothing was sent yet: first confirm that it is you. What you typed comes"
                        " back where your browser has kept it; then send it again."
                    ),
                )
                back = urlencode({"next": current_page_path(request)})
                return redirect(f"{reverse('account_reauthenticate')}?{back}")
            if isinstance(error, ObjectDoesNotExist):
                return show_not_found(request, error)
            return None

    return Refusals()
