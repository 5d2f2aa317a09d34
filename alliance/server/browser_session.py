"""Track what is known of a browser: that it has been here before, whose session it had last, and
when a working day is over.
"""

import re
import secrets
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from alliance.auth.identity import (
    LAST_IDENTITY_COOKIE,
    end_session,
    hash_identity,
    session_identity,
    session_seconds_left,
)
from alliance.auth.throttle import BROWSER_COOKIE
from alliance.server.http_server.request_party import remember_session

Handler = Callable[[HttpRequest], HttpResponse]
NUMBER = re.compile(r"[A-Za-z0-9_-]{32}")
DOOR = "/account/"
YEAR = 365 * 86400


def recognize_browser(get_response: Handler) -> Handler:
    """Recognise the browser by a random number in a cookie of the sign-in pages, which
    distinguishes guesses elsewhere from this browser's; and whose session it has.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        given = request.COOKIES.get(BROWSER_COOKIE, "")
        request.browser = given if NUMBER.fullmatch(given) else secrets.token_urlsafe(24)  # type: ignore[attr-defined]
        response = get_response(request)
        if request.path_info.startswith(DOOR) and request.method == "POST":
            set_browser_cookie(response, BROWSER_COOKIE, request.browser, DOOR, YEAR)  # type: ignore[attr-defined]
        label = hash_identity(session_identity(request))
        if request.session.session_key:
            remember_session(request.session.session_key, somebody=bool(label))
        if label and request.COOKIES.get(LAST_IDENTITY_COOKIE) != label:
            set_browser_cookie(response, LAST_IDENTITY_COOKIE, label, "/", None)
        return response

    return handle


def set_browser_cookie(
    response: HttpResponse, name: str, value: str, path: str, seconds: int | None
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def end_after_working_day(get_response: Handler) -> Handler:
    """End a session after SESSION_HOURS, however busy it is, and for good where its person may not
    work here any more: it does not come back with an employment that begins again, or a hospital
    that takes part again.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session and not request.user.is_authenticated:
            end_session(request)
        elif session_identity(request) and not session_seconds_left(request):
            end_session(request)
            messages.info(
                request, _("Your session has lasted a working day and has ended. Sign in again.")
            )
        return get_response(request)

    return handle
