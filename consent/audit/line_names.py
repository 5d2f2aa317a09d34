"""Load what the lines of the audit log only number: staff, hospitals, systems and patients by
name, as they are called now; and say a line in the reader's language.

An auditor of some hospitals is told the names of those hospitals' staff and of the patients that
are registered there, as they are called there; of others what their lines say (log_query.py).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.utils.translation import gettext as _

from alliance.models import AdministratorClient, Client, Hospital, Staff
from alliance.roles import STAFF_ROLES
from alliance.sql.hospitals import HOSPITALS
from consent import from_records
from consent.audit.event_words import EVENT_WORDS, OUTCOME_WORDS, PURPOSE_WORDS
from consent.audit.line_words import ACTOR_KINDS, describe_actor, describe_detail, describe_target
from consent.reason_words import describe_refusal

STAFF_KINDS = ("staff", "administrator_client")  # whose `actor` is an account's number
SYSTEM_KINDS = ("client", "administrator-client")
NUMBERED = re.compile(r"(?:^|[ /])(staff|client|administrator-client|emergency)[/ ]([\w.-]+)")
BY_CLIENT = re.compile(r"by client/([\w.-]+)")
NUMBER_AFTER = re.compile(r"(?:staff|client|emergency)[/ ]")  # what holds none is not split
REGISTRATIONS = from_records.asked.registrations
# By any id that one of their registrations ever had as a person; the newest registration's word.
# index: records_sourcepatient_home_key, source_person
PERSON_NAMES_SQL = f"""
SELECT DISTINCT ON (asked.home) asked.home::text, s.name, s.birth_date
FROM {REGISTRATIONS} asked JOIN {REGISTRATIONS} s ON s.person_id = asked.person_id
JOIN {HOSPITALS} h ON h.id = s.hospital_id
WHERE asked.home = ANY(%(persons)s) AND s.name <> ''
  AND (%(hospitals)s::text[] IS NULL OR h.code = ANY(%(hospitals)s))
ORDER BY asked.home, s.registered DESC, s.updated_at DESC, s.id DESC
"""


@dataclass(frozen=True, slots=True)
class StaffName:
    """role: its code; hospital: the code of where they work now."""

    name: str
    account: str
    role: str
    hospital: str


@dataclass(frozen=True, slots=True)
class SystemName:
    name: str
    hospital: str


@dataclass(frozen=True, slots=True)
class PersonName:
    """birth_date: FHIR, of any precision, "" where it is not known; tells namesakes apart."""

    name: str
    birth_date: str


@dataclass(frozen=True, slots=True)
class LineNames:
    """Names by what lines say of them. reader_hospitals: codes of the hospitals whose auditor
    reads, None for the whole alliance; emergencies: {number: the reason as it was typed}; said:
    words that were looked up, in the one language of the reader for whom the names were loaded.
    """

    reader_hospitals: tuple[str, ...] | None = None
    staff: dict[str, StaffName] = field(default_factory=dict)
    hospitals: dict[str, Hospital] = field(default_factory=dict)
    systems: dict[str, SystemName] = field(default_factory=dict)
    persons: dict[str, PersonName] = field(default_factory=dict)
    emergencies: dict[str, str] = field(default_factory=dict)
    cells: dict[tuple[str, ...], tuple[str, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )
    said: dict[tuple[str, ...], str] = field(default_factory=dict, compare=False, repr=False)

    def actor_cells(self, line: dict[str, Any]) -> tuple[str, ...]:
        """Name, account, role and hospital of who did it, looked up once for all their lines."""
        key = (line["actor_kind"], line["actor"], line["role"], line["actor_hospital"])
        if key not in self.cells:
            self.cells[key] = (
                self.actor_name(line),
                self.account(line),
                self.role_words(line),
                self.hospital_name(line["actor_hospital"]),
            )
        return self.cells[key]

    def say_once(self, say: Callable[..., str], *codes: str) -> str:
        """What `say` makes of the codes, which many lines share: looked up once for all of them."""
        key = (say.__name__, *codes)
        if key not in self.said:
            self.said[key] = say(*codes)
        return self.said[key]

    def is_foreign(self, line: dict[str, Any]) -> bool:
        """Whether somebody of another hospital did it: their name is not told."""
        return not self.is_known(line["actor_hospital"])

    def is_known(self, hospital: str) -> bool:
        """Whether the reader may know by name who works at the hospital."""
        return self.reader_hospitals is None or hospital in self.reader_hospitals

    def staff_of(self, line: dict[str, Any]) -> StaffName | None:
        return self.staff.get(line["actor"]) if line["actor_kind"] in STAFF_KINDS else None

    def actor_name(self, line: dict[str, Any]) -> str:
        """Who: the name of somebody of the staff or of a system; else what they are."""
        staff = self.staff_of(line)
        if staff:
            return (
                str(dict(STAFF_ROLES).get(staff.role, "")) if self.is_foreign(line) else staff.name
            )
        if line["actor_kind"] == "client":
            return self.system_words(line["actor"])
        if line["actor_kind"] in STAFF_KINDS and line["actor"]:
            return f"{ACTOR_KINDS['staff']} {line['actor']}"
        return describe_actor(line)

    def account(self, line: dict[str, Any]) -> str:
        """With what they sign in, "" where it is nobody of the staff."""
        staff = self.staff_of(line)
        return staff.account if staff else ""

    def role_words(self, line: dict[str, Any]) -> str:
        """The role in which they acted; where there is none, the kind of actor."""
        return self.say_once(role_words, line["role"], line["actor_kind"])

    def hospital_name(self, code: str) -> str:
        """In the reader's language; the code where no hospital has it, "" for none."""
        return self.say_once(self.find_hospital_name, code)

    def find_hospital_name(self, code: str) -> str:
        hospital = self.hospitals.get(code)
        return hospital.name if hospital else code

    def system_words(self, client_id: str) -> str:
        """A system or an administrator's client: its name, with the id that it shows."""
        system = self.systems.get(client_id)
        return self.with_detail(system.name, client_id) if system else client_id

    def system_of(self, line: dict[str, Any]) -> str:
        """The system by which it was done, "" where somebody used the pages."""
        if line["actor_kind"] == "client":
            return self.system_words(line["actor"])
        found = BY_CLIENT.search(line["detail"])
        return self.system_words(found[1]) if found else ""

    def person_words(self, person: str | UUID) -> str:
        """A patient's name with their birth date; without a name that the reader may know, the
        beginning of the id.
        """
        known = self.persons.get(str(person))
        if known is None:
            return self.with_detail(self.say_once(nobody_known), str(person)[:8])
        if not known.birth_date:
            return known.name
        return self.with_detail(known.name, known.birth_date)

    def with_detail(self, name: str, detail: str) -> str:
        """A name with what tells it from others."""
        return self.say_once(detail_pattern) % {"name": name, "detail": detail}

    def patients_words(self, line: dict[str, Any]) -> str:
        """Everybody whom the line is about."""
        return self.say_once(list_separator).join(
            self.person_words(p) for p in persons_of_line(line)
        )

    def action_words(self, line: dict[str, Any]) -> str:
        return self.say_once(event_words, line["code"])

    def purpose_words(self, line: dict[str, Any]) -> str:
        return self.say_once(purpose_words, line["purpose"])

    def outcome_words(self, line: dict[str, Any]) -> str:
        return self.say_once(outcome_words, line["outcome"])

    def reason_words(self, line: dict[str, Any]) -> str:
        """Why it was refused or failed, "" where it was not."""
        return self.say_once(describe_refusal, line["reason"])

    def target_words(self, line: dict[str, Any]) -> str:
        """What was looked at or changed, and how; whom a number means."""
        parts = [
            self.say_once(describe_target, line["target"]),
            self.say_once(describe_detail, line["detail"]),
        ]
        parts += self.named_words(line)
        return " · ".join(filter(None, parts))

    def named_words(self, line: dict[str, Any]) -> list[str]:
        """The staff and systems whom target and detail number, and why an emergency access was
        opened, as it was typed.
        """
        out = []
        for kind, number in numbers_of_line(line):
            staff = self.staff.get(number) if kind == "staff" else None
            system = self.systems.get(number) if kind in SYSTEM_KINDS else None
            if staff and self.is_known(staff.hospital):
                out.append(self.with_detail(staff.name, staff.account))
            elif system and self.is_known(system.hospital):
                out.append(system.name)
            elif kind == "emergency" and number in self.emergencies and not self.is_foreign(line):
                out.append(_("reason as typed: “%s”") % self.emergencies[number])
        return list(dict.fromkeys(out))


def event_words(code: str) -> str:
    return str(EVENT_WORDS.get(code, code))


def purpose_words(code: str) -> str:
    return str(PURPOSE_WORDS.get(code, code))


def outcome_words(code: str) -> str:
    return str(OUTCOME_WORDS.get(code, code))


def role_words(role: str, kind: str) -> str:
    return str(dict(STAFF_ROLES).get(role) or ACTOR_KINDS.get(kind, role))


def nobody_known() -> str:
    return _("name not known to you")


def detail_pattern() -> str:
    return _("%(name)s (%(detail)s)")


def list_separator() -> str:
    return _("; ")


def persons_of_line(line: dict[str, Any]) -> list[str]:
    """Whom it is about: one, or several."""
    several = line.get("persons") or []
    return [str(p) for p in several] or ([str(line["person"])] if line["person"] else [])


def numbers_of_line(line: dict[str, Any]) -> list[tuple[str, str]]:
    """(kind, number) of what target and detail name by a number."""
    if not NUMBER_AFTER.search(line["target"]) and not NUMBER_AFTER.search(line["detail"]):
        return []
    return [
        (m[1], m[2])
        for text in (line["target"], line["detail"])
        for part in text.split(" · ")
        for m in NUMBERED.finditer(part)
    ]


def load_line_names(
    lines: Iterable[dict[str, Any]], reader_hospitals: Sequence[str] | None = None
) -> LineNames:
    """The names of what these lines say, in at most six statements however many they are."""
    lines = list(lines)
    numbers = [found for line in lines for found in numbers_of_line(line)]
    staff = {x["actor"] for x in lines if x["actor_kind"] in STAFF_KINDS}
    staff |= {n for kind, n in numbers if kind == "staff"}
    clients = {x["actor"] for x in lines if x["actor_kind"] == "client"}
    clients |= {n for kind, n in numbers if kind in SYSTEM_KINDS}
    emergencies = {n for kind, n in numbers if kind == "emergency"}
    codes = None if reader_hospitals is None else tuple(reader_hospitals)
    return LineNames(
        codes,
        load_staff_names({int(n) for n in staff if is_number(n)}),
        {h.code: h for h in Hospital.with_sandboxes.all()},
        load_system_names(clients),
        load_person_names({p for line in lines for p in persons_of_line(line)}, codes),
        load_emergency_reasons({int(n) for n in emergencies if is_number(n)}, codes),
    )


def is_number(text: str) -> bool:
    """Whether it fits a number of a row."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def load_staff_names(ids: set[int]) -> dict[str, StaffName]:
    found = Staff.objects.filter(pk__in=ids).values_list(
        "pk", "name", "user__username", "role", "hospital__code"
    )
    return {str(pk): StaffName(*row) for pk, *row in (found.order_by() if ids else ())}


def load_system_names(ids: set[str]) -> dict[str, SystemName]:
    """Systems of hospitals, and clients of administrators."""
    out: dict[str, SystemName] = {}
    for model in (AdministratorClient, Client) if ids else ():
        rows = model.objects.filter(client_id__in=ids).order_by()  # type: ignore[attr-defined]
        for client_id, *row in rows.values_list("client_id", "name", "hospital__code"):
            out[client_id] = SystemName(*row)
    return out


def load_person_names(ids: set[str], hospitals: tuple[str, ...] | None) -> dict[str, PersonName]:
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            PERSON_NAMES_SQL,
            {
                "persons": [UUID(p) for p in ids],
                "hospitals": None if hospitals is None else list(hospitals),
            },
        )
        return {person: PersonName(*row) for person, *row in cursor.fetchall()}


def load_emergency_reasons(ids: set[int], hospitals: tuple[str, ...] | None) -> dict[str, str]:
    """Of those that were opened at one of the hospitals."""
    if not ids:
        return {}
    rows = apps.get_model("consent", "Emergency").objects.filter(pk__in=ids).order_by()
    if hospitals is not None:
        rows = rows.filter(hospital__code__in=hospitals)
    return {str(pk): reason for pk, reason in rows.values_list("pk", "reason")}
