"""Find a patient by name, pinyin, initials, citizen number or its last four, hospital or card
number, phone or birth date, with limits that keep anyone from listing patients.

Own patients are found by any beginning of a name, and by all of the others. Patients of other
members are found only by an exact number or the exact whole name, and are shown masked until the
gate lets their record be opened.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import connection
from django.utils import timezone

from alliance.auth.principal import Principal, Purpose
from alliance.auth.role_check import check_permission
from alliance.roles import Permission
from consent.audit.append import execute_with_audit
from consent.audit.event import AuditEvent, EventCode
from records.models import PatientIdentifier
from records.mpi.index import stranger_quota
from records.mpi.index.find_statement import build_find_statement, number_digests
from records.mpi.index.match_reasons import match_reasons
from records.mpi.index.source_patients import sources_of_person
from records.mpi.matching.rules import name_forms
from records.mpi.matching.rules.typed_search import parse_exact_search, parse_typed_search

MAX_FOUND = 50


@dataclass(frozen=True, slots=True)
class DisplayedPerson:
    """own: a patient of the asker's hospital, shown in clear; else masked. former: found by a
    name or number that is no longer theirs; why: by what (REASONS of match_reasons.py).
    """

    person: UUID
    own: bool
    name: str
    gender: str
    birth_date: str
    former: bool = False
    why: tuple[str, ...] = ()


def find_persons(
    text: str,
    *,
    acting: Principal,
    permission: Permission = Permission.PERSON_FIND,
    urgent: bool = False,
) -> list[DisplayedPerson]:
    """At most 50 persons, own patients first. The audit line keeps what was found, never what
    was typed. urgent: somebody's life may hang on it. Raises TooManySearches where only a stranger
    could be it, and the one who acts has looked for too many (quota.py).
    """
    check_permission(acting, permission, "This role does not look for patients.")
    typed = (
        parse_typed_search(text, timezone.localdate())
        if acting.kind == "staff"
        else parse_exact_search(text)
    )
    if typed.means_nothing:
        return []
    may_search_all = typed.asks_all_hospitals and stranger_quota.may_search_strangers(
        acting, urgent
    )
    is_limited = typed.asks_all_hospitals and not may_search_all
    select, parameters = build_find_statement(typed, acting.hospital_id)
    event = AuditEvent.from_principal(
        acting,
        EventCode.PERSON_FIND,
        detail="urgent" if urgent else "limit" if is_limited else "",
        **({"purpose": Purpose.EMERGENCY.value} if urgent else {}),
    )
    persons = [
        DisplayedPerson(*row[:6], match_reasons(row[6], row[2]))
        for row in execute_with_audit(
            select, {**parameters, "everybody": may_search_all, "most": MAX_FOUND}, event
        )
    ]
    stranger_count = (
        sum(not person.own for person in persons) if acting.kind == "staff" else 0
    )  # what a system finds so it is not told: the gate says whom it sees
    if typed.asks_all_hospitals and (stranger_count or not any(person.own for person in persons)):
        if is_limited:
            raise stranger_quota.record_refused_search(acting)
        stranger_quota.record_stranger_search(acting, stranger_count, urgent=urgent)
    return [mask_for_asker(person) for person in persons]


def mask_for_asker(person: DisplayedPerson) -> DisplayedPerson:
    if person.own:
        return person
    return replace(
        person,
        own=False,
        name=name_forms.mask_name(person.name),
        birth_date=person.birth_date[:4],
    )


def person_has_number(person_id: UUID, text: str, *, besides_hospital_id: int) -> bool:
    """Whether a number that somebody reads from a card is the person's, as hospitals other than
    `besides_hospital_id` know them; as all do, where no other knows them.
    """
    sources = [
        s for s in sources_of_person(person_id) if s.hospital_id != besides_hospital_id
    ] or sources_of_person(person_id)
    return (
        PatientIdentifier.objects.filter(
            source__in=[s.id for s in sources], digest__in=number_digests(text)
        )
        .exclude(kind="former")
        .exists()
    )


# index: records_sourcepatient_home_key, source_person
DISPLAYED_SQL = """
SELECT DISTINCT ON (asked.home) asked.home, s.person_id, s.hospital_id = ANY(%(hospitals)s) AS own,
  s.name, s.gender, s.birth_date
FROM records_sourcepatient asked JOIN records_sourcepatient s ON s.person_id = asked.person_id
WHERE asked.home = ANY(%(persons)s)
ORDER BY asked.home, own DESC, s.registered DESC, s.updated_at DESC
"""


def displayed_persons(
    person_ids: Iterable[UUID], *hospital_ids: int
) -> dict[UUID, DisplayedPerson]:
    """{id as asked: the person as `find` would show them to these hospitals today}, of all ids that
    are anybody's; for pages that write their own audit line.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            DISPLAYED_SQL, {"hospitals": list(hospital_ids), "persons": list(person_ids)}
        )
        return {row[0]: mask_for_asker(DisplayedPerson(*row[1:])) for row in cursor.fetchall()}


def displayed_person(person_id: UUID, *hospital_ids: int) -> DisplayedPerson | None:
    """One person likewise."""
    return displayed_persons([person_id], *hospital_ids).get(person_id)
