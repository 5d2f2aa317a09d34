"""The auditor's pages of one of the staff, of a hospital and of a patient's days: who may open
them, whether their numbers are those of the lines, and what they make of odd addresses.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from alliance.models import Hospital, Staff
from alliance.roles import Role
from consent.audit.append import append_event
from consent.audit.day_span import DaySpan, span_until
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.hospital_activity import count_hospital_activity
from consent.audit.staff_activity import PatientWays, compute_peer_median, count_staff_activity
from consent.models import Emergency
from tests import draws
from tests.factories import alliance
from tests.support.browser import signed_in
from tests.support.html import Browser, page_words

pytestmark = pytest.mark.usefixtures("world")
ENGLISH = {"Accept-Language": "en"}


@dataclass
class Scene:
    """A doctor at one hospital and a colleague; somebody of another one. persons: four patients of
    whom no hospital knows a name.
    """

    at: Hospital
    there: Hospital
    doctor: Staff
    colleague: Staff
    reader: Staff
    persons: list[UUID]

    def write(self, who: Staff, code: EventCode, request: str = "", **more: Any) -> None:
        append_event(
            AuditEvent(
                **{"purpose": "TREAT"} | more,
                code=code,
                actor_kind="staff",
                actor=str(who.pk),
                actor_hospital=who.hospital.code,
                role=who.role,
                request_id=request or draws.token_hex(8),
                address="192.0.2.9",
            )
        )


@pytest.fixture
def scene(world: None) -> Scene:
    """Seven acts of the doctor, about four patients; two of the colleague; one of the reader."""
    at, there = alliance.make_hospital("views"), alliance.make_hospital("views-there")
    s = Scene(
        at,
        there,
        alliance.make_staff(at),
        alliance.make_staff(at),
        alliance.make_staff(there),
        [uuid4() for _ in range(4)],
    )
    opened, request = EventCode.RECORD_OPEN, draws.token_hex(8)
    own, other = (f"{at.code}/Observation/1/1",), (f"{there.code}/Observation/2/1",)
    first, second, third, fourth = s.persons
    s.write(s.doctor, opened, request, person=first, refs=own)
    s.write(s.doctor, EventCode.PERSON_READ, request, person=first)
    s.write(s.doctor, opened, person=first, refs=own + other)
    s.write(s.doctor, opened, person=second, refs=other, purpose="BTG")
    request = draws.token_hex(8)
    s.write(s.doctor, EventCode.RELATION_DECLARE, request, person=second)
    s.write(s.doctor, EventCode.RECORD_SEARCH, request, person=third)  # nothing is found
    refused = {"outcome": AuditOutcome.REFUSED, "reason": "no_relationship", "person": third}
    s.write(s.doctor, opened, **refused)
    s.write(s.doctor, opened, **refused, detail="39 more")
    s.write(s.doctor, EventCode.RECORD_SEARCH, persons=(first, fourth), refs=own)
    for _ in range(2):
        s.write(s.colleague, opened, person=first, refs=own)
    s.write(s.reader, opened, person=first, refs=own, purpose="BTG")
    return s


def today() -> DaySpan:
    return span_until(timezone.localdate(), 2)  # a test may run over midnight


def read(browser: Browser, path: str, **query: Any) -> str:
    reply = browser.get(path, query, headers=ENGLISH)
    assert reply.status_code == 200
    return str(reply.content.decode())


def auditor_of(at: Hospital, **more: Any) -> Browser:
    return signed_in(alliance.make_staff(at, Role.AUDITOR, **more))


def test_what_one_of_the_staff_did_is_counted_from_their_lines(scene: Scene) -> None:
    activity = count_staff_activity(str(scene.doctor.pk), today(), None)
    assert activity.acts == 7 and sum(activity.by_day.values()) == 7
    assert activity.refusals == [("no_relationship", 40)], "those within the minute, too"
    assert activity.ways == PatientWays(
        opened=3, own=2, treated=1, emergency=1, without=1, declared=1
    )
    assert next((p.person, p.acts) for p in activity.patients) == (scene.persons[0], 3)
    assert activity.all_patients == len(activity.patients) == 4
    assert {p.person for p in activity.patients if p.emergency} == {scene.persons[1]}
    assert {p.person for p in activity.patients if p.refused} == {scene.persons[2]}
    assert [(a, n) for a, n, _last in activity.addresses] == [("192.0.2.9", 7)]
    assert activity.nights in {7, 0} or 0 < activity.nights < 7, "of a test that runs at ten"
    assert compute_peer_median([str(scene.colleague.pk)], today(), None) == (2, 1)
    earlier = DaySpan(dt.date(2020, 1, 1), dt.date(2020, 1, 31))
    assert count_staff_activity(str(scene.doctor.pk), earlier, None).acts == 0
    assert compute_peer_median([str(scene.colleague.pk)], earlier, None) == (None, 0)
    others = count_staff_activity(str(scene.doctor.pk), today(), [scene.there.code])
    assert others.acts == 0, "what was done for hospitals that are not audited"


def test_a_hospital_is_counted_in_windows_as_in_one(scene: Scene) -> None:
    code = scene.at.code
    activity = count_hospital_activity(code, today())
    assert activity.back_to is None and activity.lines >= 10
    role = Role.CLINICIAN.value
    assert activity.by_kind["read"][role] == 9 and activity.by_kind["patient"][role] == 1
    assert activity.staff == {str(scene.doctor.pk): 9, str(scene.colleague.pk): 2}
    assert activity.refusals["no_relationship"] == 40
    doctor = str(scene.doctor.pk)
    assert activity.opens == {doctor: 2} and activity.broken[doctor] == 1
    assert activity.read_by == {(scene.there.code, role, True): 1}
    late = count_hospital_activity(code, today(), seconds=0)
    assert late.back_to is None or late.lines <= activity.lines


def test_who_may_open_a_page_of_staff_or_hospital(scene: Scene) -> None:
    pages = (f"/audit/staff/{scene.doctor.pk}/", f"/audit/hospital/{scene.at.code}/")
    own, wide = auditor_of(scene.at), auditor_of(scene.there, wide=True)
    stranger, clinician = auditor_of(scene.there), signed_in(scene.doctor)
    for page in pages:
        assert own.get(page).status_code == wide.get(page).status_code == 200, "the control"
        assert stranger.get(page).status_code == 404
        assert clinician.get(page).status_code == 403
        assert Browser().get(page).status_code == 302
    assert own.get("/audit/staff/999999999/").status_code == 404
    assert own.get(f"/audit/staff/{10**30}/").status_code == 404
    assert own.get("/audit/hospital/nowhere/").status_code == 404


def test_the_page_of_staff_says_who_and_names_patients_with_a_line(scene: Scene) -> None:
    made = Emergency.objects.create(
        person=scene.persons[1],
        staff=scene.doctor,
        hospital=scene.at,
        ground="rescue",
        reason="made up",
        opened_at=timezone.now(),
        until=timezone.now(),
        finding="doubtful",
    )
    browser = auditor_of(scene.at)
    page = read(browser, f"/audit/staff/{scene.doctor.pk}/")
    made.delete()  # of nobody whom the index knows: officers' lists would lead there
    words = page_words(page)
    assert scene.doctor.user.username in words and "· vouched for 2" in words
    assert "median of 1 colleague of this role and hospital: 2 acts on a day" in words
    assert "Doubtful: to be explained 1" in words
    assert '<svg viewBox="0 0 900 190" role="img" aria-label="Acts a day from' in page
    for person in scene.persons:
        assert f"actor={scene.doctor.pk}&amp;person={person}&amp;start=" in page
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.target, array_agg(p.person) FROM consent_audit_event e"
            " JOIN consent_audit_person p ON p.event = e.id WHERE e.code = %s"
            " AND e.actor_hospital = %s GROUP BY e.id, e.target",
            [EventCode.AUDIT_READ, scene.at.code],
        )
        [(target, persons)] = cursor.fetchall()
    assert target == f"staff/{scene.doctor.pk}" and set(persons) == set(scene.persons)


def test_the_page_of_a_hospital_points_at_rules_and_names_nobody_elsewhere(scene: Scene) -> None:
    page = read(auditor_of(scene.at), f"/audit/hospital/{scene.at.code}/")
    words = page_words(page)
    assert "look at the rules before the doctors" in words and "50.0%" in words
    assert str(scene.there.name_en) in words, "who read its records, by hospital"
    assert scene.reader.user.username not in words
    assert f"/audit/staff/{scene.doctor.pk}/?start=" in page
    quiet = read(
        auditor_of(scene.at),
        f"/audit/hospital/{scene.at.code}/",
        start="2020-01-01",
        end="2020-01-31",
    )
    assert "look at the rules before the doctors" not in quiet, "the control"


def test_a_patients_days_stand_above_their_lines(scene: Scene) -> None:
    page = read(auditor_of(scene.at), "/audit/", person=scene.persons[1])
    assert "Who, day by day" in page and scene.doctor.user.username in page
    days = page_words(page[page.index("Who, day by day") : page.index("<table")])
    assert "emergency access" in days and "192.0.2.9" in days and "declared treatment" in days
    assert "Who, day by day" not in read(auditor_of(scene.at), "/audit/")
    stranger = read(auditor_of(scene.there), "/audit/", person=scene.persons[1])
    assert "Nobody in these days." in stranger and scene.doctor.user.username not in stranger


@pytest.mark.parametrize(
    "query",
    [
        {"start": "yesterday"},
        {"end": "2026-13-45"},
        {"start": "2026-02-02", "end": "2026-02-01"},
        {"start": "2001-01-01"},
        {"end": "9999-12-31"},
        {"end": "0001-01-01"},
        {"start": "0001-01-01", "end": "9999-12-31"},
    ],
)
def test_days_that_are_none_are_told_so(scene: Scene, query: dict[str, str]) -> None:
    browser = auditor_of(scene.at)
    for page in (f"/audit/staff/{scene.doctor.pk}/", f"/audit/hospital/{scene.at.code}/"):
        reply = browser.get(page, query, headers=ENGLISH)
        assert reply.status_code == 400 and 'role="alert"' in reply.content.decode()
        assert browser.get(page, {"start": "2999-01-01"}).status_code == 200, "none yet"
    assert browser.get("/audit/", {"end": "9999-12-31"}).status_code == 403
