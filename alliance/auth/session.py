"""Signed-in browser session to Principal, and the decorator that pages use."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from alliance.auth.bearer import address_of
from alliance.auth.principal import Principal, principal_of_staff
from alliance.auth.role_check import must_hold
from alliance.models import Staff
from alliance.roles import Permission

View = Callable[..., HttpResponse]


def principal_for(staff: Staff, request: HttpRequest) -> Principal:
    return principal_of_staff(staff, address=address_of(request), request_id=getattr(request, "request_id", ""))


def page_of(request: HttpRequest) -> str:
    """The page that a person was looking at: this address, or for a form the page on which it stood."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came, {request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(came)
        return parts.path + (f"?{parts.query}" if parts.query else "")
    return reverse("home")


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in and back to the page. Who sent a form is told that nothing was done."""
    request.not_done = True  # type: ignore[attr-defined]
    if request.method not in ("GET", "HEAD"):
        messages.warning(request, _("Your session had ended: nothing was sent. Sign in again; what you typed comes back where your browser has kept it."))
    return redirect_to_login(page_of(request))


def page(permission: Permission | None = None) -> Callable[[View], View]:
    """The page's door: signed in with two factors, employed, and holding the permission; gives the view `acting`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user: Any = request.user
            staff = user.staff_or_none if user.is_authenticated else None
            if staff is None:
                return to_sign_in(request)
            acting = principal_for(staff, request)
            if permission is not None:
                must_hold(acting, permission, _("Your role does not include this page."))
            return view(request, *args, acting=acting, **kwargs)

        return wrapped

    return decorate
