"""Enrol staff with a role and an end date, and end an employment; object permissions follow the role (django-guardian)."""

import datetime as dt
import secrets

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone
from guardian.shortcuts import assign_perm

from alliance.auth.principal import Principal
from alliance.models import Department, Hospital, Staff, User
from alliance.roles import Permission, Role
from alliance.services.authority import must
from consent.audit.append import append
from consent.audit.event import Event, EventCode

OBJECT_PERMISSIONS = {Role.ADMINISTRATOR: "administer_hospital", Role.AUDITOR: "audit_hospital"}


@transaction.atomic
def do_enrol_staff(
    *, username: str, name: str, hospital: Hospital, role: str, ends_on: dt.date, acting: Principal, title: str = "",
    department: Department | None = None, starts_on: dt.date | None = None, alliance_wide: bool = False, password: str = "",
) -> tuple[Staff, str]:
    """(the staff row, the first password, shown once). He must choose a new one and set up a second factor at first login."""
    must(acting, Permission.STAFF_MANAGE, None if alliance_wide else hospital)
    first = password or secrets.token_urlsafe(12)
    user = User(username=username, must_change_password=not password)
    validate_password(first, user)
    user.set_password(first)
    user.full_clean()
    user.save()
    staff = Staff(user=user, hospital=hospital, department=department, name=name, title=title, role=role,
                  alliance_wide=alliance_wide, starts_on=starts_on or timezone.localdate(), ends_on=ends_on)
    staff.full_clean()
    staff.save()
    if permission := OBJECT_PERMISSIONS.get(Role(role)):
        assign_perm(permission, user, hospital)
    if department is not None:
        assign_perm("work_in_department", user, department)
    append(Event.of(acting, EventCode.STAFF_ENROL, target=f"staff/{staff.pk}", detail=f"{role}@{hospital.code}"))
    return staff, first


@transaction.atomic
def do_end_staff(staff: Staff, *, acting: Principal) -> None:
    """Effective at once: the next request of his session is refused."""
    must(acting, Permission.STAFF_MANAGE, staff.hospital)
    Staff.objects.filter(pk=staff.pk, ended_at=None).update(ended_at=timezone.now())
    append(Event.of(acting, EventCode.STAFF_END, target=f"staff/{staff.pk}"))
