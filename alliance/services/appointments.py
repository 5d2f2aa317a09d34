"""Appoint a hospital's privacy officer for a further hospital, until a day, and end it. One
administrator of the alliance proposes it, another agrees; one alone ends it (docs/adr/0051).
"""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from guardian.shortcuts import assign_perm

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.models import Appointment, Hospital, Proposal, Staff
from alliance.models.appointment import PROTECT_PRIVACY
from alliance.roles import Permission
from alliance.services.appointment_eligibility import (
    check_appointment,
    check_not_oneself,
    load_appointee,
)
from alliance.services.authority import (
    administrative_transaction,
    check_may_administer,
    check_two_administrators,
)
from alliance.services.object_permissions import set_object_permissions
from alliance.services.proposals import ProposalAct, make_proposal
from alliance.services.staffing import account_renamed, post_left
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode


@administrative_transaction(EventCode.PROPOSAL_MAKE)
def do_propose_appointment(
    staff: Staff,
    *,
    hospital: Hospital,
    starts_on: dt.date,
    ends_on: dt.date,
    reason: str,
    acting: Principal,
) -> Proposal:
    """Let it wait that this person serves for the hospital too. Raises Forbidden, AlreadyDone, and
    ValidationError by field, as the appointment itself would.
    """
    check_may_administer(acting, Permission.STAFF_MANAGE)
    staff = load_appointee(staff)
    check_not_oneself(staff, acting)
    check_appointment(staff, hospital, starts_on, ends_on)
    if len(reason.strip()) < 2:
        raise ValidationError({"reason": _("Say why: the other administrator decides by it.")})
    return make_proposal(
        "appointment",
        f"staff/{staff.pk}",
        {
            "staff": staff.pk,
            "employer": staff.hospital.code,
            "hospital": hospital.code,
            "starts_on": starts_on.isoformat(),
            "ends_on": ends_on.isoformat(),
            "reason": reason.strip(),
        },
        reason=reason.strip(),
        acting=acting,
    )


@administrative_transaction(EventCode.APPOINTMENT_GIVE)
def do_appoint_officer(
    staff: Staff,
    *,
    hospital: Hospital,
    employer: str,
    starts_on: dt.date,
    ends_on: dt.date,
    reason: str,
    acting: Principal,
    proposer: Principal | None = None,
) -> Appointment:
    """The officer serves for the hospital from and until these days. employer: code of the hospital
    where they worked when it was proposed. Raises Forbidden unless two administrators stand behind
    it, neither of whom is this person, and as things are now.
    """
    check_two_administrators(acting, proposer, Permission.STAFF_MANAGE)
    staff = load_appointee(staff)
    check_not_oneself(staff, acting, *([proposer] if proposer else []))
    if staff.hospital.code != employer:
        raise Forbidden("changed", "The employment has been changed meanwhile: propose it anew.")
    check_appointment(staff, hospital, starts_on, ends_on)
    made = Appointment.objects.create(
        staff=staff,
        employer=staff.hospital,
        hospital=hospital,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        proposed_by_id=int(proposer.id) if proposer else None,
        agreed_by_id=int(acting.id) if acting.kind == "staff" else None,
        agreed_at=timezone.now(),
    )
    assign_perm(PROTECT_PRIVACY, staff.user, hospital)
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.APPOINTMENT_GIVE,
            target=f"staff/{staff.pk}",
            detail=f"privacy@{hospital.code} · {starts_on}–{ends_on} · {reason}",
        )
    )
    return made


@administrative_transaction(EventCode.APPOINTMENT_END)
def do_end_appointment(appointment: Appointment, *, reason: str, acting: Principal) -> None:
    """It counts no more, from the officer's next request on. An administrator of the alliance does
    it, or one of the hospital that is served. Raises Forbidden, AlreadyDone.
    """
    appointment = (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("staff__user", "staff__hospital", "hospital")
        .get(pk=appointment.pk)
    )
    check_may_administer(acting, Permission.STAFF_MANAGE, appointment.hospital)
    if appointment.over:
        raise AlreadyDone("ended", "This appointment is over already. Nothing was changed.")
    end_appointment(appointment, reason=reason, acting=acting)
    set_object_permissions(appointment.staff)


@receiver([post_left, account_renamed])
def end_appointments_of_post(sender: Any, staff: Staff, acting: Principal, **kwargs: Any) -> None:
    """An appointment ends with the post from which the officer was appointed, and where the account
    says another name, for somebody was appointed and not an account: it does not come back with
    them.
    """
    ended = list(
        Appointment.objects.not_over()
        .filter(staff=staff)
        .select_related("hospital")
        .select_for_update(of=("self",))
    )
    for appointment in ended:
        end_appointment(appointment, reason=f"staff/{staff.pk}", acting=acting)
    if ended:
        set_object_permissions(staff)


def end_appointment(appointment: Appointment, *, reason: str, acting: Principal) -> None:
    appointment.ended_at, appointment.ended_reason = timezone.now(), reason
    appointment.ended_by_id = int(acting.id) if acting.kind == "staff" else None
    appointment.save(update_fields=["ended_at", "ended_by", "ended_reason"])
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.APPOINTMENT_END,
            target=f"staff/{appointment.staff_id}",
            detail=f"privacy@{appointment.hospital.code} · {reason}",
        )
    )


def describe_appointment(values: dict[str, Any]) -> list[str]:
    staff = Staff.objects.select_related("hospital", "user").get(pk=values["staff"])
    hospital = Hospital.objects.get(code=values["hospital"])
    return [
        _(
            "%(name)s (%(user)s), privacy officer of %(employer)s, serves for %(hospital)s too,"
            " from %(first)s to %(last)s."
        )
        % {
            "name": staff.name,
            "user": staff.user.username,
            "employer": staff.hospital.name,
            "hospital": hospital.name,
            "first": values["starts_on"],
            "last": values["ends_on"],
        },
        _(
            "They review its emergency accesses, seal its records and ask that its seals are"
            " opened, refuse what it says of its patients, and see what its own officer would. No"
            " record opens by it, and they count as a person of both hospitals."
        ),
    ]


APPOINTMENT_ACT = ProposalAct(
    gettext_lazy("A privacy officer serves for a further hospital"),
    describe_appointment,
    lambda values, acting, proposer: do_appoint_officer(
        Staff.objects.get(pk=values["staff"]),
        hospital=Hospital.objects.get(code=values["hospital"]),
        employer=values["employer"],
        starts_on=dt.date.fromisoformat(values["starts_on"]),
        ends_on=dt.date.fromisoformat(values["ends_on"]),
        reason=values["reason"],
        acting=acting,
        proposer=proposer,
    ),
)
