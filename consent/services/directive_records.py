"""Record and verify a patient's directives; effective with the next statement that asks the
gate.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.services.advisory_locks import take_advisory_locks
from consent.audit.event import EventCode
from consent.models import Confirmation, Directive
from consent.provision import has_denial, parse_consent
from consent.services.directive_circumstances import build_circumstances, strip_circumstances
from consent.services.directive_withdrawals import REPLACED_REASON, withdraw_directive
from consent.services.directives import (
    append_directive_event,
    check_may_record_consent,
    home_person_ids,
    query_directives,
)
from consent.services.registration_locks import lock_registrations
from consent.services.ties import is_tied
from consent.strength import (
    PROVISIONAL_LIFETIME,
    OpeningFact,
    Strength,
    Voice,
    determine_voice,
    look_up_strength,
)
from consent.terms import Source


@transaction.atomic
def do_record_directive(
    person: UUID,
    consent: dict[str, Any],
    *,
    method: str,
    evidence: str,
    sources: tuple[Source, ...],
    acting: Principal,
    template: str = "",
    valid_until: dt.datetime | None = None,
    image: tuple[bytes, str] | None = None,
    guardian: str = "",
    instead: bool = False,
) -> Directive:
    """consent: a FHIR Consent; image: of the signature or of the signed paper, and its type.
    instead: withdraw in the same moment what they decided before.

    Raises AlreadyDone where this very decision stands, and nothing else that it would take the
    place of.
    """
    check_may_record_consent(acting, person, sources)
    take_advisory_locks("directives", home_person_ids(person, sources))
    now = lock_registrations(sources)
    before = list(
        query_directives(person, sources)
        .filter(withdrawn_at=None, person__in=home_person_ids(person, sources))
        .select_for_update()
    )
    same = next(
        (
            d
            for d in before
            if d.verified_at
            and d.valid_until == valid_until
            and (d.valid_until is None or d.valid_until > now)
            and set(d.covers) == {s.id for s in sources}
            and (d.template, d.method, d.evidence, d.guardian, d.image and bytes(d.image))
            == (template, method, evidence, guardian, image and image[0])
            and strip_circumstances(d.resource) == strip_circumstances(consent)
        ),
        None,
    )
    more = same is not None and has_new_patient_word(same, acting, now)
    if same and not more and not (instead and len(before) > 1):
        raise AlreadyDone(
            "decision", "This decision stands already. Nothing was recorded a second time."
        )
    if instead:
        for old in before:
            if old is not same:
                withdraw_directive(
                    old, person, sources, acting, reason=REPLACED_REASON, evidence=evidence
                )
    if same:
        if more:
            confirm_by_acting(same, person, sources, acting, now)
            append_directive_event(acting, EventCode.CONSENT_CONFIRM, same, person)
        return same
    consent = {**consent, **build_circumstances(now, evidence, guardian, image)}
    staff = int(acting.id) if acting.kind == "staff" else None
    directive = Directive.objects.create(
        person=home_person_ids(person, sources)[0],
        covers=[s.id for s in sources],
        resource=consent,
        denies=has_denial(parse_consent(consent, acting.hospital)),
        template=template,
        hospital_id=acting.hospital_id,
        method=method,
        evidence=evidence,
        image=image and image[0],
        image_type=image[1] if image else "",
        guardian=guardian,
        valid_from=now,
        valid_until=valid_until,
        recorded_by_id=staff,
        verified_at=now,
        verified_by_id=staff,
    )
    append_directive_event(
        acting, EventCode.CONSENT_RECORD, directive, person, template or "consent"
    )
    confirm_by_acting(directive, person, sources, acting, now)
    return directive


def has_new_patient_word(directive: Directive, acting: Principal, now: dt.datetime) -> bool:
    """Whether the patient's word stands behind the decision only from now on: what they decided
    by a way in that proved less counts for more now.
    """
    voice = (
        determine_voice(acting, directive.hospital_id, (), knows=False)
        if acting.kind == "patient"
        else None
    )
    said = directive.confirmations.filter(
        Q(until=None) | Q(until__gt=now),
        subject=Confirmation.Subject.DIRECTIVE,
        ended_at=None,
        voice=str(voice),
    ).exclude(verdict=Confirmation.Verdict.REFUSED)
    return voice is not None and not said.exists()


def confirm_by_acting(
    directive: Directive,
    person: UUID,
    sources: tuple[Source, ...],
    acting: Principal,
    now: dt.datetime,
) -> None:
    """What the one who acts says of it by acting: patients stand behind their own decisions, as
    far as their way in proves who they are; for what another hospital's system sent, whoever has
    seen the paper does. Who records for their own hospital alone stands behind nothing.
    """
    voice = determine_voice(
        acting,
        directive.hospital_id,
        (),
        knows=acting.kind == "staff" and is_tied(acting.hospital_id, person, sources),
    )
    if acting.kind == "staff" and voice is not Voice.REGISTRAR:
        return
    strength = look_up_strength(OpeningFact.PERMIT, voice)
    if strength is not Strength.NONE:
        staff = int(acting.id) if acting.kind == "staff" else None
        Confirmation.objects.create(
            subject=Confirmation.Subject.DIRECTIVE,
            verdict="full" if strength is Strength.FULL else "provisional",
            voice=str(voice),
            person=person,
            hospital_id=directive.hospital_id,
            directive=directive,
            evidence=directive.evidence or "access",
            staff_id=staff,
            acted_at_id=acting.hospital_id if staff else None,
            at=now,
            until=now + PROVISIONAL_LIFETIME if strength is Strength.PROVISIONAL else None,
        )


@transaction.atomic
def do_verify_directive(
    directive_id: int,
    person: UUID,
    *,
    evidence: str,
    sources: tuple[Source, ...],
    acting: Principal,
    guardian: str = "",
) -> None:
    """A human has seen the signed paper of a Consent that a system sent: its permits count from
    now on. guardian: who signed it for a child.
    """
    check_may_record_consent(acting, person, sources)
    directive = query_directives(person, sources).select_for_update().get(pk=directive_id)
    if directive.verified_at is None and directive.withdrawn_at is None:
        directive.verified_at, directive.verified_by_id, directive.evidence = (
            lock_registrations(sources),
            int(acting.id),
            evidence,
        )
        directive.guardian, directive.verified_where_id = guardian, acting.hospital_id
        directive.save(
            update_fields=["verified_at", "verified_by", "verified_where", "evidence", "guardian"]
        )
        append_directive_event(acting, EventCode.CONSENT_VERIFY, directive, person)
        confirm_by_acting(directive, person, sources, acting, directive.verified_at)
