"""Treatment relationships: noted from encounters, declared by clinicians, moved along when a patient is re-linked."""

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import Directive, Emergency, Relationship

AFTER_ENCOUNTER = dt.timedelta(days=90)
DECLARED = dt.timedelta(hours=24)

NOTE = """
INSERT INTO consent_relationship (person, hospital_id, basis, source_patient, reason, starts_at, ends_at)
VALUES (%s, %s, 'encounter', %s, '', %s, %s)
ON CONFLICT (source_patient) WHERE basis = 'encounter'
DO UPDATE SET ends_at = greatest(consent_relationship.ends_at, excluded.ends_at),
              starts_at = least(consent_relationship.starts_at, excluded.starts_at)
"""

# index: consent_directive person, consent_relationship person, consent_emergency person
ANYTHING = """
SELECT EXISTS (SELECT FROM consent_relationship WHERE person = %(old)s OR source_patient = %(source)s)
  OR EXISTS (SELECT FROM consent_directive WHERE person = %(old)s) OR EXISTS (SELECT FROM consent_emergency WHERE person = %(old)s)
"""


def note_encounters(rows: Iterable[tuple[UUID, int, int, dt.datetime, dt.datetime | None]]) -> None:
    """(person, hospital, source patient, from, to): the hospital treats him until 90 days after the encounter's end.

    An encounter without an end that began long ago counts from its beginning: old systems forget to close them.
    """
    latest = {}
    for person, hospital, source, start, end in rows:
        until = min(end or start, timezone.now()) + AFTER_ENCOUNTER
        if until > timezone.now() and (source not in latest or latest[source][4] < until):
            latest[source] = (person, hospital, source, start, until)
    if latest:
        with connection.cursor() as cursor:
            cursor.executemany(NOTE, sorted(latest.values(), key=lambda r: r[2]))


@transaction.atomic
def do_declare_relationship(person: UUID, *, reason: str, acting: Principal) -> Relationship:
    """A clinician says: I am treating this patient now. Holds 24 hours for his hospital, and is on the auditor's list."""
    if not acting.may(Permission.RELATION_DECLARE):
        raise Forbidden("role", "This role does not treat patients.")
    now = timezone.now()
    relation = Relationship.objects.create(
        person=person, hospital_id=acting.hospital_id, basis=Relationship.Basis.DECLARED, declared_by_id=int(acting.id),
        reason=reason, starts_at=now, ends_at=now + DECLARED,
    )
    append(Event.of(acting, EventCode.RELATION_DECLARE, person=person, target=f"relationship/{relation.pk}"))
    return relation


def follow_link(source_patient: int, old: UUID, new: UUID, *, alone: bool) -> None:
    """A source patient moved from one person to another: what is his own moves along.

    alone: the old person has no other source patient left, so his directives, emergencies and declared relationships move
    too. Otherwise denials are copied, permits are not: a split must never widen what is shared.
    """
    with connection.cursor() as cursor:
        cursor.execute(ANYTHING, {"old": old, "source": source_patient})
        if not cursor.fetchone()[0]:
            return
    Relationship.objects.filter(source_patient=source_patient).update(person=new)
    if alone:
        for model in (Directive, Emergency, Relationship):
            model.objects.filter(person=old).update(person=new)
        return
    for denial in Directive.objects.filter(person=old, effect=Directive.Effect.DENY, withdrawn_at=None):
        denial.pk = None
        denial.person = new
        denial.save()
