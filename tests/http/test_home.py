"""The first page of everybody who works here: whom they deal with, and what waits for them."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from alliance.models import Department, Staff
from alliance.roles import Role
from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.audit.own_lines import OPENED_SQL, list_opened_persons
from consent.services.emergencies import do_break_glass
from consent.services.relationships import do_declare_relationship
from records.models import SourcePatient
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient, make_unique_name
from tests.support.browser import ENGLISH, signed_in
from tests.support.world import World, w

__all__ = ["w"]
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def home(who: Staff, query: str = "") -> str:
    reply = signed_in(who).get(f"/{query}", headers=ENGLISH)
    assert reply.status_code == 200
    return reply.content.decode()  # type: ignore[no-any-return]


def part(page: str, heading: str, end: str = "section") -> str:
    """The section with this heading; end: "li" for a number with its oldest."""
    found = re.search(rf"<h2>(?:<[^>]+>)?\s*{re.escape(heading)}.*?</{end}>", page, re.S)
    assert found, heading
    return found[0]


def test_a_doctors_recents_are_their_own_and_shown_as_they_may_be_today(w: World) -> None:
    doctor, colleague = alliance.make_staff(w.a), alliance.make_staff(w.a)
    name = SourcePatient.objects.filter(hospital=w.a).latest("pk").name
    assert name not in home(doctor)
    assert "You have opened no record" in home(doctor)
    signed_in(doctor).get(f"/person/{w.person}/")
    signed_in(doctor).get(f"/person/{w.person}/results/")
    recents = part(home(doctor), "Opened recently")
    assert recents.count(f"/person/{w.person}/") == 1, "each person once"
    assert name in recents
    assert name not in home(colleague), "nobody else's"
    known = SourcePatient.objects.filter(hospital=w.a, person_id=w.person)
    known.update(hospital=alliance.make_hospital("elsewhere"))
    assert name not in home(doctor), "the hospital does not know them any more: masked"
    assert f"/person/{w.person}/" in home(doctor), "the control"


def test_whom_the_first_page_names_stands_in_the_log(w: World) -> None:
    doctor = alliance.make_staff(w.a)
    signed_in(doctor).get(f"/person/{w.person}/")
    home(doctor)
    lines = list_audit_lines(AuditFilter(actor_kind="staff", actor=str(doctor.pk)), None, 5)
    told = [x for x in lines if x["code"] == "records:person:find"]
    assert [(x["target"], x["person"]) for x in told] == [("home", str(w.person))]
    searched = [x for x in lines if x["code"] == "records:record:search"]
    assert [x["detail"] for x in searched] == ["in hospital now"] * 2, "the rows, and their number"


def test_openings_are_found_by_the_actors_index(w: World) -> None:
    doctor = alliance.get_staff_principal(alliance.make_staff(w.a))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"EXPLAIN {OPENED_SQL}",
            {
                "staff": doctor.id,
                "hospital": doctor.hospital,
                "since": timezone.now() - dt.timedelta(days=30),
                "code": "records:record:open",
                "outcome": "success",
                "lines": 1000,
                "most": 10,
            },
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "actor_kind_actor_recorded_idx" in plan, plan
    assert list_opened_persons(doctor.id, doctor.hospital, 10) == []


def encounter(about: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": {"system": ACT, "code": "IMP"},
        "subject": {"reference": about},
        "period": {"start": timezone.now().isoformat()},
    } | more


def test_who_is_in_the_hospital_now_counted_paged_and_by_department(server: str) -> None:
    at, far = alliance.make_hospital("ward"), alliance.make_hospital("ward-far")
    api, other = (Api(server, h.code, credentials=alliance.make_credentials(h)) for h in (at, far))
    doctor = alliance.make_staff(at)
    Staff.objects.filter(pk=doctor.pk).update(department=None)
    names = [make_unique_name() for _ in range(12)]
    abouts = [api.create(make_patient(name)) for name in names]
    assert "Nobody. Your hospital" in home(doctor)
    for n, about in enumerate(abouts):
        start = (timezone.now() - dt.timedelta(hours=n + 1)).isoformat()
        api.create(encounter(about, period={"start": start}))
    gone, visitor, stranger = make_unique_name(), make_unique_name(), make_unique_name()
    api.create(encounter(api.create(make_patient(gone)), status="finished"))
    visit = {"system": ACT, "code": "AMB"}
    api.create(encounter(api.create(make_patient(visitor))) | {"class": visit})
    other.create(encounter(other.create(make_patient(stranger))))
    page = home(doctor)
    ward = part(page, "In your hospital now")
    assert "<small>12</small>" in ward
    assert [n for n in names if n in ward] == names[:10], "the last admitted first"
    assert not [n for n in (gone, visitor, stranger) if n in page]
    after = re.search(r'href="\?(after=[^"]+)"', page)
    assert after
    following = part(home(doctor, f"?{after[1]}"), "In your hospital now")
    assert [n for n in names if n in following] == names[10:]
    assert names[0] in home(doctor, "?after=altered"), "from the beginning"

    department = Department.objects.create(
        hospital=at, code="cardio", name_zh="心内科", name_en="Cardiology"
    )
    Staff.objects.filter(pk=doctor.pk).update(department=department)
    assert "In your hospital now" in home(doctor), "no encounter says a department"
    api("PUT", "Organization/cardio", {"resourceType": "Organization", "id": "cardio", "name": "x"})
    here = make_unique_name()
    provider = {"serviceProvider": {"reference": "Organization/cardio"}}
    api.create(encounter(api.create(make_patient(here)), **provider))
    narrowed = part(home(doctor), "In your department now")
    assert here in narrowed
    assert "<small>1</small>" in narrowed
    assert names[0] in part(home(doctor, "?all=1"), "In your hospital now")


def test_a_doctor_sees_open_emergencies_and_treatment_that_ends(w: World) -> None:
    doctor = alliance.make_staff(w.a)
    acting = alliance.get_staff_principal(doctor)
    assert "Open to you in an emergency" not in home(doctor)
    do_break_glass(
        w.person,  # type: ignore[arg-type]
        ground="rescue",
        reason="unconscious",
        hours=1,
        acting=acting,
        sources=source_patients.sources_of_person(w.person),  # type: ignore[arg-type]
    )
    assert f"/person/{w.person}/" in part(home(doctor), "Open to you in an emergency")
    assert "Open to you in an emergency" not in home(alliance.make_staff(w.a)), "another's"
    declared = do_declare_relationship(w.person, reason="ward", acting=acting)  # type: ignore[arg-type]
    type(declared).objects.filter(pk=declared.pk).update(
        ends_at=timezone.now() + dt.timedelta(hours=5)
    )
    ending = part(home(doctor), "Declared treatments ending soon", "li")
    assert '<b class="number">1</b>' in ending
    assert "the first ends in 4 h" in ending or "the first ends in 5 h" in ending

    officer = alliance.make_staff(w.a, Role.PRIVACY)
    due = part(home(officer), "Emergency accesses to review", "li")
    assert '<b class="number">1</b>' in due
    assert "the oldest waits for" in due
    elsewhere = alliance.make_staff(alliance.make_hospital("else"), Role.PRIVACY)
    assert "Every emergency access has its finding." in home(elsewhere)


EXPECTED = {
    Role.CLINICIAN: ("Opened recently", "In your hospital now", "Find"),
    Role.CLERK: (
        "Pairs that may be one patient",
        "Compared with only some",
        "Mappings of local codes",
        "Find",
    ),
    Role.PRIVACY: ("Emergency accesses to review", "Refusals that are to end", "Find"),
    Role.AUDITOR: ("Is the log intact?", "Exports of the log", "Refused since yesterday"),
    Role.ADMINISTRATOR: ("Suspended hospitals", "Proposals that wait", "Operation"),
}


@pytest.mark.parametrize("role", EXPECTED)
def test_each_role_has_its_own_and_nothing_of_another(world: None, role: Role) -> None:
    page = home(alliance.make_staff(alliance.make_hospital("role"), role, wide=True))
    for words in EXPECTED[role]:
        assert words in page, words
    others = {h for r, words in EXPECTED.items() if r is not role for h in words[:2]}
    assert not [h for h in others - set(EXPECTED[role]) if h in page]


def test_an_unvouched_account_has_a_first_page(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("new"), Role.CLERK)
    Staff.objects.filter(pk=who.pk).update(vouched_at=None)
    assert "Nobody has vouched for your account yet" in home(who)
