"""What is known of the browser: that it has been here before, whose session it had last, and when a working day is over."""

import re
import secrets
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from alliance.auth.identity import LAST, identity_of, label_of, leave, left
from alliance.auth.throttle import BROWSER

Handler = Callable[[HttpRequest], HttpResponse]
NUMBER = re.compile(r"[A-Za-z0-9_-]{32}")
DOOR = "/account/"
YEAR = 365 * 86400


def known_browser(get_response: Handler) -> Handler:
    """A random number in a cookie of the sign-in pages, by which guesses elsewhere are told from this browser's; and whose session it has."""

    def handle(request: HttpRequest) -> HttpResponse:
        given = request.COOKIES.get(BROWSER, "")
        request.browser = given if NUMBER.fullmatch(given) else secrets.token_urlsafe(24)  # type: ignore[attr-defined]
        response = get_response(request)
        if request.path_info.startswith(DOOR) and request.method == "POST":
            put(response, BROWSER, request.browser, DOOR, YEAR)  # type: ignore[attr-defined]
        label = label_of(identity_of(request))
        if label and request.COOKIES.get(LAST) != label:
            put(response, LAST, label, "/", None)
        return response

    return handle


def put(response: HttpResponse, name: str, value: str, path: str, seconds: int | None) -> None:
    response.set_cookie(name, value, max_age=seconds, path=path, secure=settings.HTTPS, httponly=True, samesite="Lax")


def working_day(get_response: Handler) -> Handler:
    """A session ends after SESSION_HOURS, however busy it is, and for good where its person may not work here any more: it does not come back with
    an employment that begins again, or a hospital that takes part again."""

    def handle(request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session and not request.user.is_authenticated:
            leave(request)
        elif identity_of(request) and not left(request):
            leave(request)
            messages.info(request, _("Your session has lasted a working day and has ended. Sign in again."))
        return get_response(request)

    return handle
