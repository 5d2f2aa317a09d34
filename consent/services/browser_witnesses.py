"""Offer, accept and end the key by which a browser of a member's staff witnesses the log
(docs/adr/0081). A key opens nothing; what it says is evidence, so an administrator stands behind
it.
"""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import Hospital
from alliance.roles import Permission, Role
from alliance.services.authority import (
    administrative_transaction,
    check_in_person,
    check_may_administer,
    hospitals_with_permission,
)
from consent.audit.append import append_event
from consent.audit.browser_witnesses import (
    BrowserWitness,
    list_browser_witnesses,
    note_accepted,
    note_ended,
    offer_witness_key,
)
from consent.audit.event import AuditEvent, EventCode

MOST_WAITING = 20  # of a hospital


def hospitals_witnessed(acting: Principal) -> list[Hospital]:
    """For which the acting one may watch the log: an auditor's, or an administrator's."""
    right = "audit_hospital" if acting.role == Role.AUDITOR else "administer_hospital"
    return [h for h in hospitals_with_permission(acting, right) if h.sandbox_of_id is None]


def check_may_witness(acting: Principal, hospital: Hospital) -> None:
    """Raises Forbidden."""
    check_permission(acting, Permission.LOG_WITNESS, "This role does not watch the log.")
    if hospital.pk not in {h.pk for h in hospitals_witnessed(acting)}:
        raise Forbidden("object", "You do not watch the log for this hospital.")


@administrative_transaction(EventCode.WITNESS_OFFER)
def do_offer_witness(hospital: Hospital, *, name: str, key: bytes, acting: Principal) -> str:
    """Its code. Raises Forbidden, ValidationError."""
    check_may_witness(acting, hospital)
    known = list_browser_witnesses([hospital.pk])
    if sum(w.accepted_at is None and w.ended_at is None for w in known) >= MOST_WAITING:
        raise ValidationError(_("Too many browsers wait to be accepted already."))
    code = offer_witness_key(hospital.pk, hospital.code, name.strip(), key, int(acting.id))
    if not code:
        raise ValidationError(_("This browser's key was offered before."))
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.WITNESS_OFFER,
            target=f"witness/{code}",
            detail=f"{hospital.code} · {key.hex()}",
        )
    )
    return code


@administrative_transaction(EventCode.WITNESS_ACCEPT)
def do_accept_witness(hospital: Hospital, *, witness: BrowserWitness, acting: Principal) -> None:
    """From now on its co-signatures count. Raises Forbidden."""
    check_in_person(acting)
    check_may_administer(acting, Permission.CLIENT_MANAGE, hospital)
    if note_accepted(witness.code, int(acting.id)):
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.WITNESS_ACCEPT,
                target=f"witness/{witness.code}",
                detail=f"{hospital.code} · {witness.key.hex()}",
            )
        )


@administrative_transaction(EventCode.WITNESS_END)
def do_end_witness(hospital: Hospital, *, witness: BrowserWitness, acting: Principal) -> None:
    """Its co-signatures stay; it makes none any more. Raises Forbidden."""
    check_may_administer(acting, Permission.CLIENT_MANAGE, hospital)
    if note_ended(witness.code, int(acting.id)):
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.WITNESS_END,
                target=f"witness/{witness.code}",
                detail=hospital.code,
            )
        )
