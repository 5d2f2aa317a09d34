"""Treatment relationships: noted from what hospitals write, declared by clinicians."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from alliance.auth.errors import AlreadyStands, Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Permission
from alliance.services.turn import wait_turn
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import Relationship

DECLARED = dt.timedelta(hours=24)
RENEWED = dt.timedelta(hours=12)  # with less left of a declaration, it may be declared anew

NOTE = """
INSERT INTO consent_relationship (person, hospital_id, basis, source_patient, reason, starts_at, ends_at)
SELECT %(person)s, h.id, %(basis)s, %(source)s, '', %(starts)s, %(ends)s FROM alliance_hospital h WHERE h.code = %(hospital)s
ON CONFLICT (source_patient, hospital_id, basis) WHERE basis <> 'declared'
DO UPDATE SET ends_at = greatest(consent_relationship.ends_at, excluded.ends_at),
              starts_at = least(consent_relationship.starts_at, excluded.starts_at)
"""


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which a hospital treats somebody: by an encounter, a referral to it, a family doctor's panel, an admission list."""

    hospital: str
    basis: str
    starts: dt.datetime
    ends: dt.datetime


def note(rows: Iterable[tuple[UUID, int, Spell]]) -> None:
    """(home, source patient, spell): one row a hospital and basis, from the first beginning to the last end. What is over makes none."""
    latest: dict[tuple[int, str, str], dict[str, Any]] = {}
    for home, source, spell in rows:
        if spell.ends <= timezone.now():
            continue
        key = (source, spell.hospital, spell.basis)
        known = latest.get(key)
        latest[key] = {"person": home, "source": source, "hospital": spell.hospital, "basis": spell.basis,
                       "starts": min(spell.starts, known["starts"]) if known else spell.starts, "ends": max(spell.ends, known["ends"]) if known else spell.ends}
    if latest:
        with connection.cursor() as cursor:
            cursor.executemany(NOTE, [latest[k] for k in sorted(latest)])


@transaction.atomic
def do_declare_relationship(person: UUID, *, reason: str, acting: Principal) -> Relationship:
    """A clinician says: I am treating this patient now. Holds 24 hours for this clinician alone, opens nothing until others stand behind it (docs/adr/0030), and
    is on the privacy officer's list.

    Raises AlreadyStands while the clinician's declaration has RENEWED or more to run.
    """
    if not acting.may(Permission.RELATION_DECLARE):
        raise Forbidden("role", "This role does not treat patients.")
    now = timezone.now()
    wait_turn("relationship", [f"{acting.id}/{person}"])
    if Relationship.objects.filter(person=person, hospital_id=acting.hospital_id, declared_by_id=int(acting.id), basis=Relationship.Basis.DECLARED, ends_at__gte=now + RENEWED).exists():
        raise AlreadyStands("relationship", "You have declared to treat this patient already. Nothing was declared a second time.")
    relation = Relationship.objects.create(
        person=person, hospital_id=acting.hospital_id, basis=Relationship.Basis.DECLARED, declared_by_id=int(acting.id),
        reason=reason, starts_at=now, ends_at=now + DECLARED,
    )
    append(Event.of(acting, EventCode.RELATION_DECLARE, person=person, target=f"relationship/{relation.pk}"))
    return relation

