"""Who may administer what: an alliance-wide administrator everything, another one the hospitals
granted to them (django-guardian).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import connection, transaction
from guardian.shortcuts import get_objects_for_user

from alliance.auth import administrator_tokens
from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, principal_from_staff
from alliance.auth.role_check import check_permission
from alliance.models import (
    AdministratorClient,
    Appointment,
    Client,
    EnrolmentCode,
    Hospital,
    Proposal,
    Staff,
)
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode

ADMINISTRATION_LOCK = 0x58494E4C  # "XINL": one change of members, staff or systems at a time
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def hospitals_with_permission(acting: Principal, permission: str) -> list[Hospital]:
    """The hospitals on which the acting staff member holds an object permission
    ("administer_hospital", "audit_hospital").
    """
    if acting.kind not in ("staff", administrator_tokens.KIND):
        return []
    if acting.alliance_wide:
        return list(Hospital.objects.all())
    user = Staff.objects.select_related("user").get(pk=int(acting.id)).user
    return list(
        get_objects_for_user(
            user, f"alliance.{permission}", klass=Hospital, accept_global_perms=False
        )
    )


def check_may_administer(
    acting: Principal, permission: Permission, hospital: Hospital | None = None
) -> None:
    """Raises Forbidden unless the role has the permission, and the hospital, or the one whose
    sandbox it is, is one that the acting one administers. Operators may all.
    """
    if acting.kind == "operator":
        return
    check_permission(acting, permission, "This role does not administer.")
    if hospital is None:
        if not acting.alliance_wide:
            raise Forbidden("object", "Only an administrator of the whole alliance may do this.")
    elif (hospital.sandbox_of_id or hospital.pk) not in {
        h.pk for h in hospitals_with_permission(acting, "administer_hospital")
    }:
        raise Forbidden("object", "You do not administer this hospital.")


def check_may_manage_staff(acting: Principal, staff: Staff) -> None:
    """Raises Forbidden unless the acting one administers this person's hospital, and the whole
    alliance where the person works for it.
    """
    check_may_administer(
        acting, Permission.STAFF_MANAGE, None if staff.alliance_wide else staff.hospital
    )


def is_oneself(acting: Principal, staff: Staff) -> bool:
    """Whether the acting one is this person, or acts for them."""
    return acting.kind in ("staff", administrator_tokens.KIND) and acting.id == str(staff.pk)


def check_two_administrators(
    acting: Principal, proposer: Principal | None, permission: Permission
) -> None:
    """Raises Forbidden unless two different administrators of the whole alliance stand behind an
    act that opens something, both as employed now. The operator of the server alone may
    (docs/adr/0030).
    """
    if acting.kind == "operator":
        return
    check_in_person(acting)
    if proposer is None or proposer.id == acting.id:
        raise Forbidden(
            "second",
            "This needs two administrators of the alliance: one proposes it, another agrees.",
        )
    for one in (acting, renew_principal(proposer)):
        check_may_administer(one, permission)


def check_in_person(acting: Principal) -> None:
    """Raises Forbidden for a client that acts for somebody: what is vouched for or agreed to takes
    the person, signed in with both factors (docs/adr/0052).
    """
    if acting.kind == administrator_tokens.KIND:
        raise Forbidden(
            "in_person",
            "This takes the person, signed in with both factors: an administrator's client may"
            " propose and refuse, and neither agrees nor vouches.",
        )


def renew_principal(acting: Principal) -> Principal:
    """The acting one as employed now. Raises Forbidden where the employment, the hospital or what
    acts for them has ended since the request began.
    """
    if acting.kind == administrator_tokens.KIND:
        return renew_administrator_client(acting)
    if acting.kind != "staff":
        return acting
    staff = Staff.objects.select_related("hospital").get(pk=int(acting.id))
    if not (staff.active and staff.hospital.active):
        raise Forbidden(
            "ended", "Your employment has ended, or your hospital does not take part at present."
        )
    return principal_from_staff(
        staff,
        purpose=acting.purpose,
        address=acting.address,
        request_id=acting.request_id,
        proviso=acting.proviso,
    )


def renew_administrator_client(acting: Principal) -> Principal:
    state = administrator_tokens.fetch_client_state(acting.client)
    if state is None or state.end:
        end = state.end if state else "revoked"
        raise Forbidden(end, administrator_tokens.END_MESSAGES[end])
    return administrator_tokens.administrator_client_principal(
        Staff.objects.select_related("hospital").get(pk=state.staff_id),
        acting.client,
        acting.administration,
        address=acting.address,
        request_id=acting.request_id,
    )


def administrative_transaction(
    code: EventCode,
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Make a verb `do_…(thing, …, *, acting)` one transaction of administration: no other runs
    beside it, the acting one is taken as employed now, and a refusal leaves a line in the audit log
    as what was asked does.
    """

    def decorate(verb: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @wraps(verb)
        def wrapped(*things: Arguments.args, **values: Arguments.kwargs) -> Result:
            acting: Principal = values["acting"]  # type: ignore[assignment]  # by name, as every verb of administration takes it
            try:
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADMINISTRATION_LOCK])
                    values["acting"] = renew_principal(acting)
                    return verb(*things, **values)
            except Forbidden as refusal:
                append_event(
                    AuditEvent.from_principal(
                        acting,
                        code,
                        outcome=AuditOutcome.REFUSED,
                        reason=refusal.code,
                        target=audit_target_of(*things),
                    )
                )
                refusal.written = True
                raise

        return wrapped

    return decorate


def audit_target_of(*things: Any) -> str:
    """What an audit line calls the first of these: "staff/7", "hospital/donghu",
    "client/donghu-1a2b3c4d", "administrator-client/admin_1a2b3c4d"; "" for nothing.
    """
    match things:
        case (Staff() as staff, *_):
            return f"staff/{staff.pk}"
        case (Hospital() as hospital, *_):
            return f"hospital/{hospital.code}"
        case (Client() as client, *_):
            return f"client/{client.client_id}"
        case (AdministratorClient() as client, *_):
            return f"administrator-client/{client.client_id}"
        case (EnrolmentCode() as code, *_):
            return f"enrolment/{code.pk}"
        case (Proposal() as proposal, *_):
            return f"proposal/{proposal.pk}"
        case (Appointment() as appointment, *_):
            return f"staff/{appointment.staff_id}"
    return ""
