"""Error pages that say what happened and what to do."""

import logging
import sys

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views import defaults

from alliance.auth.errors import Forbidden
from alliance.auth.refusals import acting_one, say
from alliance.auth.session import page_of
from alliance.config.away import away
from alliance.config.unavailable import page, unavailable
from alliance.web.reasons import WHY

log = logging.getLogger("xinglin.pages")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What a service or the gate says, in the reader's language."""
    says = gettext(str(exception)) if isinstance(exception, Forbidden) else WHY.get(getattr(exception, "code", ""), "")
    return render(request, "errors/403.html", {"says": says}, status=403)


def stale(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was rendered before somebody signed in here, for another person's session, or for no cookie at all: refused, nothing done."""
    acting, account = acting_one(request)
    say(acting, reason="stale_form", target=f"page/{request.resolver_match.url_name}" if request.resolver_match else "", account=account)
    if request.headers.get("HX-Request"):
        messages.warning(request, gettext("This page was out of date: nothing was done."))
        return redirect(page_of(request))
    return render(request, "errors/403_csrf.html", {"back": page_of(request)}, status=403)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 400; but a session that could not be kept because the database is away is no fault of the browser."""
    return unavailable(request, exception) if away(exception) else defaults.bad_request(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    """Whatever else went wrong, even with this page. Called where the error is handled."""
    error = sys.exc_info()[1]
    if error is not None and away(error):
        return unavailable(request, error)
    try:
        return render(request, "errors/500.html", status=500)
    except Exception:
        log.exception("PAGE500 the page that tells of an error failed, too")
        return HttpResponse(page("failed", asks=False), status=500)
