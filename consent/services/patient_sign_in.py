"""Open a patient's page: code, birth date, and the activation number or the passphrase. Five
wrong tries close the code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.utils import timezone

from alliance.auth.principal import Purpose
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.refusal_counter import log_refusal
from consent.models import AccessActivation, PatientAccess
from consent.services.access_codes import (
    close_access,
    hash_access_code,
    patient_principal,
    query_access_codes,
)
from consent.services.activations import hash_activation_number
from consent.terms import Source

MAX_WRONG_ENTRIES = 5


class EntryResult(StrEnum):
    OPEN = "open"  # the page opens
    FIRST = "first"  # the number is right: now the passphrase is set
    UNKNOWN = "unknown_code"  # nobody has this code
    WRONG = "wrong"  # birth date, number or passphrase
    IN_USE = "in_use"  # code and birth date are right, and another passphrase opens it
    INACTIVE = "not_activated"  # the same, and nobody has given a number yet
    ENDED = "code_ended"  # the same, and the code is over
    MOVED = (  # the same, and the registration whose card was seen has come to this person since
        "moved"
    )


@dataclass(frozen=True, slots=True)
class PatientSignIn:
    """What came of it; access: only where code and birth date were right; activation: whose
    number or passphrase it was.
    """

    entry: EntryResult
    access: PatientAccess | None = None
    activation: AccessActivation | None = None


def has_registration_moved(
    access: PatientAccess, activation: AccessActivation | None, sources: tuple[Source, ...]
) -> bool:
    """Whether the registration whose card was seen is not known to have been this person's when
    the code was activated: whoever was compared then may be somebody else, whose registration was
    joined with this person's.
    """
    return not any(
        s.home == access.person and s.since <= (activation.at if activation else access.made_at)
        for s in sources
    )


def judge_entry_secret(
    access: PatientAccess, secret: str
) -> tuple[EntryResult, AccessActivation | None]:
    """Of a code whose birth date was right. secret: what was typed as number or passphrase."""
    if not access.open:
        return EntryResult.ENDED, None
    waiting, current = access.waiting, access.current
    if (
        waiting is not None
        and secret
        and bytes(waiting.number) == hash_activation_number(access.pk, secret)
    ):
        return EntryResult.FIRST, waiting
    if current is not None:
        return (
            (EntryResult.OPEN, current)
            if check_password(secret, current.passphrase)
            else (EntryResult.IN_USE, None)
        )
    if access.bare and not secret:
        return EntryResult.OPEN, None
    return (EntryResult.WRONG if waiting is not None or access.bare else EntryResult.INACTIVE), None


@transaction.atomic
def sign_in_patient(
    code: str,
    birth_date: str,
    secret: str,
    born: Callable[[UUID], set[str]],
    sources_of: Callable[[UUID], tuple[Source, ...]],
    *,
    address: str,
    request_id: str,
    told: bool = True,
) -> PatientSignIn:
    """born, sources_of: birth dates and registrations that the index knows of a person. told:
    whether the guesser is told what was wrong; else that there were too many.
    """
    locked = PatientAccess.objects.select_for_update().filter(code=hash_access_code(code)).first()
    if locked is None:
        log_refusal(
            AuditEvent(
                EventCode.ACCESS_USE,
                "patient",
                "",
                "",
                "",
                Purpose.PATIENT.value,
                AuditOutcome.REFUSED,
                EntryResult.UNKNOWN.value if told else "wait",
                address=address,
                request_id=request_id,
            ),
            account=False,
        )
        return PatientSignIn(EntryResult.UNKNOWN)
    access = query_access_codes().get(pk=locked.pk)
    right = birth_date in born(access.person)
    entry, activation = judge_entry_secret(access, secret) if right else (EntryResult.WRONG, None)
    if entry in (EntryResult.OPEN, EntryResult.FIRST) and has_registration_moved(
        access, activation, sources_of(access.person)
    ):
        entry = EntryResult.MOVED
    if entry in (EntryResult.WRONG, EntryResult.IN_USE) and access.open:
        access.wrong += 1
        access.refused_at = timezone.now() if entry is EntryResult.IN_USE else access.refused_at
        access.save(update_fields=["wrong", "refused_at"])
        if access.wrong >= MAX_WRONG_ENTRIES:
            close_access(access, PatientAccess.Closed.WRONG)
    elif entry in (EntryResult.OPEN, EntryResult.FIRST) and access.wrong:
        access.wrong = 0
        access.save(update_fields=["wrong"])
    good = entry in (EntryResult.OPEN, EntryResult.FIRST)
    if good or access.open or right or told:
        append_event(
            AuditEvent.from_principal(
                patient_principal(access, address, request_id),
                EventCode.ACCESS_USE,
                person=access.person,
                target=f"access/{access.pk}",
                outcome=AuditOutcome.SUCCESS if good else AuditOutcome.REFUSED,
                reason="" if good else entry.value,
            )
        )
    return PatientSignIn(entry, access if right else None, activation)
