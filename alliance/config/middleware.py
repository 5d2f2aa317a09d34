"""What each request gets: an id for logs and audit, no cookies on the machine doors, nothing kept in caches, and the pages' common context."""

import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from django.utils.translation import gettext

from alliance.auth import origins
from alliance.auth.errors import AlreadyStands, Forbidden
from alliance.auth.identity import identity_of, label_of, left
from alliance.auth.refusals import acting_one, note, place
from alliance.auth.session import page_of, to_sign_in
from alliance.config.logging import request_id as current
from alliance.roles import Permission, permissions_of
from alliance.web.errors import forbidden, missing
from consent.audit.event import Outcome
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


def bodiless_head(get_response: Handler) -> Handler:
    """An answer to HEAD tells what GET would, its length too, and carries no body (RFC 9110 9.3.2): bytes that no client reads would be taken for the next answer."""

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


def no_store(get_response: Handler) -> Handler:
    """Nothing but static files stays in a browser or proxy: what was on a page is gone when the session is."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path_info.startswith(settings.STATIC_URL):
            response["Cache-Control"] = "no-store, private"
        return response

    return handle


class Compress(GZipMiddleware):
    """Pages go compressed, but none whose length could tell a secret that stands in it (BREACH): answers to GET alone, none to a
    search, for it repeats what was typed, none of the account's own pages, none that shows a secret. Django masks the CSRF token, and pads."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        page = response.get("Content-Type", "").startswith("text/html") and request.method == "GET"
        typed = request.GET.keys() & {"q", "s"}
        if not page or typed or request.path_info.startswith("/account/") or getattr(response, "secret", False):
            return response
        return super().process_response(request, response)


def whole_page(get_response: Handler) -> Handler:
    """A part of a page that htmx asked for is never replaced by another page: where the answer leads elsewhere, the browser goes there as a whole."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.headers.get("HX-Request") and 300 <= response.status_code < 400:
            response["HX-Redirect"] = response["Location"]
            del response["Location"]
            response.status_code = 200
        return response

    return handle


def plain_api(get_response: Handler) -> Handler:
    """Machine doors skip sessions, CSRF, files and messages: they carry a bearer token and no cookie counts there. Pages of registered origins may read them."""

    def handle(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(MACHINE_DOORS):
            return get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return get_response(request)
        origin = origins.allowed(request) if request.path_info.startswith(origins.DOORS) else ""
        if (early := origins.preflight(request, origin)) is not None:
            origins.share(early, origin, request.headers)
            return early
        with translation.override(translation.get_language_from_request(request)):  # not that of whom this thread served before
            response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        origins.share(response, origin, request.headers)
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response

    return handle


def page_context(request: HttpRequest) -> dict[str, Any]:
    """For every page: who is signed in, what the menu may show, whether this is the demo."""
    staff = getattr(getattr(request, "user", None), "staff_or_none", None)
    allowed = permissions_of(staff.role, vouched=staff.vouched) if staff else frozenset[Permission]()
    identity = identity_of(request)
    return {
        "staff": staff, "may": {p.name.lower(): True for p in allowed}, "demo": settings.DEMO, "identity": label_of(identity), "patient": identity.startswith("patient/"),
        "idle_seconds": request.session.get_expiry_age() if identity else 0, "left_seconds": left(request) if identity else 0}


# Where to go on where what a form asked for stands already: address -> the page that shows it, with the same arguments.
SHOWN_ON = {
    "treat": "person", "emergency": "person", "consent": "consent", "seal": "privacy", "emergency-review": "privacy", "emergency-tell": "privacy", "seal-lift": "privacy",
    "policy": "policy", "my": "my", "vouching": "vouching", "vouch-client": "vouching", "resume": "proposals", "agree-proposal": "proposals", "refuse-proposal": "proposals",
    "change-staff": "proposals", "change-hospital": "proposals", "change-client": "proposals", "confirm-tie": "confirmations", "confirm-decision": "confirmations", "confirmation-end": "confirmations"}


def settled(request: HttpRequest) -> str:
    """The page that shows what stands already."""
    match = request.resolver_match
    name = SHOWN_ON.get(match.url_name or "", "") if match else ""
    about = {k: v for k, v in match.kwargs.items() if k == "person_id"} if match and name in ("person", "consent") else {}
    return reverse(name, kwargs=about) if name else page_of(request)


def refusals(get_response: Handler) -> Handler:
    """Domain refusals of pages become the 403 page, things that are not there the 404 page, and both leave a line in the audit log; the JSON doors
    translate their own."""

    class Refusals:
        def __call__(self, request: HttpRequest) -> HttpResponse:
            response = get_response(request)
            if isinstance(response, HttpResponseNotAllowed) and not response.content:  # an address that takes a form alone, typed or kept: no page, rather than an empty one
                response.content = missing(request).content
            return response

        def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
            if isinstance(error, Forbidden | Refused):
                note(request, error, place(request))
                return forbidden(request, error)
            if isinstance(error, Http404 | ObjectDoesNotExist) and acting_one(request)[1]:
                note(request, error, place(request), Outcome.NOT_FOUND)  # of another hospital, or of nobody: it looks the same
            if isinstance(error, AlreadyStands):
                messages.info(request, gettext(str(error)))
                return redirect(settled(request))
            if isinstance(error, ReauthenticationRequired) and not request.user.is_authenticated:
                return to_sign_in(request)
            if isinstance(error, ReauthenticationRequired) and request.method == "POST":
                request.not_done = True  # type: ignore[attr-defined]
                messages.warning(request, gettext("Nothing was sent yet: first confirm that it is you. What you typed comes back where your browser has kept it; then send it again."))
                return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': page_of(request)})}")
            if isinstance(error, ObjectDoesNotExist):
                return missing(request, error)
            return None

    return Refusals()
