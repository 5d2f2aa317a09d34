"""A patient's way to his own page: given by a clerk who has seen his card, used with his birth date, closed after five wrong ones."""

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from alliance.auth.principal import Principal, Purpose
from alliance.roles import Role
from consent.audit.append import append
from consent.audit.event import Event, EventCode, Outcome
from consent.models import PatientAccess
from consent.services.directives import check
from consent.terms import Source

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that look alike
LENGTH, DAYS, MOST_WRONG = 12, 365, 5


def digest(code: str) -> bytes:
    plain = "".join(c for c in code.upper() if c in LETTERS)
    return hmac.new(settings.SECRET_KEY.encode(), b"patient access " + plain.encode(), hashlib.sha256).digest()


@transaction.atomic
def do_give_access(person: UUID, *, sources: tuple[Source, ...], acting: Principal) -> str:
    """The code, three groups of four letters, for a year; the one before it ends."""
    check(acting, person, sources)
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    PatientAccess.objects.filter(person__in=[s.home for s in sources] or [person], closed_at=None).update(closed_at=timezone.now())
    home = next((s.home for s in sources if s.hospital_id == acting.hospital_id), person)  # of the registration whose card was seen: a split takes it along
    made = PatientAccess.objects.create(person=home, code=digest(code), made_by_id=int(acting.id), expires_at=timezone.now() + dt.timedelta(days=DAYS))
    append(Event.of(acting, EventCode.ACCESS_GIVE, person=person, target=f"access/{made.pk}", purpose=Purpose.PATIENT.value))
    return "-".join(code[i:i + 4] for i in range(0, LENGTH, 4))


def principal(access: PatientAccess, address: str = "", request_id: str = "") -> Principal:
    """The patient himself; his hospital is the one whose clerk gave him the code."""
    hospital = access.made_by.hospital
    return Principal("patient", str(access.person), hospital.pk, hospital.code, Role.PATIENT, purpose=Purpose.PATIENT, address=address, request_id=request_id)


def of(pk: int) -> PatientAccess | None:
    return PatientAccess.objects.select_related("made_by__hospital").filter(pk=pk, closed_at=None, expires_at__gt=timezone.now()).first()


def enter(code: str, birth_date: str, born: Callable[[UUID], set[str]], *, address: str, request_id: str) -> PatientAccess | None:
    """born: the birth dates that the index knows of a person. None for what does not open; which of the two was wrong is told to nobody."""
    with transaction.atomic():
        access = PatientAccess.objects.select_for_update(of=("self",)).select_related("made_by__hospital").filter(
            code=digest(code), closed_at=None, expires_at__gt=timezone.now()).first()
        if access is None:
            append(Event(EventCode.ACCESS_USE, "patient", "", "", "", Purpose.PATIENT.value, Outcome.REFUSED, "unknown_code", address=address, request_id=request_id))
            return None
        right = birth_date in born(access.person)
        if not right:
            access.wrong += 1
            access.closed_at = timezone.now() if access.wrong >= MOST_WRONG else None
        else:
            access.wrong = 0
        access.save(update_fields=["wrong", "closed_at"])
        append(Event.of(principal(access, address, request_id), EventCode.ACCESS_USE, person=access.person, target=f"access/{access.pk}",
                        outcome=Outcome.SUCCESS if right else Outcome.REFUSED))
        return access if right else None
