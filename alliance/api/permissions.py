"""Default of the JSON administration API: signed in, the role holds the view's permission, and a
client's token the scope of the method.
"""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission

from alliance.auth.administrator_tokens import KIND
from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.auth.session import principal_from_session


class RolePermission(BasePermission):
    """A view names `needs`, a Permission, and in `scopes` an AdministrationScope for each method;
    one that names none is refused.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        user = request.user
        staff = user.staff_or_none if user.is_authenticated else None
        needs = getattr(view, "needs", None)
        if staff is None or needs is None:
            return False
        acting = request.auth or principal_from_session(staff, request)
        check_permission(acting, needs, _("Your role does not include this."))
        if acting.kind == KIND:
            check_administration_scope(acting, view, request.method)
        request.acting = acting
        return True


def check_administration_scope(acting: Principal, view: Any, method: str) -> None:
    """Raises Forbidden naming the scope that the token lacks."""
    scope = view.scopes.get("GET" if method == "HEAD" else method)
    if scope is None or not acting.administration.allows(scope):
        lacking = _(
            "The token lacks the scope %(scope)s. Ask POST /oauth/token for it; its administrator"
            " chooses what the client may have."
        ) % {"scope": scope or method}
        raise Forbidden("scope", lacking)
