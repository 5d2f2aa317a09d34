"""Who may administer what: an alliance-wide administrator everything, another one the hospitals granted to him (django-guardian)."""

from guardian.shortcuts import get_objects_for_user

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff
from alliance.roles import Permission


def hospitals_for(acting: Principal, permission: str) -> list[Hospital]:
    """The hospitals on which the acting staff member holds an object permission ("administer_hospital", "audit_hospital")."""
    if acting.kind != "staff":
        return []
    if acting.alliance_wide:
        return list(Hospital.objects.all())
    user = Staff.objects.select_related("user").get(pk=int(acting.id)).user
    return list(get_objects_for_user(user, f"alliance.{permission}", klass=Hospital, accept_global_perms=False))


def must(acting: Principal, permission: Permission, hospital: Hospital | None = None) -> None:
    """Raises Forbidden unless the role has the permission, and the hospital is one that he administers. Operators may all."""
    if acting.kind == "operator":
        return
    if not acting.may(permission):
        raise Forbidden("role", "This role does not administer.")
    if hospital is None:
        if not acting.alliance_wide:
            raise Forbidden("object", "Only an administrator of the whole alliance may do this.")
    elif hospital.pk not in {h.pk for h in hospitals_for(acting, "administer_hospital")}:
        raise Forbidden("object", "You do not administer this hospital.")
