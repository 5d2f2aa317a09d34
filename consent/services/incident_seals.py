"""Seal a record after an incident: one statement, and the next one that asks is refused (262号
2025). One officer seals; to open it again, one asks and another agrees (docs/adr/0030).
"""

import hashlib
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import (
    Principal,
    Purpose,
    act_for_hospital,
    hospitals_served,
    principal_at_hospital,
)
from alliance.models import Staff
from alliance.roles import Permission
from alliance.services.advisory_locks import take_advisory_locks
from alliance.services.standing_appointments import hospitals_spoken_for, speaks_for_hospital
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import IncidentSeal
from consent.models.incident_seal import UNSEAL_REQUEST_LIFETIME
from consent.terms import Source


def list_sealable_registrations(sources: tuple[Source, ...], acting: Principal) -> list[int]:
    """The registrations that the officer answers for: those of the hospital for which they act, or
    all.
    """
    if not acting.may(Permission.RECORD_SEAL):
        raise Forbidden("role", "This role does not seal records.")
    return [s.id for s in sources if acting.alliance_wide or s.hospital_id == acting.hospital_id]


def list_sealing_officers(sources: tuple[Source, ...], acting: Principal) -> list[Principal]:
    """The acting one as the officer of each hospital whose record of the patient they may seal,
    their own first.
    """
    served = sorted(hospitals_served(acting), key=lambda h: (h != acting.hospital_id, h))
    officers = (
        [act_for_hospital(acting, h) for h in served] if not acting.alliance_wide else [acting]
    )
    return [o for o in officers if list_sealable_registrations(sources, o)]


@transaction.atomic
def do_create_incident_seal(
    person: UUID,
    *,
    ground: str,
    reason: str,
    listed: Sequence[str],
    manifest: str,
    sources: tuple[Source, ...],
    acting: Principal,
) -> IncidentSeal:
    """listed: user names to whom it stays open. Raises Forbidden where the officer's hospital
    has no record of the patient, ValueError for a name that nobody has, AlreadyDone where this
    very seal stands.
    """
    covers = list_sealable_registrations(sources, acting)
    if not covers:
        raise Forbidden("no_record", "Your hospital has no record of this patient.")
    staff = {
        s.user.username: s.pk
        for s in Staff.objects.filter(user__username__in=listed).select_related("user")
    }
    unknown = sorted(set(listed) - staff.keys())
    if unknown:
        raise ValueError(", ".join(unknown))
    take_advisory_locks("seal", [person])
    if any(
        set(covers) <= set(s.covers)
        and (s.ground, s.reason, s.listed) == (ground, reason, sorted(staff.values()))
        for s in IncidentSeal.objects.filter(person=person, lifted_at=None)
    ):
        raise AlreadyDone("seal", "The record is sealed already. Nothing was sealed a second time.")
    seal = IncidentSeal.objects.create(
        person=person,
        covers=covers,
        ground=ground,
        reason=reason,
        listed=sorted(staff.values()),
        sealed_at=timezone.now(),
        sealed_by_id=int(acting.id),
        hospital_id=acting.hospital_id,
        manifest=manifest,
        digest=hashlib.sha256(manifest.encode()).hexdigest(),
    )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.RECORD_SEAL,
            person=person,
            target=f"seal/{seal.pk}",
            detail=f"{ground} {seal.digest}",
            purpose=Purpose.ADMINISTRATION.value,
        )
    )
    return seal


@transaction.atomic
def do_request_unseal(seal_id: int, *, reason: str, acting: Principal) -> None:
    """Ask that the seal is opened: it stays until another officer agrees, within ASKED. Raises
    IncidentSeal.DoesNotExist, AlreadyDone.
    """
    if not acting.may(Permission.RECORD_SEAL):
        raise Forbidden("role", "This role does not seal records.")
    seal = lock_incident_seal(seal_id, incident_seal_filter(acting))
    acting = act_for_hospital(acting, hospital_of_seal(seal))
    if seal.asked:
        raise AlreadyDone(
            "asked",
            "It has been asked already that this seal is opened: another officer has to agree.",
        )
    seal.asked_at, seal.asked_by_id, seal.asked_reason = timezone.now(), int(acting.id), reason
    seal.asked_where_id = acting.hospital_id
    seal.save(update_fields=["asked_at", "asked_by", "asked_where", "asked_reason"])
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.UNSEAL_ASK,
            person=seal.person,
            target=f"seal/{seal.pk}",
            detail=reason[:100],
            purpose=Purpose.ADMINISTRATION.value,
        )
    )


@transaction.atomic
def do_unseal_record(seal_id: int, *, sources: tuple[Source, ...], acting: Principal) -> None:
    """Agree to what another officer has asked: the record opens at once. sources: the patient's
    registrations, as they are now.

    Raises Forbidden unless somebody else has asked who is an officer still, and one of the two is
    the alliance's officer, or of a hospital whose records the seal does not cover and for which the
    other one does not speak; IncidentSeal.DoesNotExist; AlreadyDone.
    """
    if not acting.may(Permission.RECORD_SEAL):
        raise Forbidden("role", "This role does not seal records.")
    seal = lock_incident_seal(seal_id, Q())
    if not seal.asked:
        raise Forbidden(
            "unasked", "Nobody asks for this seal to be opened, or seven days are over since."
        )
    asker = principal_at_hospital(seal.asked_by, seal.asked_where)
    if asker.id == acting.id:
        raise Forbidden("self", "You have asked for it yourself: another officer agrees.")
    if not asker.may(Permission.RECORD_SEAL) or not speaks_for_hospital(
        seal.asked_by, seal.asked_where_id
    ):
        raise Forbidden("asker", "Who asked is no privacy officer any more: ask anew.")
    asked_for = hospitals_spoken_for(seal.asked_by_id, asker.hospital_id, seal.asked_at)
    agreed_for = hospitals_spoken_for(int(acting.id), acting.hospital_id, timezone.now())
    apart = asked_for.isdisjoint(agreed_for)
    if not (
        asker.alliance_wide
        or acting.alliance_wide
        or (apart and any(is_outside_seal(seal, sources, h) for h in (asked_for, agreed_for)))
    ):
        raise Forbidden(
            "inside",
            "One of the two must be the alliance's privacy officer, or one of a hospital whose"
            " records the seal does not cover. Who is appointed for a further hospital counts as a"
            " person of both.",
        )
    seal.lifted_at, seal.lifted_by_id, seal.lifted_reason = (
        timezone.now(),
        int(acting.id),
        seal.asked_reason,
    )
    seal.save(update_fields=["lifted_at", "lifted_by", "lifted_reason"])
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.RECORD_UNSEAL,
            person=seal.person,
            target=f"seal/{seal.pk}",
            detail=f"of staff {asker.id} · {seal.asked_reason[:100]}",
            purpose=Purpose.ADMINISTRATION.value,
        )
    )


def lock_incident_seal(seal_id: int, whose: Q) -> IncidentSeal:
    """Raises IncidentSeal.DoesNotExist, and AlreadyDone where it is open."""
    seal = (
        IncidentSeal.objects.filter(whose)
        .select_related("asked_by__hospital", "asked_where", "sealed_by")
        .select_for_update(of=("self",))
        .get(pk=seal_id)
    )
    if seal.lifted_at is not None:
        raise AlreadyDone("lifted", "The seal is open already. Nothing was changed.")
    return seal


def is_outside_seal(
    seal: IncidentSeal, sources: tuple[Source, ...], hospitals: Collection[int]
) -> bool:
    """Whether an officer who speaks for these hospitals gains nothing by an open seal: none of them
    has any of the registrations under it.
    """
    inside = {s.hospital_id for s in sources if s.id in seal.covers}
    known = set(seal.covers) <= {s.id for s in sources}
    return known and (inside | {seal.hospital_id}).isdisjoint(hospitals)


def hospital_of_seal(seal: IncidentSeal) -> int:
    """At which the record was sealed."""
    return seal.hospital_id or seal.sealed_by.hospital_id


def query_visible_seals(acting: Principal):  # type: ignore[no-untyped-def]
    """Seals that hold and that the officer answers for, and all of which somebody has asked that
    they are opened: any officer may be the second.
    """
    held = IncidentSeal.objects.filter(lifted_at=None).select_related(
        "sealed_by__hospital", "asked_by__hospital"
    )
    return (
        held
        if acting.alliance_wide
        else held.filter(
            incident_seal_filter(acting) | Q(asked_at__gt=timezone.now() - UNSEAL_REQUEST_LIFETIME)
        )
    )


def query_active_seals(acting: Principal):  # type: ignore[no-untyped-def]
    """Seals that hold, of the hospitals that this officer serves, or all."""
    return IncidentSeal.objects.filter(incident_seal_filter(acting), lifted_at=None).select_related(
        "sealed_by__hospital"
    )


def incident_seal_filter(acting: Principal) -> Q:
    """The seals that the officer answers for: those made at their hospital or at one for which they
    are appointed, or all.
    """
    if acting.alliance_wide:
        return Q()
    served = hospitals_served(acting)
    return Q(hospital_id__in=served) | Q(hospital=None, sealed_by__hospital_id__in=served)
