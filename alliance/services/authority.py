"""Who may administer what: an alliance-wide administrator everything, another one the hospitals granted to them (django-guardian)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import connection, transaction
from guardian.shortcuts import get_objects_for_user

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, principal_of_staff
from alliance.auth.role_check import must_hold
from alliance.models import Client, Hospital, Proposal, Staff
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode, Outcome

LOCK = 0x58494E4C  # "XINL": one change of members, staff or systems at a time
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def hospitals_for(acting: Principal, permission: str) -> list[Hospital]:
    """The hospitals on which the acting staff member holds an object permission ("administer_hospital", "audit_hospital")."""
    if acting.kind != "staff":
        return []
    if acting.alliance_wide:
        return list(Hospital.objects.all())
    user = Staff.objects.select_related("user").get(pk=int(acting.id)).user
    return list(get_objects_for_user(user, f"alliance.{permission}", klass=Hospital, accept_global_perms=False))


def must(acting: Principal, permission: Permission, hospital: Hospital | None = None) -> None:
    """Raises Forbidden unless the role has the permission, and the hospital is one that the acting one administers. Operators may all."""
    if acting.kind == "operator":
        return
    must_hold(acting, permission, "This role does not administer.")
    if hospital is None:
        if not acting.alliance_wide:
            raise Forbidden("object", "Only an administrator of the whole alliance may do this.")
    elif hospital.pk not in {h.pk for h in hospitals_for(acting, "administer_hospital")}:
        raise Forbidden("object", "You do not administer this hospital.")


def must_manage(acting: Principal, staff: Staff) -> None:
    """Raises Forbidden unless the acting one administers this person's hospital, and the whole alliance where the person works for it."""
    must(acting, Permission.STAFF_MANAGE, None if staff.alliance_wide else staff.hospital)


def must_two(acting: Principal, proposer: Principal | None, permission: Permission) -> None:
    """Raises Forbidden unless two different administrators of the whole alliance stand behind an act that opens something, both as employed now. The
    operator of the server alone may (docs/adr/0030)."""
    if acting.kind == "operator":
        return
    if proposer is None or proposer.id == acting.id:
        raise Forbidden("second", "This needs two administrators of the alliance: one proposes it, another agrees.")
    for one in (acting, renew(proposer)):
        must(one, permission)


def renew(acting: Principal) -> Principal:
    """The acting one as employed now. Raises Forbidden where the employment or the hospital has ended since the request began."""
    if acting.kind != "staff":
        return acting
    staff = Staff.objects.select_related("hospital").get(pk=int(acting.id))
    if not (staff.active and staff.hospital.active):
        raise Forbidden("ended", "Your employment has ended, or your hospital does not take part at present.")
    return principal_of_staff(staff, purpose=acting.purpose, address=acting.address, request_id=acting.request_id, proviso=acting.proviso)


def administrative(code: EventCode) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Make a verb `do_…(thing, …, *, acting)` one transaction of administration: no other runs beside it, the acting one is taken as employed now,
    and a refusal leaves a line in the audit log as what was asked does."""

    def decorate(verb: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @wraps(verb)
        def wrapped(*things: Arguments.args, **values: Arguments.kwargs) -> Result:
            acting: Principal = values["acting"]  # type: ignore[assignment]  # by name, as every verb of administration takes it
            try:
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
                    values["acting"] = renew(acting)
                    return verb(*things, **values)
            except Forbidden as refusal:
                append(Event.of(acting, code, outcome=Outcome.REFUSED, reason=refusal.code, target=target_of(*things)))
                refusal.written = True
                raise

        return wrapped

    return decorate


def target_of(*things: Any) -> str:
    """What an audit line calls the first of these: "staff/7", "hospital/donghu", "client/donghu-1a2b3c4d"; "" for nothing."""
    match things:
        case (Staff() as staff, *_):
            return f"staff/{staff.pk}"
        case (Hospital() as hospital, *_):
            return f"hospital/{hospital.code}"
        case (Client() as client, *_):
            return f"client/{client.client_id}"
        case (Proposal() as proposal, *_):
            return f"proposal/{proposal.pk}"
    return ""
