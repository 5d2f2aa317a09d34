"""Find a patient by name, pinyin, initials, citizen number or hospital number, without letting anyone fish.

Own patients are found by any beginning of a name. Patients of other members are found only by an exact number or the exact
whole name, and are shown masked until the gate lets their record be opened.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from alliance.auth.principal import Principal, Purpose
from alliance.auth.role_check import must_hold
from alliance.roles import Permission
from consent.audit.append import witnessed
from consent.audit.event import Event, EventCode
from records.models import PatientIdentifier
from records.mpi import quota
from records.mpi.digest import digest
from records.mpi.rules import name, name_key, resident_number
from records.mpi.rules.invisible import visible
from records.mpi.sources import of_person

MOST = 50
# index: identifier_digest, name_key_hospital, name_key_whole
FIND = """
WITH hit AS (
  SELECT source_id, kind = 'former' AS former FROM records_patientidentifier WHERE digest = ANY(%(digests)s)
  UNION
  SELECT own.source_id, own.former FROM unnest(%(beginnings)s::text[]) AS typed(key) CROSS JOIN LATERAL (
    SELECT source_id, former FROM records_namekey k WHERE k.hospital_id = %(hospital)s AND k.key >= typed.key AND k.key < typed.key || E'\\U0010FFFF' LIMIT 500) own
  UNION
  SELECT whole.source_id, whole.former FROM unnest(%(whole)s::text[]) AS typed(key) CROSS JOIN LATERAL (
    SELECT source_id, former FROM records_namekey k WHERE k.whole AND k.key = typed.key LIMIT 200) whole
), person AS (
  SELECT p.person_id, bool_and(former) AS former FROM hit JOIN records_sourcepatient p ON p.id = hit.source_id GROUP BY 1
)
SELECT s.person_id AS person, bool_or(s.hospital_id = %(hospital)s) AS own,
  (array_agg(s.name ORDER BY s.hospital_id = %(hospital)s DESC, s.updated_at DESC))[1] AS name,
  (array_agg(s.gender ORDER BY s.hospital_id = %(hospital)s DESC, s.updated_at DESC))[1] AS gender,
  (array_agg(s.birth_date ORDER BY s.hospital_id = %(hospital)s DESC, s.updated_at DESC))[1] AS birth_date, person.former,
  'person/' || s.person_id AS ref, NULL::uuid[] AS others
FROM person JOIN records_sourcepatient s ON s.person_id = person.person_id
WHERE s.registered
GROUP BY s.person_id, person.former HAVING %(everybody)s OR bool_or(s.hospital_id = %(hospital)s) ORDER BY 2 DESC, person.former, 3, 5, 1 LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Found:
    """own: a patient of the asker's hospital, shown in clear; else masked. former: found by a name or number that is no longer his."""

    person: UUID
    own: bool
    name: str
    gender: str
    birth_date: str
    former: bool = False


def find(text: str, *, acting: Principal, needs: Permission = Permission.PERSON_FIND, urgent: bool = False) -> list[Found]:
    """At most 50 persons, own patients first. The audit line keeps what was found, never what was typed. urgent: somebody's life may hang on it. Raises
    TooManySearches where only a stranger could be it, and the one who acts has looked for too many (quota.py)."""
    must_hold(acting, needs, "This role does not look for patients.")
    text = visible(text).strip()
    if len(text) < 2:
        return []
    digests = [digest("other", text)]
    try:
        digests.append(digest("resident", resident_number.normal(text)))
    except resident_number.NotANumber:
        pass
    asked = name_key.asked(text)
    parameters = {"digests": digests, "hospital": acting.hospital_id, "beginnings": list(asked.beginnings), "whole": list(asked.whole), "most": MOST}
    everybody = quota.may_look(acting, urgent)
    event = Event.of(acting, EventCode.PERSON_FIND, detail="urgent" if urgent else "" if everybody else "limit", **({"purpose": Purpose.EMERGENCY.value} if urgent else {}))
    found = [Found(*r[:6]) for r in witnessed(FIND, {**parameters, "everybody": everybody}, event)]
    strangers = sum(not f.own for f in found) if acting.kind == "staff" else 0  # what a system finds so it is not told: the gate says whom it sees
    if strangers or not any(f.own for f in found):
        if not everybody:
            raise quota.too_many(acting)
        quota.write_search(acting, strangers, urgent=urgent)
    return [shown(f) for f in found]


def shown(found: Found) -> Found:
    if found.own:
        return found
    return Found(found.person, False, name.masked(found.name), found.gender, found.birth_date[:4], found.former)


def has_number(person: UUID, text: str, *, but: int) -> bool:
    """Whether a number that somebody reads from a card is the person's, as hospitals other than `but` know them; as all do, where no other knows them."""
    found = [s for s in of_person(person) if s.hospital_id != but] or of_person(person)
    digests = [digest("other", text)]
    try:
        digests.append(digest("resident", resident_number.normal(text)))
    except resident_number.NotANumber:
        pass
    return PatientIdentifier.objects.filter(source__in=[s.id for s in found], digest__in=digests).exclude(kind="former").exists()


def face(person: UUID, hospital_id: int) -> Found | None:
    """One person as `find` would show him to this hospital; for pages that already have an audit line."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.person_id, s.hospital_id = %(h)s, s.name, s.gender, s.birth_date FROM records_sourcepatient s "
            "WHERE s.person_id = (SELECT o.person_id FROM records_sourcepatient o WHERE o.home = %(p)s) ORDER BY s.hospital_id = %(h)s DESC, s.registered DESC, s.updated_at DESC LIMIT 1",
            {"h": hospital_id, "p": person})
        row = cursor.fetchone()
    return shown(Found(*row)) if row else None
