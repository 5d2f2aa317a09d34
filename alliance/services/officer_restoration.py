"""What the operator of the server does where nobody else can: make an administrator or auditor
of the alliance, or let one in again.
"""

import datetime as dt

from django.conf import settings
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff
from alliance.roles import Role
from alliance.services.authority import administrative_transaction
from alliance.services.credentials import give_first_password
from alliance.services.object_permissions import set_object_permissions
from alliance.services.staffing import staff_field_values
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode


@administrative_transaction(EventCode.STAFF_RETURN)
def do_restore_officer(
    staff: Staff,
    *,
    hospital: Hospital,
    role: Role,
    ends_on: dt.date,
    acting: Principal,
    name: str = "",
) -> str:
    """The new first password of an account that exists: employed until ends_on for the whole
    alliance, whatever had ended or was lost; the second factor is set up anew. Raises Forbidden for
    everybody but the operator, and for an account of another role, which is not to be taken over by
    a slip.
    """
    if acting.kind != "operator":
        raise Forbidden("role", "Only the operator of the server does this.")
    staff = Staff.objects.select_related("user", "hospital", "department").get(pk=staff.pk)
    if staff.role != role:
        raise Forbidden("role", "This account has another role.")
    before = staff_field_values(staff)
    today = timezone.localdate()
    if staff.hospital_id != hospital.pk:
        staff.hospital, staff.department = hospital, None
    staff.name = name or staff.name
    staff.alliance_wide, staff.ended_at = True, None
    staff.starts_on, staff.ends_on = min(staff.starts_on, today), ends_on
    staff.full_clean()
    staff.save()
    staff.user.is_active, staff.user.demo = True, settings.DEMO
    staff.user.save(update_fields=["is_active", "demo"])
    set_object_permissions(staff)
    first = give_first_password(staff, Staff.Issue.RETURN, second_factor=True, acting=acting)
    after = staff_field_values(staff)
    told = "; ".join(
        f"{f} {before[f]}>{after[f]}" for f in before if before[f] != after[f] and f != "name"
    )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.STAFF_RETURN,
            target=f"staff/{staff.pk}",
            detail=f"by the operator of the server; {told}".rstrip("; "),
        )
    )
    return first
