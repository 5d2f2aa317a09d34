"""Activate a patient's code: a number that somebody else than who printed it gives after
comparing the card, and the passphrase that the patient sets with it.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal, Purpose
from alliance.roles import Permission
from alliance.services.advisory_locks import take_advisory_locks
from alliance.services.handover import keep_secret
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import AccessActivation, PatientAccess
from consent.services.access_codes import (
    STRENGTH_BY_FACTOR,
    access_code_strength,
    audited_transaction,
    check_not_sealed,
    close_access,
    patient_principal,
    query_codes_of_person,
)
from consent.services.directives import home_person_ids
from consent.services.registration_locks import lock_registrations
from consent.services.ties import is_tied
from consent.strength import Asserter, OpeningFact, Strength, determine_voice, look_up_strength
from consent.terms import Source

NUMBER_DIGITS = 8
NUMBER_LIFETIME = dt.timedelta(days=14)  # for which a number that was given can be used
FACTOR_BY_STRENGTH = {Strength.FULL: "full", Strength.PROVISIONAL: "provisional"}


def hash_activation_number(access_id: int, number: str) -> bytes:
    plain = "".join(c for c in number if c.isdecimal())
    return hmac.new(
        settings.SECRET_KEY.encode(), f"activation {access_id} {plain}".encode(), hashlib.sha256
    ).digest()


def activation_strength(
    acting: Principal, access: PatientAccess, person: UUID, sources: tuple[Source, ...]
) -> Strength:
    """How far a number that this one gives would prove that it is the patient."""
    at = access.printed_at.pk
    knows = is_tied(acting.hospital_id, person, sources)
    return look_up_strength(
        OpeningFact.CODE,
        determine_voice(
            acting, at, [Asserter(access.made_by_id, access.printed_as, at)], knows=knows
        ),
    )


def check_may_activate(
    acting: Principal, access: PatientAccess, person: UUID, sources: tuple[Source, ...]
) -> Strength:
    """How far it would count. Raises Forbidden, which says why no number is given."""
    if acting.kind != "staff" or not acting.may(Permission.CONFIRM):
        raise Forbidden("role", "This role does not activate codes.")
    if not acting.vouched:
        raise Forbidden(
            "vouched",
            "Nobody vouches for this account yet: until a privacy officer or auditor does, it"
            " speaks for no patient.",
        )
    if int(acting.id) == access.made_by_id:
        raise Forbidden(
            "printer", "You printed this code. Its activation number is given by somebody else."
        )
    found = activation_strength(acting, access, person, sources)
    if found is Strength.NONE:
        raise Forbidden(
            "voice",
            "You cannot activate this code. It is done by the record office of another hospital"
            " that is known to treat the patient, by the alliance's privacy officer, or"
            " provisionally by somebody of another role in the hospital that printed it.",
        )
    check_not_sealed(sources)
    if not access.open:
        raise Forbidden("ended", "This code has ended. Print a new one.")
    if found < access_code_strength(access):
        raise Forbidden(
            "weaker",
            "This code is fully activated: a provisional activation would take away from it. For a"
            " passphrase that was forgotten, ask the record office of another hospital of the"
            " patient, or the alliance's privacy officer.",
        )
    return found


def do_activate_access(
    access_id: int, person: UUID, *, compared: str, sources: tuple[Source, ...], acting: Principal
) -> str:
    """The number, eight digits, which the acting one may see for ten minutes. A weaker
    passphrase of before ends at once, an equal one when the number is used.

    Raises PatientAccess.DoesNotExist, Forbidden, and ValueError where nobody says what was
    compared.
    """
    with audited_transaction(acting, EventCode.ACCESS_ACTIVATE, person, f"access/{access_id}"):
        take_advisory_locks("access", home_person_ids(person, sources))
        access = query_codes_of_person(person, sources).get(pk=access_id)
        factor = check_may_activate(acting, access, person, sources)
        if len(compared.strip()) < 2:
            raise ValueError("say what was compared")
        now = lock_registrations(sources)
        for before in access.live:
            if not before.used_at or STRENGTH_BY_FACTOR[before.factor] < factor:
                before.ended_at = now
                before.save(update_fields=["ended_at"])
        number = f"{secrets.randbelow(10**NUMBER_DIGITS):0{NUMBER_DIGITS}d}"
        AccessActivation.objects.create(
            access=access,
            number=hash_activation_number(access.pk, number),
            factor=FACTOR_BY_STRENGTH[factor],
            given_by_id=int(acting.id),
            hospital_id=acting.hospital_id,
            compared=compared.strip()[:200],
            at=now,
            expires_at=now + NUMBER_LIFETIME,
        )
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.ACCESS_ACTIVATE,
                person=person,
                target=f"access/{access.pk}",
                detail=f"{FACTOR_BY_STRENGTH[factor]} activation",
                purpose=Purpose.PATIENT.value,
            )
        )
        shown = f"{number[:4]} {number[4:]}"
        keep_secret(f"activation/{access.pk}", shown, acting=acting)
        return shown


def do_set_passphrase(
    activation_id: int,
    person: UUID,
    *,
    passphrase: str,
    sources: tuple[Source, ...],
    address: str = "",
    request_id: str = "",
) -> PatientAccess:
    """With the number that was given the patient sets their own passphrase; from now on it opens
    the code. What is no better proven ends: passphrases of this code, and other codes. Raises
    AlreadyDone where the number was used or replaced meanwhile.
    """
    acting = patient_principal(
        query_codes_of_person(person, sources).get(activations=activation_id), address, request_id
    )
    with audited_transaction(acting, EventCode.ACCESS_OPEN, person):
        take_advisory_locks("access", home_person_ids(person, sources))
        check_not_sealed(sources)
        access = query_codes_of_person(person, sources).get(activations=activation_id)
        new = access.waiting
        if not access.open or new is None or new.pk != activation_id:
            raise AlreadyDone(
                "used",
                "This activation number was used or replaced meanwhile. Nothing was changed.",
            )
        now = timezone.now()
        access.activations.filter(ended_at=None).exclude(pk=new.pk).update(ended_at=now)
        AccessActivation.objects.filter(pk=new.pk).update(
            passphrase=make_password(passphrase), used_at=now
        )
        access.wrong, access.bare = 0, False
        access.save(update_fields=["wrong", "bare"])
        for other in (
            query_codes_of_person(person, sources).filter(closed_at=None).exclude(pk=access.pk)
        ):
            if access_code_strength(other) <= STRENGTH_BY_FACTOR[new.factor]:
                close_access(other, PatientAccess.Closed.REPLACED, access)
        opened = query_codes_of_person(person, sources).get(pk=access.pk)
        append_event(
            AuditEvent.from_principal(
                patient_principal(opened, address, request_id),
                EventCode.ACCESS_OPEN,
                person=person,
                target=f"access/{access.pk}",
                detail=f"{new.factor} activation",
            )
        )
        return opened
