"""Treatment relationships: noted from encounters, declared by clinicians."""

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
from consent.models import Relationship

AFTER_ENCOUNTER = dt.timedelta(days=90)
DECLARED = dt.timedelta(hours=24)

NOTE = """
INSERT INTO consent_relationship (person, hospital_id, basis, source_patient, reason, starts_at, ends_at)
VALUES (%s, %s, 'encounter', %s, '', %s, %s)
ON CONFLICT (source_patient) WHERE basis = 'encounter'
DO UPDATE SET ends_at = greatest(consent_relationship.ends_at, excluded.ends_at),
              starts_at = least(consent_relationship.starts_at, excluded.starts_at)
"""


def note_encounters(rows: Iterable[tuple[UUID, int, int, dt.datetime, dt.datetime | None]]) -> None:
    """(home, hospital, source patient, from, to): the hospital treats him until 90 days after the encounter's end.

    An encounter without an end that began long ago counts from its beginning: old systems forget to close them.
    """
    latest = {}
    for home, hospital, source, start, end in rows:
        until = min(end or start, timezone.now()) + AFTER_ENCOUNTER
        if until > timezone.now() and (source not in latest or latest[source][4] < until):
            latest[source] = (home, hospital, source, start, until)
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

