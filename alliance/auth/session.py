"""Signed-in browser session to Principal, and the decorator that pages use."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from alliance.auth.bearer import address_of
from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Staff
from alliance.roles import Permission

View = Callable[..., HttpResponse]


def principal_for(staff: Staff, request: HttpRequest) -> Principal:
    return Principal(
        kind="staff", id=str(staff.pk), hospital_id=staff.hospital_id, hospital=staff.hospital.code, role=staff.role,
        active=staff.active and staff.hospital.active, address=address_of(request),
        request_id=getattr(request, "request_id", ""), alliance_wide=staff.alliance_wide,
    )


def page(permission: Permission | None = None) -> Callable[[View], View]:
    """The page's door: signed in with two factors, employed, and holding the permission; gives the view `acting`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user: Any = request.user
            staff = user.staff_or_none if user.is_authenticated else None
            if staff is None:
                return redirect_to_login(request.get_full_path())
            acting = principal_for(staff, request)
            if permission is not None and not acting.may(permission):
                raise Forbidden("role", _("Your role does not include this page."))
            return view(request, *args, acting=acting, **kwargs)

        return wrapped

    return decorate
