"""The role table at a door: what a refusal says to whom."""

from django.utils.translation import gettext_lazy as _

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Permission, permissions_of

ASK = _("Nobody has vouched for your account yet. Go with your staff card to one of those who can: “My account” names them. Until then you see your own hospital's records alone.")
ASK_FOR_SYSTEM = "Nobody has vouched for this system yet: its own hospital's store alone is open to it. A privacy officer or auditor does it (page Vouch); then ask for a new token."


def must_hold(acting: Principal, permission: Permission, refusal: str) -> None:
    """Raises Forbidden unless the acting one has the permission; one who only lacks somebody to vouch for them is told whom to ask."""
    if acting.may(permission):
        return
    if acting.active and not acting.vouched and permission in permissions_of(acting.role):
        raise Forbidden("unvouched", ASK_FOR_SYSTEM if acting.kind == "client" else str(ASK))
    raise Forbidden("role", refusal)
