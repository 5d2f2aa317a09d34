"""Seal a record after an incident, and open the seal again: one statement, and the next one that asks is refused (262号 2025)."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, Purpose
from alliance.models import Staff
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import IncidentSeal
from consent.terms import Source


def covered(sources: tuple[Source, ...], acting: Principal) -> list[int]:
    """The registrations that he answers for: his hospital's, or all."""
    if not acting.may(Permission.RECORD_SEAL):
        raise Forbidden("role", "This role does not seal records.")
    return [s.id for s in sources if acting.alliance_wide or s.hospital_id == acting.hospital_id]


@transaction.atomic
def do_seal(person: UUID, *, ground: str, reason: str, listed: Sequence[str], manifest: str, sources: tuple[Source, ...], acting: Principal) -> IncidentSeal:
    """listed: user names to whom it stays open. Raises Forbidden where his hospital has no record of the patient, ValueError for a name that nobody has."""
    covers = covered(sources, acting)
    if not covers:
        raise Forbidden("no_record", "Your hospital has no record of this patient.")
    staff = {s.user.username: s.pk for s in Staff.objects.filter(user__username__in=listed).select_related("user")}
    unknown = sorted(set(listed) - staff.keys())
    if unknown:
        raise ValueError(", ".join(unknown))
    seal = IncidentSeal.objects.create(
        person=person, covers=covers, ground=ground, reason=reason, listed=sorted(staff.values()), sealed_at=timezone.now(), sealed_by_id=int(acting.id),
        manifest=manifest, digest=hashlib.sha256(manifest.encode()).hexdigest())
    append(Event.of(acting, EventCode.RECORD_SEAL, person=person, target=f"seal/{seal.pk}", detail=f"{ground} {seal.digest}", purpose=Purpose.ADMINISTRATION.value))
    return seal


@transaction.atomic
def do_lift(seal_id: int, *, reason: str, acting: Principal) -> None:
    """Opens what he could have sealed. Raises IncidentSeal.DoesNotExist."""
    if not acting.may(Permission.RECORD_SEAL):
        raise Forbidden("role", "This role does not seal records.")
    seal = standing(acting).select_for_update(of=("self",)).get(pk=seal_id)
    seal.lifted_at, seal.lifted_by_id, seal.lifted_reason = timezone.now(), int(acting.id), reason
    seal.save(update_fields=["lifted_at", "lifted_by", "lifted_reason"])
    append(Event.of(acting, EventCode.RECORD_UNSEAL, person=seal.person, target=f"seal/{seal.pk}", detail=reason[:100], purpose=Purpose.ADMINISTRATION.value))


def standing(acting: Principal):  # type: ignore[no-untyped-def]
    """Seals that hold, of his hospital's officers, or all."""
    found = IncidentSeal.objects.filter(lifted_at=None).select_related("sealed_by__hospital")
    return found if acting.alliance_wide else found.filter(sealed_by__hospital_id=acting.hospital_id)
