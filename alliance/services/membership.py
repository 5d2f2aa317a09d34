"""Admit, change, suspend and resume a member hospital; a suspension counts with the next
request. One administrator closes; that a member takes part again, two decide.
"""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.models import AccessToken, Hospital, Proposal
from alliance.models.hospital import RESERVED_CODES, SANDBOX_ENDING
from alliance.roles import Permission
from alliance.services.administrator_client_ends import end_administrator_clients
from alliance.services.authority import (
    administrative_transaction,
    check_may_administer,
    check_two_administrators,
)
from alliance.services.credit_code import is_valid_credit_code
from alliance.services.office import guarded_offices
from alliance.services.proposals import ProposalAct, make_proposal
from alliance.services.sandboxes import mirror_rules
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

CODED = (
    "tier",
    "credit_code",
    "admitted_on",
    "leaves_on",
    "enforces_references",
    "requires_version",
)  # the log gives old and new value
DAYS = ("admitted_on", "leaves_on")
WORDS = ("name_zh", "name_en")  # the log names them alone


@administrative_transaction(EventCode.HOSPITAL_ADMIT)
def do_admit_hospital(*, acting: Principal, **values: Any) -> Hospital:
    """Raises ValidationError for a bad or reserved code."""
    check_may_administer(acting, Permission.HOSPITAL_MANAGE)
    hospital = Hospital(**values)
    if hospital.code in RESERVED_CODES or hospital.code.endswith(SANDBOX_ENDING):
        raise ValidationError({"code": _("This code is reserved: choose another.")})
    check_hospital(hospital)
    hospital.save()
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.HOSPITAL_ADMIT, target=f"hospital/{hospital.code}"
        )
    )
    return hospital


@administrative_transaction(EventCode.HOSPITAL_CHANGE)
def do_change_hospital(hospital: Hospital, *, acting: Principal, **values: Any) -> Proposal | None:
    """Set some of CODED and WORDS; days by which a member takes part that does not today, and a
    credit code, by which other hospitals' referrals and consents name it, wait for another
    administrator, as the returned proposal. Raises ValidationError by field, and Forbidden where
    one's own hospital would not take part today, or an office falls vacant.
    """
    check_may_administer(acting, Permission.HOSPITAL_MANAGE)
    hospital = Hospital.objects.get(pk=hospital.pk)
    before = {f: getattr(hospital, f) for f in (*CODED, *WORDS)}
    returns = (
        would_take_part_again(
            hospital,
            values.get("admitted_on", hospital.admitted_on),
            values.get("leaves_on", hospital.leaves_on),
        )
        and acting.kind != "operator"
    )
    for field in before.keys() & values.keys():
        setattr(hospital, field, values[field])
    check_hospital(hospital, credit_code=before["credit_code"])
    proposal = None
    if hospital.credit_code not in ("", before["credit_code"]) and acting.kind != "operator":
        proposal = make_proposal(
            "credit-code",
            f"hospital/{hospital.code}",
            {"hospital": hospital.code, "credit_code": hospital.credit_code},
            reason="",
            acting=acting,
        )
        hospital.credit_code = before["credit_code"]
    if returns:
        days = {f: str(getattr(hospital, f) or "") for f in DAYS}
        proposal = make_proposal(
            "readmit",
            f"hospital/{hospital.code}",
            {"hospital": hospital.code, **days},
            reason="",
            acting=acting,
        )
        for field in DAYS:
            setattr(hospital, field, before[field])
    changed = [f for f in before if before[f] != getattr(hospital, f)]
    if not changed:
        return proposal
    if hospital.pk == acting.hospital_id and not hospital.active:
        raise Forbidden(
            "own",
            "Your own hospital must take part: an administrator at another hospital changes this.",
        )
    with guarded_offices(acting):
        hospital.save(update_fields=changed)
    mirror_rules(hospital)
    told = [
        f"{f} {before[f] or '-'}>{getattr(hospital, f) or '-'}" if f in CODED else f
        for f in changed
    ]
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.HOSPITAL_CHANGE,
            target=f"hospital/{hospital.code}",
            detail="; ".join(told),
        )
    )
    return proposal


def would_take_part_again(
    hospital: Hospital, admitted_on: dt.date, leaves_on: dt.date | None
) -> bool:
    """Whether by these days a member would take part that does not today. One that has neither
    staff nor systems yet opens nothing.
    """
    today = timezone.localdate()
    same = (admitted_on, leaves_on) == (hospital.admitted_on, hospital.leaves_on)
    now = hospital.admitted_on <= today and (
        hospital.leaves_on is None or today <= hospital.leaves_on
    )
    later = leaves_on is None or leaves_on >= today
    return not same and not now and later and (hospital.staff.exists() or hospital.clients.exists())


@administrative_transaction(EventCode.HOSPITAL_CHANGE)
def do_readmit_hospital(
    hospital: Hospital,
    *,
    admitted_on: dt.date,
    leaves_on: dt.date | None,
    acting: Principal,
    proposer: Principal | None = None,
) -> None:
    """It takes part from and until these days. Raises Forbidden unless two administrators stand
    behind it.
    """
    check_two_administrators(acting, proposer, Permission.HOSPITAL_MANAGE)
    hospital = Hospital.objects.get(pk=hospital.pk)
    hospital.admitted_on, hospital.leaves_on = admitted_on, leaves_on
    check_hospital(hospital, credit_code=hospital.credit_code)
    with guarded_offices(acting):
        hospital.save(update_fields=list(DAYS))
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.HOSPITAL_CHANGE,
            target=f"hospital/{hospital.code}",
            detail=f"{admitted_on}>{leaves_on or '-'}",
        )
    )


@administrative_transaction(EventCode.HOSPITAL_CHANGE)
def do_set_credit_code(
    hospital: Hospital, *, credit_code: str, acting: Principal, proposer: Principal | None = None
) -> None:
    """Referrals and consents that name the hospital by this code are about it from now on.
    Raises Forbidden unless two administrators stand behind it, ValidationError where another
    hospital has the code.
    """
    check_two_administrators(acting, proposer, Permission.HOSPITAL_MANAGE)
    hospital = Hospital.objects.get(pk=hospital.pk)
    before, hospital.credit_code = hospital.credit_code, credit_code
    check_hospital(hospital)
    hospital.save(update_fields=["credit_code"])
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.HOSPITAL_CHANGE,
            target=f"hospital/{hospital.code}",
            detail=f"credit_code {before or '-'}>{credit_code}",
        )
    )


@administrative_transaction(EventCode.HOSPITAL_SUSPEND)
def do_suspend_hospital(hospital: Hospital, *, reason: str, acting: Principal) -> None:
    """Its tokens, sessions and shared records stop at once. Raises Forbidden for one's own
    hospital, and where an office falls vacant.
    """
    check_may_administer(acting, Permission.HOSPITAL_MANAGE)
    hospital = Hospital.objects.get(pk=hospital.pk)
    if hospital.pk == acting.hospital_id:
        raise Forbidden(
            "own", "Nobody suspends their own hospital: an administrator at another hospital does."
        )
    if hospital.suspended_at is not None:
        return
    hospital.suspended_at, hospital.suspended_reason = timezone.now(), reason
    with guarded_offices(acting):
        hospital.save(update_fields=["suspended_at", "suspended_reason"])
    AccessToken.objects.filter(
        Q(client__hospital=hospital) | Q(client__hospital__sandbox_of=hospital)
    ).delete()
    end_administrator_clients(hospital, reason=reason, acting=acting)
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.HOSPITAL_SUSPEND, target=f"hospital/{hospital.code}", detail=reason
        )
    )


@administrative_transaction(EventCode.PROPOSAL_MAKE)
def do_propose_resume(hospital: Hospital, *, reason: str, acting: Principal) -> Proposal:
    """That a suspended hospital takes part again, once another administrator agrees."""
    check_may_administer(acting, Permission.HOSPITAL_MANAGE)
    hospital = Hospital.objects.get(pk=hospital.pk)
    if hospital.suspended_at is None:
        raise AlreadyDone("resumed", "This hospital is not suspended. Nothing was changed.")
    return make_proposal(
        "resume",
        f"hospital/{hospital.code}",
        {"hospital": hospital.code},
        reason=reason,
        acting=acting,
    )


@administrative_transaction(EventCode.HOSPITAL_RESUME)
def do_resume_hospital(
    hospital: Hospital, *, acting: Principal, proposer: Principal | None = None
) -> None:
    """It takes part again. Raises Forbidden unless two administrators stand behind it."""
    check_two_administrators(acting, proposer, Permission.HOSPITAL_MANAGE)
    hospital = Hospital.objects.get(pk=hospital.pk)
    if hospital.suspended_at is None:
        return
    hospital.suspended_at, hospital.suspended_reason = None, ""
    hospital.save(update_fields=["suspended_at", "suspended_reason"])
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.HOSPITAL_RESUME, target=f"hospital/{hospital.code}"
        )
    )


def describe_resume(values: dict[str, Any]) -> list[str]:
    hospital = Hospital.objects.get(code=values["hospital"])
    since = hospital.suspended_at.date().isoformat() if hospital.suspended_at else "–"
    return [
        _("%(name)s takes part again. It is suspended since %(day)s: %(reason)s")
        % {
            "name": hospital.name,
            "day": since,
            "reason": hospital.suspended_reason,
        },
        *describe_reopening(),
    ]


def describe_readmit(values: dict[str, Any]) -> list[str]:
    days = {
        "name": Hospital.objects.get(code=values["hospital"]).name,
        "first": values["admitted_on"],
        "last": values["leaves_on"] or "…",
    }
    return [
        _("%(name)s takes part again, from %(first)s to %(last)s.") % days,
        *describe_reopening(),
    ]


def describe_credit_code(values: dict[str, Any]) -> list[str]:
    hospital = Hospital.objects.get(code=values["hospital"])
    said = {
        "name": hospital.name,
        "code": values["credit_code"],
        "before": hospital.credit_code or "–",
    }
    return [
        _("The unified social credit code of %(name)s is %(code)s (until now: %(before)s).") % said,
        _(
            "Referrals and patients' decisions that name a hospital by this code are about %(name)s"
            " from now on."
        )
        % said,
    ]


def describe_reopening() -> list[str]:
    return [
        _("Its staff can sign in, and its systems get tokens."),
        _("Its records are shared again, as the patients have decided."),
    ]


RESUME_ACT = ProposalAct(
    gettext_lazy("A suspended hospital takes part again"),
    describe_resume,
    lambda values, acting, proposer: do_resume_hospital(
        Hospital.objects.get(code=values["hospital"]), acting=acting, proposer=proposer
    ),
)
CREDIT_CODE_ACT = ProposalAct(
    gettext_lazy("The credit code by which others name a hospital"),
    describe_credit_code,
    lambda values, acting, proposer: do_set_credit_code(
        Hospital.objects.get(code=values["hospital"]),
        credit_code=values["credit_code"],
        acting=acting,
        proposer=proposer,
    ),
)
READMIT_ACT = ProposalAct(
    gettext_lazy("A former member takes part again"),
    describe_readmit,
    lambda values, acting, proposer: do_readmit_hospital(
        Hospital.objects.get(code=values["hospital"]),
        admitted_on=dt.date.fromisoformat(values["admitted_on"]),
        leaves_on=dt.date.fromisoformat(values["leaves_on"]) if values["leaves_on"] else None,
        acting=acting,
        proposer=proposer,
    ),
)


def check_hospital(hospital: Hospital, *, credit_code: str = "") -> None:
    """Raises ValidationError by field. credit_code: the one that stands already."""
    hospital.full_clean()
    if hospital.credit_code not in ("", credit_code) and not is_valid_credit_code(
        hospital.credit_code
    ):
        raise ValidationError(
            {
                "credit_code": _(
                    "This is no unified social credit code: eighteen digits and capital letters, of"
                    " which the last one checks the others. Others name the hospital by it: copy it"
                    " from the certificate, or leave it out."
                )
            }
        )
    if (
        hospital.credit_code
        and Hospital.objects.filter(credit_code=hospital.credit_code)
        .exclude(pk=hospital.pk)
        .exists()
    ):
        raise ValidationError({"credit_code": _("Another hospital has this code.")})
    if hospital.leaves_on is not None and hospital.leaves_on < hospital.admitted_on:
        raise ValidationError({"leaves_on": _("The last day lies before the first day.")})
