"""A rendered form is carried out once: a double click, a reload, Back and send again are
answered with what the first sending led to (docs/adr/0026).

Django masks the CSRF token anew for each page that it renders, so session, address and token
together name one rendered form. A sending that was answered with anything but a redirect (a page
with faults, a simulation, an error), or with the way to a sign-in (`not_done`), uses up nothing.
"""

import hashlib
import time
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from alliance.models import FormUse

Handler = Callable[[HttpRequest], HttpResponse]
# By name of the address: what makes nothing. Searches by POST, sign-in and sign-out, the language,
# downloads.
EXEMPT_URL_NAMES = frozenset(
    {
        "patients",
        "privacy",
        "identity",
        "audited-patient",
        "audit-export",
        "set_language",
        "set-display",
        "my-sign-in",
        "my-sign-out",
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "mfa_authenticate",
        "mfa_reauthenticate",
    }
)
FORM_LOCK_PATIENCE = 20.0  # seconds that a second sending waits for the first one's answer
FORM_LOCK_POLL = 0.05


def compute_form_key(request: HttpRequest) -> str:
    """The rendered form that was sent; "" where the request makes nothing or names none."""
    token = request.POST.get("csrfmiddlewaretoken", "") if request.method == "POST" else ""
    session = request.session.session_key
    if (
        not token
        or not session
        or (request.resolver_match and request.resolver_match.url_name in EXEMPT_URL_NAMES)
    ):
        return ""
    return hashlib.sha256(f"{session}|{request.path}|{token}".encode()).hexdigest()


def lock_form(key: str) -> bool:
    """Hold the form for this request; False where another one still has it after PATIENCE."""
    limit = time.monotonic() + FORM_LOCK_PATIENCE
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s::text, 19))", [key])
            if cursor.fetchone()[0]:
                return True
        if time.monotonic() > limit:
            return False
        time.sleep(FORM_LOCK_POLL)


def unlock_form(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s::text, 19))", [key])


class FormOnceMiddleware:
    """Middleware, after sessions, CSRF and messages. A lock of the database connection keeps the
    second sending waiting, and ends with a process that dies.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        key = getattr(request, "form_key", "")
        if key:
            try:
                if 300 <= response.status_code < 400 and not getattr(request, "not_done", False):
                    FormUse.objects.get_or_create(
                        key=key, defaults={"location": response["Location"][:2000]}
                    )
            finally:
                unlock_form(key)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        key = compute_form_key(request)
        if not key:
            return None
        if not lock_form(key):
            return render(request, "errors/busy.html", status=503)
        request.form_key = key  # type: ignore[attr-defined]
        done = FormUse.objects.filter(pk=key).first()
        if done is None:
            return None
        request.session = type(request.session)(
            request.session.session_key
        )  # as the first sending left it
        messages.info(
            request,
            _(
                "This form had been sent before. It was not carried out a second time; the page"
                " shows how things stand."
            ),
        )
        return redirect(done.location)
