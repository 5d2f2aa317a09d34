"""Seal a record after an incident: one statement, and the next one that asks is refused (262号 2025). One officer seals; to open it again, one asks and
another agrees (docs/adr/0030)."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from alliance.auth.errors import AlreadyStands, Forbidden
from alliance.auth.principal import Principal, Purpose, said_at
from alliance.models import Staff
from alliance.roles import Permission
from alliance.services.turn import wait_turn
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import IncidentSeal
from consent.models.seal import ASKED
from consent.terms import Source


def covered(sources: tuple[Source, ...], acting: Principal) -> list[int]:
    """The registrations that he answers for: his hospital's, or all."""
    if not acting.may(Permission.RECORD_SEAL):
        raise Forbidden("role", "This role does not seal records.")
    return [s.id for s in sources if acting.alliance_wide or s.hospital_id == acting.hospital_id]


@transaction.atomic
def do_seal(person: UUID, *, ground: str, reason: str, listed: Sequence[str], manifest: str, sources: tuple[Source, ...], acting: Principal) -> IncidentSeal:
    """listed: user names to whom it stays open. Raises Forbidden where the officer's hospital has no record of the patient, ValueError for a name that
    nobody has, AlreadyStands where this very seal stands."""
    covers = covered(sources, acting)
    if not covers:
        raise Forbidden("no_record", "Your hospital has no record of this patient.")
    staff = {s.user.username: s.pk for s in Staff.objects.filter(user__username__in=listed).select_related("user")}
    unknown = sorted(set(listed) - staff.keys())
    if unknown:
        raise ValueError(", ".join(unknown))
    wait_turn("seal", [person])
    if any(set(covers) <= set(s.covers) and (s.ground, s.reason, s.listed) == (ground, reason, sorted(staff.values())) for s in IncidentSeal.objects.filter(person=person, lifted_at=None)):
        raise AlreadyStands("seal", "The record is sealed already. Nothing was sealed a second time.")
    seal = IncidentSeal.objects.create(
        person=person, covers=covers, ground=ground, reason=reason, listed=sorted(staff.values()), sealed_at=timezone.now(), sealed_by_id=int(acting.id), hospital_id=acting.hospital_id,
        manifest=manifest, digest=hashlib.sha256(manifest.encode()).hexdigest())
    append(Event.of(acting, EventCode.RECORD_SEAL, person=person, target=f"seal/{seal.pk}", detail=f"{ground} {seal.digest}", purpose=Purpose.ADMINISTRATION.value))
    return seal


@transaction.atomic
def do_ask_lift(seal_id: int, *, reason: str, acting: Principal) -> None:
    """Ask that the seal is opened: it stays until another officer agrees, within ASKED. Raises IncidentSeal.DoesNotExist, AlreadyStands."""
    if not acting.may(Permission.RECORD_SEAL):
        raise Forbidden("role", "This role does not seal records.")
    seal = locked(seal_id, whose(acting))
    if seal.asked:
        raise AlreadyStands("asked", "It has been asked already that this seal is opened: another officer has to agree.")
    seal.asked_at, seal.asked_by_id, seal.asked_reason = timezone.now(), int(acting.id), reason
    seal.asked_where_id = acting.hospital_id
    seal.save(update_fields=["asked_at", "asked_by", "asked_where", "asked_reason"])
    append(Event.of(acting, EventCode.UNSEAL_ASK, person=seal.person, target=f"seal/{seal.pk}", detail=reason[:100], purpose=Purpose.ADMINISTRATION.value))


@transaction.atomic
def do_lift(seal_id: int, *, sources: tuple[Source, ...], acting: Principal) -> None:
    """Agree to what another officer has asked: the record opens at once. sources: the patient's registrations, as they are now.

    Raises Forbidden unless somebody else has asked who is an officer still, and one of the two is the alliance's officer or of a hospital whose records the
    seal does not cover; IncidentSeal.DoesNotExist; AlreadyStands.
    """
    if not acting.may(Permission.RECORD_SEAL):
        raise Forbidden("role", "This role does not seal records.")
    seal = locked(seal_id, Q())
    if not seal.asked:
        raise Forbidden("unasked", "Nobody asks for this seal to be opened, or seven days are over since.")
    asker = said_at(seal.asked_by, seal.asked_where)
    if asker.id == acting.id:
        raise Forbidden("self", "You have asked for it yourself: another officer agrees.")
    if not asker.may(Permission.RECORD_SEAL):
        raise Forbidden("asker", "Who asked is no privacy officer any more: ask anew.")
    if not any(outside(seal, sources, one) for one in (asker, acting)):
        raise Forbidden("inside", "One of the two must be the alliance's privacy officer, or one of a hospital whose records the seal does not cover.")
    seal.lifted_at, seal.lifted_by_id, seal.lifted_reason = timezone.now(), int(acting.id), seal.asked_reason
    seal.save(update_fields=["lifted_at", "lifted_by", "lifted_reason"])
    append(Event.of(acting, EventCode.RECORD_UNSEAL, person=seal.person, target=f"seal/{seal.pk}", detail=f"of staff {asker.id} · {seal.asked_reason[:100]}", purpose=Purpose.ADMINISTRATION.value))


def locked(seal_id: int, whose: Q) -> IncidentSeal:
    """Raises IncidentSeal.DoesNotExist, and AlreadyStands where it is open."""
    seal = IncidentSeal.objects.filter(whose).select_related("asked_by__hospital", "asked_where").select_for_update(of=("self",)).get(pk=seal_id)
    if seal.lifted_at is not None:
        raise AlreadyStands("lifted", "The seal is open already. Nothing was changed.")
    return seal


def outside(seal: IncidentSeal, sources: tuple[Source, ...], officer: Principal) -> bool:
    """Whether the officer gains nothing by an open seal: the alliance's, or of a hospital that has none of the registrations under it."""
    inside = {s.hospital_id for s in sources if s.id in seal.covers}
    known = set(seal.covers) <= {s.id for s in sources}
    return officer.alliance_wide or (known and officer.hospital_id not in inside | {seal.hospital_id})


def in_sight(acting: Principal):  # type: ignore[no-untyped-def]
    """Seals that hold and that the officer answers for, and all of which somebody has asked that they are opened: any officer may be the second."""
    held = IncidentSeal.objects.filter(lifted_at=None).select_related("sealed_by__hospital", "asked_by__hospital")
    return held if acting.alliance_wide else held.filter(whose(acting) | Q(asked_at__gt=timezone.now() - ASKED))


def standing(acting: Principal):  # type: ignore[no-untyped-def]
    """Seals that hold, of his hospital's officers, or all."""
    return IncidentSeal.objects.filter(whose(acting), lifted_at=None).select_related("sealed_by__hospital")


def whose(acting: Principal) -> Q:
    """The seals that the officer answers for: those made at their hospital, or all."""
    return Q() if acting.alliance_wide else Q(hospital_id=acting.hospital_id) | Q(hospital=None, sealed_by__hospital_id=acting.hospital_id)
