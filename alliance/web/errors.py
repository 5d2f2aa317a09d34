"""Error pages that say what happened and what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from alliance.auth.errors import Forbidden
from alliance.web.templatetags.xinglin import WHY


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What a service or the gate says, in the reader's language."""
    says = gettext(str(exception)) if isinstance(exception, Forbidden) else WHY.get(getattr(exception, "code", ""), "")
    return render(request, "errors/403.html", {"says": says}, status=403)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    return render(request, "errors/500.html", status=500)
