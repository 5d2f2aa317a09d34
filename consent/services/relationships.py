"""Treatment relationships: noted from what hospitals write, declared by clinicians."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Permission
from alliance.services.advisory_locks import take_advisory_locks
from alliance.sql.hospitals import HOSPITALS
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import Relationship

DECLARATION_LIFETIME = dt.timedelta(hours=24)
DECLARATION_RENEWAL = dt.timedelta(
    hours=12
)  # with less left of a declaration, it may be declared anew

RECORD_TREATMENT_SQL = f"""
INSERT INTO consent_relationship (person, hospital_id, basis, source_patient, reason, starts_at,
  ends_at)
SELECT %(person)s, h.id, %(basis)s, %(source)s, '', %(starts)s, %(ends)s FROM {HOSPITALS} h
WHERE h.code = %(hospital)s
ON CONFLICT (source_patient, hospital_id, basis) WHERE basis <> 'declared'
DO UPDATE SET ends_at = greatest(consent_relationship.ends_at, excluded.ends_at),
              starts_at = least(consent_relationship.starts_at, excluded.starts_at)
"""


@dataclass(frozen=True, slots=True)
class TreatmentPeriod:
    """A time in which a hospital treats somebody: by an encounter, a referral to it, a family
    doctor's panel, an admission list.
    """

    hospital: str
    basis: str
    starts: dt.datetime
    ends: dt.datetime


def record_treatment_periods(rows: Iterable[tuple[UUID, int, TreatmentPeriod]]) -> None:
    """(home, source patient, spell): one row a hospital and basis, from the first beginning to
    the last end. What is over makes none.
    """
    latest: dict[tuple[int, str, str], dict[str, Any]] = {}
    for home, source, spell in rows:
        if spell.ends <= timezone.now():
            continue
        key = (source, spell.hospital, spell.basis)
        known = latest.get(key)
        latest[key] = {
            "person": home,
            "source": source,
            "hospital": spell.hospital,
            "basis": spell.basis,
            "starts": min(spell.starts, known["starts"]) if known else spell.starts,
            "ends": max(spell.ends, known["ends"]) if known else spell.ends,
        }
    if latest:
        with connection.cursor() as cursor:
            cursor.executemany(RECORD_TREATMENT_SQL, [latest[k] for k in sorted(latest)])


@transaction.atomic
def do_declare_relationship(person: UUID, *, reason: str, acting: Principal) -> Relationship:
    """A clinician says: I am treating this patient now. Holds 24 hours for this clinician alone,
    opens nothing until others stand behind it (docs/adr/0030), and is on the privacy officer's
    list.

    Raises AlreadyDone while the clinician's declaration has RENEWED or more to run.
    """
    if not acting.may(Permission.RELATION_DECLARE):
        raise Forbidden("role", "This role does not treat patients.")
    now = timezone.now()
    take_advisory_locks("relationship", [f"{acting.id}/{person}"])
    if (
        Relationship.objects.declared()
        .filter(
            person=person,
            hospital_id=acting.hospital_id,
            declared_by_id=int(acting.id),
            ends_at__gte=now + DECLARATION_RENEWAL,
        )
        .exists()
    ):
        raise AlreadyDone(
            "relationship",
            "You have declared to treat this patient already. Nothing was declared a second time.",
        )
    relation = Relationship.objects.create(
        person=person,
        hospital_id=acting.hospital_id,
        basis=Relationship.Basis.DECLARED,
        declared_by_id=int(acting.id),
        reason=reason,
        starts_at=now,
        ends_at=now + DECLARATION_LIFETIME,
    )
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.RELATION_DECLARE, person=person, target=f"relationship/{relation.pk}"
        )
    )
    return relation
