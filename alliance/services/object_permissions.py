"""Object permissions follow employment (django-guardian): a role at a hospital gives them, an
appointment gives its own on the hospital that is served, and leaving the role or the hospital takes
them.
"""

from guardian.shortcuts import assign_perm

from alliance.models import Appointment, HospitalUserObjectPermission, Staff
from alliance.models.appointment import PROTECT_PRIVACY
from alliance.roles import Role

OBJECT_PERMISSIONS = {Role.ADMINISTRATOR: "administer_hospital", Role.AUDITOR: "audit_hospital"}


def set_object_permissions(staff: Staff) -> None:
    """Give the account exactly what this employment and its appointments give; nothing where it has
    ended.
    """
    HospitalUserObjectPermission.objects.filter(user_id=staff.user_id).delete()
    if staff.ended_at is not None:
        return
    if permission := OBJECT_PERMISSIONS.get(Role(staff.role)):
        assign_perm(permission, staff.user, staff.hospital)
    if staff.role == Role.PRIVACY:
        appointed = Appointment.objects.not_over().filter(staff=staff, employer=staff.hospital_id)
        for appointment in appointed.select_related("hospital"):
            assign_perm(PROTECT_PRIVACY, staff.user, appointment.hospital)
