"""Default of the JSON administration API: signed in, and the role holds the view's permission."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission

from alliance.auth.role_check import must_hold
from alliance.auth.session import principal_for


class RolePermission(BasePermission):
    """A view names `needs`, a Permission; one that names none is refused."""

    def has_permission(self, request: Any, view: Any) -> bool:
        user = request.user
        staff = user.staff_or_none if user.is_authenticated else None
        needs = getattr(view, "needs", None)
        if staff is None or needs is None:
            return False
        request.acting = principal_for(staff, request)
        must_hold(request.acting, needs, _("Your role does not include this."))
        return True
