"""Print a patient's code, tell how far it is, stop it: a hospital that is known to treat the
patient prints it, and what is printed opens nothing alone.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal, Purpose, hospitals_served
from alliance.roles import Permission, Role
from alliance.services.advisory_locks import take_advisory_locks
from alliance.services.handover import keep_secret
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.models import AccessActivation, IncidentSeal, PatientAccess
from consent.services.directives import (
    check_may_record_consent,
    find_officer_of_patient,
    home_person_ids,
)
from consent.services.ties import is_tied
from consent.strength import Strength
from consent.terms import Source

CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that look alike
CODE_LENGTH, CODE_LIFETIME_DAYS = 12, 365
STRENGTH_BY_FACTOR = {
    "": Strength.NONE,
    "provisional": Strength.PROVISIONAL,
    "full": Strength.FULL,
}  # of a Principal


def hash_access_code(code: str) -> bytes:
    plain = "".join(c for c in code.upper() if c in CODE_LETTERS)
    return hmac.new(
        settings.SECRET_KEY.encode(), b"patient access " + plain.encode(), hashlib.sha256
    ).digest()


@contextmanager
def audited_transaction(
    acting: Principal, code: EventCode, person: UUID, target: str = "access"
) -> Iterator[None]:
    """One transaction; a refusal inside is written down when what it refused has been taken
    back.
    """
    try:
        with transaction.atomic():
            yield
    except Forbidden as error:
        append_event(
            AuditEvent.from_principal(
                acting,
                code,
                person=person,
                target=target,
                outcome=AuditOutcome.REFUSED,
                reason=error.code,
                purpose=Purpose.PATIENT.value,
            )
        )
        raise


def check_not_sealed(sources: tuple[Source, ...]) -> None:
    """Raises Forbidden where a registration of the patient is sealed after an incident."""
    if IncidentSeal.objects.filter(
        lifted_at=None, covers__overlap=[s.id for s in sources]
    ).exists():
        raise Forbidden(
            "sealed",
            "A record of this patient is sealed after an incident: no code is printed or activated"
            " until the seal is open.",
        )


def check_may_print_code(acting: Principal, person: UUID, sources: tuple[Source, ...]) -> None:
    """Raises Forbidden, which says why no code is printed."""
    if acting.kind != "staff":
        raise Forbidden("role", "Only staff of a hospital print a code.")
    check_may_record_consent(acting, person, sources)
    check_not_sealed(sources)
    if not is_tied(acting.hospital_id, person, sources):
        raise Forbidden(
            "tie",
            "That your hospital treats this patient is known from your hospital alone. A code is"
            " printed once somebody else has confirmed it: the record office of another hospital of"
            " the patient, the alliance's privacy officer, or an earlier visit of more than 30 days"
            " ago.",
        )


def do_give_access(person: UUID, *, sources: tuple[Source, ...], acting: Principal) -> str:
    """The code, three groups of four letters, for a year; it opens nothing until it is
    activated, and until then leaves earlier ones as they are. The acting one may see it for ten
    minutes.
    """
    with audited_transaction(acting, EventCode.ACCESS_GIVE, person):
        check_may_print_code(acting, person, sources)
        take_advisory_locks("access", home_person_ids(person, sources))
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        home = next(
            (s.home for s in sources if s.hospital_id == acting.hospital_id), person
        )  # of the registration whose card was seen: a split takes it along
        made = PatientAccess.objects.create(
            person=home,
            code=hash_access_code(code),
            made_by_id=int(acting.id),
            hospital_id=acting.hospital_id,
            role=acting.role,
            expires_at=timezone.now() + dt.timedelta(days=CODE_LIFETIME_DAYS),
        )
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.ACCESS_GIVE,
                person=person,
                target=f"access/{made.pk}",
                purpose=Purpose.PATIENT.value,
            )
        )
        shown = "-".join(code[i : i + 4] for i in range(0, CODE_LENGTH, 4))
        keep_secret(f"access/{person}", shown, acting=acting)
        return shown


def query_codes_of_person(person: UUID, sources: tuple[Source, ...]) -> QuerySet[PatientAccess]:
    """All codes of the person, the newest first, with what was given for each."""
    return query_access_codes().filter(person__in=home_person_ids(person, sources)).order_by("-pk")


def query_access_codes() -> QuerySet[PatientAccess]:
    return PatientAccess.objects.select_related(
        "made_by__hospital", "hospital", "closed_for__hospital", "closed_for__made_by__hospital"
    ).prefetch_related("activations__hospital", "activations__given_by")


def query_recent_codes(acting: Principal, since: dt.datetime) -> QuerySet[PatientAccess]:
    """Codes about which something was done since then, of the hospitals that the officer serves or
    of all.
    """
    done = (
        Q(made_at__gte=since)
        | Q(refused_at__gte=since)
        | Q(closed_at__gte=since)
        | Q(
            pk__in=AccessActivation.objects.filter(Q(at__gte=since) | Q(used_at__gte=since)).values(
                "access"
            )
        )
    )
    served = hospitals_served(acting)
    here = (
        Q()
        if acting.alliance_wide
        else Q(hospital_id__in=served)
        | Q(pk__in=AccessActivation.objects.filter(hospital_id__in=served).values("access"))
    )
    return query_access_codes().filter(done, here).order_by("-pk")


def patient_principal(access: PatientAccess, address: str = "", request_id: str = "") -> Principal:
    """The patient; their hospital is the one that printed the code."""
    at = access.printed_at
    return Principal(
        "patient",
        str(access.person),
        at.pk,
        at.code,
        Role.PATIENT,
        purpose=Purpose.PATIENT,
        address=address,
        request_id=request_id,
        factor=access.factor,
        proven_at=access.current.at if access.current else None,
    )


def access_code_strength(access: PatientAccess) -> Strength:
    """How far those who open the code, or will with a number that was given, are proven to be
    the patient.
    """
    return max((STRENGTH_BY_FACTOR[a.factor] for a in access.live), default=Strength.NONE)


def can_stop_access(
    acting: Principal,
    mine: PatientAccess | None,
    other: PatientAccess,
    person: UUID,
    sources: tuple[Source, ...],
) -> bool:
    """Patients what is no better proven than their own way in; officers what is a patient's of a
    hospital that they serve.
    """
    if acting.kind == "patient":
        if mine is None or other.pk != mine.pk:
            return access_code_strength(other) <= STRENGTH_BY_FACTOR[acting.factor]
        return (
            other.waiting is not None
            and STRENGTH_BY_FACTOR[other.waiting.factor] <= STRENGTH_BY_FACTOR[acting.factor]
        )
    return (
        acting.may(Permission.EMERGENCY_REVIEW)
        and find_officer_of_patient(acting, person, sources) is not None
    )


def do_stop_access(
    access_id: int,
    person: UUID,
    *,
    sources: tuple[Source, ...],
    acting: Principal,
    mine: PatientAccess | None = None,
    reason: str = "",
) -> None:
    """ "I did not ask for this": the code ends; of a patient's own one only the number that waits
    beside it. Raises PatientAccess.DoesNotExist, Forbidden, AlreadyDone.
    """
    with audited_transaction(acting, EventCode.ACCESS_STOP, person, f"access/{access_id}"):
        take_advisory_locks("access", home_person_ids(person, sources))
        access = query_codes_of_person(person, sources).get(pk=access_id)
        if not access.open:
            raise AlreadyDone("stopped", "This code has ended already. Nothing was changed.")
        if not can_stop_access(acting, mine, access, person, sources):
            raise Forbidden(
                "weaker",
                "You cannot stop what is better confirmed than your own way in. Tell the privacy"
                " officer of the hospital.",
            )
        if mine is not None and mine.pk == access.pk:
            access.activations.filter(used_at=None, ended_at=None).update(ended_at=timezone.now())
        else:
            close_access(
                access,
                (
                    PatientAccess.Closed.STOPPED
                    if acting.kind == "patient"
                    else PatientAccess.Closed.OFFICER
                ),
            )
        officer = find_officer_of_patient(acting, person, sources) if acting.serves else None
        append_event(
            AuditEvent.from_principal(
                officer or acting,
                EventCode.ACCESS_STOP,
                person=person,
                target=f"access/{access.pk}",
                detail=reason[:100],
                purpose=Purpose.PATIENT.value,
            )
        )


def close_access(
    access: PatientAccess, why: PatientAccess.Closed, newer: PatientAccess | None = None
) -> None:
    access.closed_at, access.closed_why, access.closed_for = timezone.now(), why, newer
    access.save(update_fields=["closed_at", "closed_why", "closed_for"])
