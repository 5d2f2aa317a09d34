"""Object permissions follow employment (django-guardian): a role at a hospital gives them, and leaving the role or the hospital takes them."""

from guardian.shortcuts import assign_perm

from alliance.models import DepartmentUserObjectPermission, HospitalUserObjectPermission, Staff
from alliance.roles import Role

OBJECT_PERMISSIONS = {Role.ADMINISTRATOR: "administer_hospital", Role.AUDITOR: "audit_hospital"}


def set_object_permissions(staff: Staff) -> None:
    """Give the account exactly what this employment gives; nothing where it has ended."""
    HospitalUserObjectPermission.objects.filter(user_id=staff.user_id).delete()
    DepartmentUserObjectPermission.objects.filter(user_id=staff.user_id).delete()
    if staff.ended_at is not None:
        return
    if permission := OBJECT_PERMISSIONS.get(Role(staff.role)):
        assign_perm(permission, staff.user, staff.hospital)
    if staff.department is not None:
        assign_perm("work_in_department", staff.user, staff.department)
