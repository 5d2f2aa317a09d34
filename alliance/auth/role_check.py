"""The role table at a door: what a refusal says to whom."""

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.roles import UNVOUCHED_MESSAGE, Permission, permissions_of

UNVOUCHED_SYSTEM_MESSAGE = (
    "Nobody has vouched for this system yet: its own hospital's store alone is open to it. A"
    " privacy officer or auditor does it (page Vouch); then ask for a new token."
)


def check_permission(acting: Principal, permission: Permission, refusal: str) -> None:
    """Raises Forbidden unless the acting one has the permission; one who only lacks somebody to
    vouch for them is told whom to ask.
    """
    if acting.may(permission):
        return
    if acting.active and not acting.vouched and permission in permissions_of(acting.role):
        is_system = acting.kind == "client"
        raise Forbidden(
            "unvouched", UNVOUCHED_SYSTEM_MESSAGE if is_system else str(UNVOUCHED_MESSAGE)
        )
    raise Forbidden("role", refusal)
