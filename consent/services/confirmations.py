"""Record, list and end confirmations and refusals of what hospitals say (docs/adr/0030). Who counts
how far is the table of consent/strength.py.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal, Purpose, act_for_hospital, hospitals_served
from alliance.models import Hospital
from alliance.roles import Role
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import Confirmation, Directive
from consent.services.directives import home_person_ids
from consent.services.registration_locks import lock_all_registrations, lock_registrations
from consent.strength import (
    PROVISIONAL_LIFETIME,
    Asserter,
    Strength,
    Voice,
    determine_voice,
)
from consent.terms import Source

CONFIRMATION_RENEWAL = dt.timedelta(
    hours=12
)  # with less left of a provisional confirmation, it may be given anew
Subject, Verdict = Confirmation.Subject, Confirmation.Verdict
VERDICT_BY_STRENGTH = {Strength.FULL: Verdict.FULL, Strength.PROVISIONAL: Verdict.PROVISIONAL}
CONFIRM_EVENTS = {
    Subject.TIE: EventCode.TIE_CONFIRM,
    Subject.DIRECTIVE: EventCode.CONSENT_CONFIRM,
    Subject.WITHDRAWAL: EventCode.WITHDRAWAL_CONFIRM,
    Subject.INTAKE: EventCode.INTAKE_CONFIRM,
}
REFUSE_EVENTS = {
    Subject.TIE: EventCode.TIE_REFUSE,
    Subject.DIRECTIVE: EventCode.CONSENT_REFUSE,
    Subject.WITHDRAWAL: EventCode.WITHDRAWAL_REFUSE,
}


def check_evidence(evidence: str) -> str:
    """Raises ValueError where nobody says what was compared."""
    if len(evidence.strip()) < 2:
        raise ValueError("say what was compared")
    return evidence.strip()[:200]


def record_confirmation(
    acting: Principal,
    subject: str,
    verdict: str,
    who: Voice | str,
    *,
    hospital_id: int,
    evidence: str,
    person: UUID | None = None,
    sources: tuple[Source, ...] = (),
    directive: Directive | None = None,
    asserters: Sequence[Asserter] = (),
) -> Confirmation:
    """sources: the registrations that were seen by who says so; a tie covers these."""
    staff, now = (
        int(acting.id) if acting.kind == "staff" else None,
        lock_registrations(sources) if subject != Subject.INTAKE else lock_all_registrations(),
    )
    made = Confirmation.objects.create(
        subject=subject,
        verdict=verdict,
        voice=str(who),
        person=person,
        covers=[s.id for s in sources] if subject == Subject.TIE else [],
        hospital_id=hospital_id,
        directive=directive,
        evidence=check_evidence(evidence),
        asserted_by_id=next((a.staff for a in asserters), None),
        staff_id=staff,
        acted_at_id=acting.hospital_id if staff else None,
        at=now,
        until=now + PROVISIONAL_LIFETIME if verdict == Verdict.PROVISIONAL else None,
    )
    code = (REFUSE_EVENTS if verdict == Verdict.REFUSED else CONFIRM_EVENTS)[Subject(subject)]
    target = f"directive/{directive.pk}" if directive else f"confirmation/{made.pk}"
    append_event(
        AuditEvent.from_principal(
            acting,
            code,
            person=person,
            target=target,
            detail=f"{verdict}@{Hospital.objects.get(pk=hospital_id).code}",
            purpose=Purpose.PATIENT.value,
        )
    )
    return made


def is_refused(
    subject: str,
    person: UUID,
    sources: tuple[Source, ...],
    hospital_id: int,
    directive: Directive | None = None,
) -> bool:
    """Whether a refusal stands after which nobody has confirmed fully."""
    last = find_last_full_word(subject, person, sources, hospital_id, directive)
    return last is not None and last.verdict == Verdict.REFUSED


def find_last_full_word(
    subject: str,
    person: UUID,
    sources: tuple[Source, ...],
    hospital_id: int,
    directive: Directive | None = None,
) -> Confirmation | None:
    """The newest refusal or full confirmation that stands."""
    others = [
        s.id for s in sources if s.hospital_id != hospital_id
    ]  # whose registrations it keeps closed, wherever they are now
    about = (
        Q(directive=directive)
        if directive
        else Q(hospital_id=hospital_id)
        & (
            Q(person__in=home_person_ids(person, sources))
            | Q(verdict=Verdict.REFUSED, covers__overlap=others)
        )
    )
    return (
        Confirmation.objects.filter(about, subject=subject, ended_at=None)
        .exclude(verdict=Verdict.PROVISIONAL)
        .select_related("staff", "acted_at")
        .order_by("-pk")
        .first()
    )


@transaction.atomic
def do_end_confirmation(confirmation_id: int, *, reason: str, acting: Principal) -> Confirmation:
    """It no longer counts: who gave it takes it back, or a privacy officer. A refusal is ended
    only by the alliance's. Raises Confirmation.DoesNotExist, Forbidden, AlreadyDone.
    """
    made = Confirmation.objects.select_for_update().get(pk=confirmation_id)
    own = (
        acting.kind == "staff"
        and made.staff_id == int(acting.id)
        and made.verdict != Verdict.REFUSED
    )
    officer = (
        acting.kind == "staff"
        and acting.active
        and acting.vouched
        and acting.role == Role.PRIVACY
        and (
            acting.alliance_wide
            or (made.hospital_id in hospitals_served(acting) and made.verdict != Verdict.REFUSED)
        )
    )
    if not (own or officer) or made.subject == Subject.WITHDRAWAL:
        raise Forbidden(
            "role",
            "Only who gave a confirmation or a privacy officer ends it; the end of a refusal is not"
            " taken back: record the refusal anew.",
        )
    if made.ended_at is not None:
        raise AlreadyDone("confirmation", "This has ended already. Nothing was changed.")
    made.ended_at, made.ended_by_id, made.ended_reason = (
        timezone.now(),
        int(acting.id),
        check_evidence(reason),
    )
    made.save(update_fields=["ended_at", "ended_by", "ended_reason"])
    append_event(
        AuditEvent.from_principal(
            acting if own else act_for_hospital(acting, made.hospital_id),
            EventCode.CONFIRMATION_END,
            person=made.person,
            target=f"confirmation/{made.pk}",
            purpose=Purpose.PATIENT.value,
        )
    )
    return made


@transaction.atomic
def do_confirm_intake(hospital_id: int, *, evidence: str, acting: Principal) -> Confirmation:
    """All registrations that the hospital has now are whom they say, and are its patients: a new
    member's first load has no traces yet. Only the alliance's privacy officer; single ones are
    refused beside it.
    """
    if (
        determine_voice(replace(acting, hospital_id=0), hospital_id, (), knows=False)
        is not Voice.OFFICER
    ):
        raise Forbidden(
            "role", "Only the alliance's privacy officer confirms all registrations of a hospital."
        )
    return record_confirmation(
        acting,
        Subject.INTAKE,
        Verdict.FULL,
        Voice.OFFICER,
        hospital_id=hospital_id,
        evidence=evidence,
    )


def list_open_confirmations(person: UUID, sources: tuple[Source, ...]) -> list[Confirmation]:
    """What was said about the patient's ties and decisions and has not ended, the newest first."""
    return list(
        Confirmation.objects.filter(
            Q(person__in={person, *home_person_ids(person, sources)}), ended_at=None
        )
        .select_related("hospital", "staff__hospital", "asserted_by", "acted_at")
        .order_by("-pk")
    )
