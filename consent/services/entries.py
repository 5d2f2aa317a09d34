"""Open a patient's page: code, birth date, and the activation number or the passphrase. Five wrong tries close the code."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.utils import timezone

from alliance.auth.principal import Purpose
from consent.audit.append import append
from consent.audit.event import Event, EventCode, Outcome
from consent.audit.refusal import refuse
from consent.models import AccessActivation, PatientAccess
from consent.services.accesses import close, digest, loaded, principal
from consent.services.activations import number_digest
from consent.terms import Source

MOST_WRONG = 5


class Entry(StrEnum):
    OPEN = "open"  # the page opens
    FIRST = "first"  # the number is right: now the passphrase is set
    UNKNOWN = "unknown_code"  # nobody has this code
    WRONG = "wrong"  # birth date, number or passphrase
    IN_USE = "in_use"  # code and birth date are right, and another passphrase opens it
    INACTIVE = "not_activated"  # the same, and nobody has given a number yet
    ENDED = "code_ended"  # the same, and the code is over
    MOVED = "moved"  # the same, and the registration whose card was seen has come to this person since


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it; access: only where code and birth date were right; activation: whose number or passphrase it was."""

    entry: Entry
    access: PatientAccess | None = None
    activation: AccessActivation | None = None


def moved(access: PatientAccess, activation: AccessActivation | None, sources: tuple[Source, ...]) -> bool:
    """Whether the registration whose card was seen is not known to have been this person's when the code was activated: whoever was compared then may be somebody
    else, whose registration was joined with this person's."""
    return not any(s.home == access.person and s.since <= (activation.at if activation else access.made_at) for s in sources)


def judge(access: PatientAccess, secret: str) -> tuple[Entry, AccessActivation | None]:
    """Of a code whose birth date was right. secret: what was typed as number or passphrase."""
    if not access.open:
        return Entry.ENDED, None
    waiting, current = access.waiting, access.current
    if waiting is not None and secret and bytes(waiting.number) == number_digest(access.pk, secret):
        return Entry.FIRST, waiting
    if current is not None:
        return (Entry.OPEN, current) if check_password(secret, current.passphrase) else (Entry.IN_USE, None)
    if access.bare and not secret:
        return Entry.OPEN, None
    return (Entry.WRONG if waiting is not None or access.bare else Entry.INACTIVE), None


@transaction.atomic
def enter(code: str, birth_date: str, secret: str, born: Callable[[UUID], set[str]], sources_of: Callable[[UUID], tuple[Source, ...]], *, address: str, request_id: str,
          told: bool = True) -> Tried:
    """born, sources_of: birth dates and registrations that the index knows of a person. told: whether the guesser is told what was wrong; else that there
    were too many."""
    locked = PatientAccess.objects.select_for_update().filter(code=digest(code)).first()
    if locked is None:
        refuse(Event(EventCode.ACCESS_USE, "patient", "", "", "", Purpose.PATIENT.value, Outcome.REFUSED, Entry.UNKNOWN.value if told else "wait", address=address,
                     request_id=request_id), account=False)
        return Tried(Entry.UNKNOWN)
    access = loaded().get(pk=locked.pk)
    right = birth_date in born(access.person)
    entry, activation = judge(access, secret) if right else (Entry.WRONG, None)
    if entry in (Entry.OPEN, Entry.FIRST) and moved(access, activation, sources_of(access.person)):
        entry = Entry.MOVED
    if entry in (Entry.WRONG, Entry.IN_USE) and access.open:
        access.wrong += 1
        access.refused_at = timezone.now() if entry is Entry.IN_USE else access.refused_at
        access.save(update_fields=["wrong", "refused_at"])
        if access.wrong >= MOST_WRONG:
            close(access, PatientAccess.Closed.WRONG)
    elif entry in (Entry.OPEN, Entry.FIRST) and access.wrong:
        access.wrong = 0
        access.save(update_fields=["wrong"])
    good = entry in (Entry.OPEN, Entry.FIRST)
    if good or access.open or right or told:
        append(Event.of(principal(access, address, request_id), EventCode.ACCESS_USE, person=access.person, target=f"access/{access.pk}",
                        outcome=Outcome.SUCCESS if good else Outcome.REFUSED, reason="" if good else entry.value))
    return Tried(entry, access if right else None, activation)
