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
from django.utils.translation import gettext_noop

from alliance.auth.bearer import resolve_client_address
from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, principal_from_staff
from alliance.auth.role_check import check_permission
from alliance.models import Staff
from alliance.roles import Permission

LAUNCHED_PAGE_MESSAGE = gettext_noop(
    "Your hospital's system has opened this one record here, to be read. For anything else sign in"
    " yourself, in a window of your own."
)
PageView = Callable[..., HttpResponse]


def principal_from_session(staff: Staff, request: HttpRequest) -> Principal:
    return principal_from_staff(
        staff,
        address=resolve_client_address(request),
        request_id=getattr(request, "request_id", ""),
    )


def current_page_path(request: HttpRequest) -> str:
    """The page that a person was looking at: this address, or for a form the page on which it
    stood.
    """
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(
        came, {request.get_host()}, require_https=request.is_secure()
    ):
        parts = urlsplit(came)
        return parts.path + (f"?{parts.query}" if parts.query else "")
    return reverse("home")


def redirect_to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in and back to the page. Who sent a form is told that nothing was done."""
    request.not_done = True  # type: ignore[attr-defined]
    if request.method not in ("GET", "HEAD"):
        messages.warning(
            request,
            _(
                "Your session had ended: nothing was sent. Sign in again; what you typed comes back"
                " where your browser has kept it."
            ),
        )
    return redirect_to_login(current_page_path(request))


def check_launched(acting: Principal, permission: Permission | None) -> None:
    """Raises Forbidden unless the page reads records: who is not signed in themselves has no page
    of their own (docs/adr/0059).
    """
    if permission is not Permission.RECORD_READ:
        raise Forbidden("launch_page", LAUNCHED_PAGE_MESSAGE)
    check_permission(acting, permission, LAUNCHED_PAGE_MESSAGE)


def require_staff(permission: Permission | None = None) -> Callable[[PageView], PageView]:
    """The page's door: signed in with two factors, employed, and holding the permission; gives
    the view `acting`.
    """

    def decorate(view: PageView) -> PageView:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if (launched := getattr(request, "launched", None)) is not None:
                check_launched(launched.principal, permission)
                return view(request, *args, acting=launched.principal, **kwargs)
            user: Any = request.user
            staff = user.staff_or_none if user.is_authenticated else None
            if staff is None:
                return redirect_to_sign_in(request)
            acting = principal_from_session(staff, request)
            if permission is not None:
                check_permission(acting, permission, _("Your role does not include this page."))
            return view(request, *args, acting=acting, **kwargs)

        return wrapped

    return decorate
