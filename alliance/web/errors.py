"""Error pages that say what happened and what to do."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from alliance.auth.errors import Forbidden
from alliance.auth.refusals import acting_one, say
from alliance.auth.session import page_of
from alliance.web.reasons import WHY


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


def broken(request: HttpRequest) -> HttpResponse:
    return render(request, "errors/500.html", status=500)
