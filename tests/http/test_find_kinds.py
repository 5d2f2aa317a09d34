"""Finding by each thing that people type into the one box: own patients by all of them, with why;
strangers by an exact number or their whole name alone.
"""

import re

import pytest
from django.db import connection

from alliance.models import Hospital
from alliance.roles import Role
from consent.audit.log_query import AuditFilter, list_audit_lines
from records.models import NameKey, SourcePatient, StrangerSearch
from records.mpi.index.patient_search import find_persons
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import (
    Api,
    make_citizen_number,
    make_patient,
    make_phone,
)
from tests.support.browser import signed_in
from tests.support.html import Browser

ENGLISH = {"Accept-Language": "en"}


class Ward:
    """A hospital with one patient of whom all is known, and a doctor of it and of another."""

    def __init__(self, server: str) -> None:
        self.at, self.far = alliance.make_hospital("kind"), alliance.make_hospital("kind-far")
        self.api = Api(server, self.at.code, credentials=alliance.make_credentials(self.at))
        self.card, self.number = f"KZ{draws.token_hex(4)}", make_citizen_number("19580302")
        self.phone = make_phone("199")
        self.sent = make_patient("尉迟晟霖", "1958-03-02", "male", self.number, self.card) | {
            "telecom": [{"system": "phone", "value": f"+86 {self.phone[:3]}-{self.phone[3:]}"}],
            "contact": [{"telecom": [{"system": "phone", "value": "0731-88126457"}]}],
        }
        self.fhir_id = self.api.create(self.sent).split("/")[1]
        self.doctor, self.stranger = (
            signed_in(alliance.make_staff(h)) for h in (self.at, self.far)
        )
        self.person = str(self.source.person_id)

    @property
    def source(self) -> SourcePatient:
        return SourcePatient.objects.get(hospital=self.at, fhir_id=self.fhir_id)


@pytest.fixture(scope="module")
def ward(server: str) -> Ward:
    return Ward(server)


def hits(browser: Browser, typed: str) -> dict[str, list[str]]:
    """{person: by what it was found} on the page."""
    page = browser.post("/patients/", {"q": typed}, follow=True, headers=ENGLISH).content.decode()
    return {
        li[0]: re.findall(r'class="by">([^<]+)<', li[1])
        for li in re.findall(r'<li><a href="/person/([0-9a-f-]{36})/[^"]*">(.*?)</li>', page)
    }


def own_ways(ward: Ward) -> dict[str, list[str]]:
    """What is typed, and what the page says of it; own patients alone."""
    phone, four = ward.phone, ward.number[-4:]
    return {
        "尉": ["by family name"],
        "ycsl": ["by initials"],
        "尉迟": ["by name"],
        "yuchi": ["by pinyin"],
        four: ["by the last four of the citizen number"],
        four.lower(): ["by the last four of the citizen number"],
        phone: ["by phone"],
        f"+86 {phone}": ["by phone"],
        f"{phone[:3]} {phone[3:7]} {phone[7:]}": ["by phone"],
        "0731-88126457": ["by phone"],
        "88126457": ["by phone"],
        "1958-03-02": ["by birth date"],
        "19580302": ["by birth date"],
        "58年3月2日": ["by birth date"],
        "1958年3月": ["by birth date"],
        "尉 1958": ["by name", "by birth date"],
        "yuchi 1958.3": ["by pinyin", "by birth date"],
        f"尉迟 {four}": ["by name", "by the last four of the citizen number"],
    }


def test_own_patients_are_found_by_all_that_is_typed_and_it_says_by_what(ward: Ward) -> None:
    for typed, why in own_ways(ward).items():
        assert hits(ward.doctor, typed).get(ward.person) == why, typed
    for typed, why in (
        (ward.number, ["by the citizen number"]),
        (ward.card, ["by a number"]),
        ("尉迟晟霖", ["by name"]),
    ):
        assert hits(ward.doctor, typed).get(ward.person) == why, typed


def test_what_does_not_fit_finds_nobody(ward: Ward) -> None:
    for typed in (
        "于",
        "1958-03-03",
        "1958年4月",
        "尉 1959",
        f"尉迟 {(int(ward.number[13:17]) + 1) % 10_000:04}",
        "王 1958",
        ward.phone[:-1] + str((int(ward.phone[-1]) + 1) % 10),
        ward.phone[:7],
    ):
        assert ward.person not in hits(ward.doctor, typed), typed


def test_strangers_are_found_by_none_of_these(ward: Ward) -> None:
    for typed in own_ways(ward):
        assert ward.person not in hits(ward.stranger, typed), typed
    for typed in (ward.number, ward.card, "尉迟晟霖"):
        assert ward.person in hits(ward.stranger, typed), f"the control: {typed}"


def test_what_is_asked_of_own_patients_alone_counts_as_no_search_for_strangers(ward: Ward) -> None:
    staff = alliance.make_staff(ward.far)
    browser = signed_in(staff)
    for typed in ("尉", "4321", "1958-03-02", "+86 19912645670"):
        assert not hits(browser, typed)
    assert not StrangerSearch.objects.filter(actor=str(staff.pk)).exists()
    hits(browser, "尉迟晟霖")
    assert StrangerSearch.objects.get(actor=str(staff.pk)).searches == 1, "the control"


def test_systems_are_answered_as_before(ward: Ward) -> None:
    for typed in (ward.number[-4:], ward.phone):
        assert ward.api("GET", f"Patient?identifier={typed}", base="alliance").json["total"] == 0, (
            typed
        )
    found = ward.api("GET", f"Patient?identifier={ward.number}", base="alliance")
    assert found.json["total"] == 1, "the control"


def test_the_log_keeps_what_was_found_and_not_what_was_typed(ward: Ward) -> None:
    staff = alliance.make_staff(ward.at)
    assert ward.person in hits(signed_in(staff), ward.phone)
    (line,) = list_audit_lines(
        AuditFilter(actor_kind="staff", actor=str(staff.pk), room="records"), None, 5
    )
    assert line["code"] == "records:person:find" and line["person"] == ward.person
    assert ward.phone not in repr(line)


def test_a_phone_that_is_no_longer_theirs_is_told_so(server: str) -> None:
    ward = Ward(server)
    changed = ward.sent | {
        "id": ward.fhir_id,
        "telecom": [{"system": "phone", "value": "19912645670"}],
    }
    assert ward.api("PUT", f"Patient/{ward.fhir_id}", changed).status == 200
    page = ward.doctor.post(
        "/patients/", {"q": ward.phone}, follow=True, headers=ENGLISH
    ).content.decode()
    assert ward.person in page and "by a former name or number" in page
    assert ward.person in hits(ward.doctor, "19912645670")


def test_of_a_family_name_the_newest_are_shown_and_that_there_are_more(world: None) -> None:
    at: Hospital = alliance.make_hospital("kin")
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH p AS (INSERT INTO records_person (id, created_at) SELECT gen_random_uuid(), now()"
            " FROM generate_series(1, 60) RETURNING id), s AS (INSERT INTO records_sourcepatient"
            " (hospital_id, fhir_id, home, person_id, name, gender, birth_date, registered,"
            " decided_by, confirmed, updated_at) SELECT %(at)s, left(id::text, 30), id, id,"
            " '尉迟' || left(id::text, 4), 'male', '', true, '', false, now() FROM p RETURNING id)"
            " INSERT INTO records_namekey (source_id, hospital_id, key, whole, former)"
            " SELECT id, %(at)s, 'F尉', false, false FROM s",
            {"at": at.pk},
        )
    page = (
        signed_in(alliance.make_staff(at))
        .post("/patients/", {"q": "尉"}, follow=True, headers=ENGLISH)
        .content.decode()
    )
    newest = list(
        SourcePatient.objects.filter(hospital=at)
        .order_by("-pk")
        .values_list("person_id", flat=True)
    )
    assert re.findall(r'href="/person/([0-9a-f-]{36})/', page) == [str(p) for p in newest[:50]]
    assert "These were registered last; there are more" in page


def test_the_best_match_comes_first(server: str) -> None:
    ward = Ward(server)
    beginning = make_patient("尉迟晟霖雨", "1970-01-05")
    ward.api.create(beginning)
    acting = alliance.get_staff_principal(alliance.make_staff(ward.at, Role.CLERK))
    assert [f.name for f in find_persons("尉迟晟霖", acting=acting)][:2] == [
        "尉迟晟霖",
        "尉迟晟霖雨",
    ]


def test_no_phone_and_no_last_four_can_be_read_from_the_index(server: str) -> None:
    ward = Ward(server)
    keys = set(NameKey.objects.filter(source=ward.source).values_list("key", flat=True))
    assert {k[0] for k in keys if k[0].isupper()} == {"P", "L", "F"}
    assert not [k for k in keys if ward.phone in k or ward.number[-4:] in k]
    other = Api(server, ward.far.code, credentials=alliance.make_credentials(ward.far))
    same = other.create(ward.sent).split("/")[1]
    assert {k for k in keys if k[0] in "PL"}.isdisjoint(
        NameKey.objects.filter(source__hospital=ward.far, source__fhir_id=same).values_list(
            "key", flat=True
        )
    ), "the same patient at another hospital"
