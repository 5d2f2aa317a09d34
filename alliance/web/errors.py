"""Error pages that say what happened and what to do."""

import logging
import sys

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views import defaults
from psycopg.errors import QueryCanceled

from alliance.auth.errors import Forbidden
from alliance.auth.refusal_log import identify_caller, log_caller_refusal
from alliance.auth.session import current_page_path
from alliance.platform.database_away import find_away_cause, walk_error_chain
from alliance.platform.unavailable_response import answer_unavailable, render_bare_page
from consent.reason_words import REASONS_FOR_VIEWER

log = logging.getLogger("xinglin.pages")


def show_forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What a service or the gate says, in the reader's language."""
    says = (
        gettext(str(exception))
        if isinstance(exception, Forbidden)
        else REASONS_FOR_VIEWER.get(getattr(exception, "code", ""), "")
    )
    return render(request, "errors/403.html", {"says": says}, status=403)


def show_stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was rendered before somebody signed in here, for another person's session, or
    for no cookie at all: refused, nothing done.
    """
    acting, account = identify_caller(request)
    log_caller_refusal(
        acting,
        reason="stale_form",
        target=f"page/{request.resolver_match.url_name}" if request.resolver_match else "",
        account=account,
    )
    if request.headers.get("HX-Request"):
        messages.warning(request, gettext("This page was out of date: nothing was done."))
        return redirect(current_page_path(request))
    return render(request, "errors/403_csrf.html", {"back": current_page_path(request)}, status=403)


def show_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def show_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 400; but a session that could not be kept because the database is away is no
    fault of the browser.
    """
    return (
        answer_unavailable(request, exception)
        if find_away_cause(exception)
        else defaults.bad_request(request, exception)
    )


def show_server_error(request: HttpRequest) -> HttpResponse:
    """Whatever else went wrong, even with this page. Called where the error is handled."""
    error = sys.exc_info()[1]
    if error is not None and any(isinstance(e, QueryCanceled) for e in walk_error_chain(error)):
        log.error("PAGE413 a page took the database too long")
        return HttpResponse(
            render_bare_page("slow", asks=request.method in ("GET", "HEAD")), status=413
        )
    if error is not None and find_away_cause(error):
        return answer_unavailable(request, error)
    try:
        return render(request, "errors/500.html", status=500)
    except Exception:
        log.exception("PAGE500 the page that tells of an error failed, too")
        return HttpResponse(render_bare_page("failed", asks=False), status=500)
