"""Employ people and let them go: enrol with a role and an end date, change, end, take back. A
change counts with the person's next request. A new account waits for somebody to vouch for it, a
role for the whole alliance for a second administrator.
"""

import datetime as dt
import hashlib
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Department, Hospital, Proposal, Staff, User
from alliance.models.staff import EmploymentState
from alliance.roles import Permission
from alliance.services.administrator_client_ends import end_administrator_clients
from alliance.services.alliance_role import propose_alliance_role
from alliance.services.authority import (
    administrative_transaction,
    check_may_administer,
    check_may_manage_staff,
    is_oneself,
)
from alliance.services.credentials import give_first_password, make_first_password
from alliance.services.handover import forget_secret, keep_secret
from alliance.services.object_permissions import set_object_permissions
from alliance.services.office import guarded_offices
from alliance.services.vouching import IDENTIFYING_FIELDS, mark_account_issued
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

CODED = (
    "hospital",
    "department",
    "role",
    "alliance_wide",
    "starts_on",
    "ends_on",
)  # the log gives old and new value
WORDS = ("name", "title", "email")  # the log names them alone
SELF_CHANGEABLE = (
    "name",
    "title",
    "department",
    "email",
)  # what an administrator may change of their own employment
# (staff, acting): a post has ended, or is another one by role or hospital, or comes back after its
# last day; sent in the transaction of the change
post_left = Signal()
# (staff, acting): the account says another name, which may be another person; sent likewise
account_renamed = Signal()


@administrative_transaction(EventCode.STAFF_ENROL)
def do_enrol_staff(
    *,
    username: str,
    name: str,
    hospital: Hospital,
    role: str,
    ends_on: dt.date,
    acting: Principal,
    title: str = "",
    department: Department | None = None,
    starts_on: dt.date | None = None,
    alliance_wide: bool = False,
    password: str = "",
    email: str = "",
    wide_reason: str = "",
) -> tuple[Staff, str]:
    """(the staff row, the first password, which the acting one may see for ten minutes). A new
    one, and a second factor, are asked for at the first sign-in. alliance_wide: the role counts for
    the hospital, and is proposed for the whole alliance, because of wide_reason, which stands in
    the log.

    Raises ValidationError by field; a user name is taken whatever its capital letters.
    """
    check_may_administer(acting, Permission.STAFF_MANAGE, None if alliance_wide else hospital)
    username = User.normalize_username(username).lower()
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError({"username": _("This user name is taken: choose another.")})
    user = User(
        username=username, email=email, must_change_password=not password, demo=settings.DEMO
    )
    if password:
        validate_password(password, user)
    first = password or make_first_password()
    user.set_password(first)
    user.full_clean()
    user.save()
    staff = Staff(
        user=user,
        hospital=hospital,
        department=department,
        name=name,
        title=title,
        role=role,
        alliance_wide=alliance_wide and acting.kind == "operator",
        starts_on=starts_on or timezone.localdate(),
        ends_on=ends_on,
    )
    staff.full_clean()
    staff.save()
    set_object_permissions(staff)
    if not password:
        keep_secret(f"staff/{staff.pk}", first, acting=acting)
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.STAFF_ENROL,
            target=f"staff/{staff.pk}",
            detail=f"{role}@{hospital.code}"
            + (f" · {wide_reason.strip()}" if alliance_wide and wide_reason else ""),
        )
    )
    mark_account_issued(staff, Staff.Issue.ENROL, acting=acting)
    if alliance_wide and not staff.alliance_wide:
        propose_alliance_role(staff, reason=wide_reason, acting=acting)
    return staff, first


@administrative_transaction(EventCode.STAFF_CHANGE)
def do_change_staff(
    staff: Staff, *, acting: Principal, version: str = "", wide_reason: str = "", **values: Any
) -> Proposal | None:
    """Set some of CODED and WORDS. version: what `version_of` said when the values were read;
    another one means that somebody else has changed it since. A role that would newly count for the
    whole alliance counts for the hospital, and waits for another administrator as the returned
    proposal.

    Raises ValidationError by field, and Forbidden for what the acting one may not give, of oneself
    more than OWN, and where an office falls vacant.
    """
    staff = load_managed_staff(staff, acting)
    before, was_over = staff_field_values(staff), staff.state is EmploymentState.OVER
    if version and version != staff_version(staff):
        raise ValidationError(
            _(
                "Somebody else has changed this meanwhile. Look at what stands there now, then"
                " change it again."
            )
        )
    email = values.pop("email", staff.user.email)
    for field, value in values.items():
        setattr(staff, field, value)
    staff.user.email = email
    revived = was_over and staff.state is not EmploymentState.OVER
    wide = (
        staff.alliance_wide
        and acting.kind != "operator"
        and (revived or (before["alliance_wide"], before["role"]) != ("yes", staff.role))
    )
    if wide:
        check_may_administer(acting, Permission.STAFF_MANAGE)
        staff.alliance_wide = False
    after = staff_field_values(staff)
    changed = [f for f in (*CODED, *WORDS) if before[f] != after[f]]
    if not changed and not wide:
        return None
    if wide or set(changed) - set(SELF_CHANGEABLE):
        check_not_oneself(
            acting,
            staff,
            "Nobody changes role, hospital or dates of their own employment: another administrator"
            " does.",
        )
    if "ends_on" in changed and staff.ends_on < timezone.localdate():
        raise ValidationError(
            {
                "ends_on": _(
                    "The last day lies in the past. To end the employment, use End employment,"
                    " which asks for a reason."
                )
            }
        )
    check_may_manage_staff(acting, staff)
    staff.user.full_clean(exclude=["password"])
    staff.full_clean()
    with guarded_offices(acting):
        staff.user.save(update_fields=["email"])
        staff.save()
        set_object_permissions(staff)
    if {"hospital", "role", "alliance_wide"} & set(changed):
        end_administrator_clients(staff, reason="changed", acting=acting)
    if revived or {"hospital", "role"} & set(changed):
        post_left.send(Staff, staff=staff, acting=acting)
    if "name" in changed:
        account_renamed.send(Staff, staff=staff, acting=acting)
    if changed:
        told = [f"{f} {before[f]}>{after[f]}" if f in CODED else f for f in changed]
        append_event(
            AuditEvent.from_principal(
                acting, EventCode.STAFF_CHANGE, target=f"staff/{staff.pk}", detail="; ".join(told)
            )
        )
    if acting.id != str(staff.pk) and (revived or set(IDENTIFYING_FIELDS) & set(changed)):
        mark_account_issued(staff, Staff.Issue.CHANGE, acting=acting)
    return propose_alliance_role(staff, reason=wide_reason, acting=acting) if wide else None


@administrative_transaction(EventCode.STAFF_END)
def do_end_staff(staff: Staff, *, reason: str, acting: Principal) -> None:
    """Effective at once: the next request of an open session is refused. Raises Forbidden for
    oneself and where an office falls vacant.
    """
    staff = load_managed_staff(staff, acting)
    check_not_oneself(
        acting, staff, "Nobody ends their own employment: another administrator does."
    )
    if staff.ended_at is not None:
        return
    staff.ended_at = timezone.now()
    with guarded_offices(acting):
        staff.save(update_fields=["ended_at"])
        set_object_permissions(staff)
    forget_secret(f"staff/{staff.pk}")
    end_administrator_clients(staff, reason=reason, acting=acting)
    post_left.send(Staff, staff=staff, acting=acting)
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.STAFF_END, target=f"staff/{staff.pk}", detail=reason
        )
    )


@administrative_transaction(EventCode.STAFF_RETURN)
def do_return_staff(staff: Staff, *, ends_on: dt.date, reason: str, acting: Principal) -> str:
    """Employ again, from today, in the same role and under the old user name; returns the new
    first password. The second factor is set up anew. A role for the whole alliance counts for the
    hospital, and waits for another administrator.
    """
    staff = load_managed_staff(staff, acting)
    if staff.state is not EmploymentState.OVER:
        raise Forbidden("employed", "This employment is not over.")
    today = timezone.localdate()
    if ends_on < today:
        raise ValidationError({"ends_on": _("The last day lies in the past.")})
    end_administrator_clients(staff, reason=reason, acting=acting)
    post_left.send(Staff, staff=staff, acting=acting)
    staff.ended_at, staff.starts_on, staff.ends_on = None, today, ends_on
    wide = staff.alliance_wide and acting.kind != "operator"
    staff.alliance_wide = staff.alliance_wide and not wide
    staff.full_clean()
    staff.save(update_fields=["ended_at", "starts_on", "ends_on", "alliance_wide"])
    set_object_permissions(staff)
    first = give_first_password(staff, Staff.Issue.RETURN, second_factor=True, acting=acting)
    if wide:
        propose_alliance_role(staff, reason=reason, acting=acting)
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.STAFF_RETURN,
            target=f"staff/{staff.pk}",
            detail=f"until {ends_on}: {reason}",
        )
    )
    return first


def load_managed_staff(staff: Staff, acting: Principal) -> Staff:
    """The employment as it stands now. Raises Forbidden unless the acting one manages it."""
    fresh = Staff.objects.select_related("user", "hospital", "department").get(pk=staff.pk)
    check_may_manage_staff(acting, fresh)
    return fresh


def check_not_oneself(acting: Principal, staff: Staff, refusal: str) -> None:
    if is_oneself(acting, staff):
        raise Forbidden("self", refusal)


def staff_field_values(staff: Staff) -> dict[str, str]:
    """Each field as the log writes it: codes of hospital and department, days, words."""
    return {
        "hospital": staff.hospital.code,
        "department": staff.department.code if staff.department else "-",
        "role": str(staff.role),
        "alliance_wide": "yes" if staff.alliance_wide else "no",
        "starts_on": staff.starts_on.isoformat(),
        "ends_on": staff.ends_on.isoformat(),
        "name": staff.name,
        "title": staff.title,
        "email": staff.user.email,
    }


def staff_version(staff: Staff) -> str:
    """A short hash of all that can be changed."""
    return hashlib.sha256(repr(sorted(staff_field_values(staff).items())).encode()).hexdigest()[:16]
