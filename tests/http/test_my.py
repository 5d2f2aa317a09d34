"""The patient's own page: the way in, his decisions, what others would see, who looked; and that it opens nothing else."""

import re

import pytest
from django.test import Client as Browser
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.roles import Role
from consent.audit.query import Filter, page
from consent.models import Directive, PatientAccess
from consent.services import accesses
from consent.services.accesses import do_give_access
from consent.services.directives import do_record_directive
from consent.services.emergencies import do_break_glass
from consent.services.relationships import do_declare_relationship
from consent.templates import Choice, Template, consent
from consent.terms import Refused
from records.interactions.ask import base
from records.interactions.record import open_record
from records.mpi import sources
from tests.factories import alliance
from tests.factories.access import PASSPHRASE, opened
from tests.factories.consents import signed
from tests.factories.fhir import patient, somebody
from tests.factories.ties import stand_behind, tie
from tests.http.test_persons import lines_of, signed_in
from tests.leaks.test_shared_record import World, related, w

__all__ = ["w"]
ENGLISH = {"Accept-Language": "en"}


def code_for(w: World) -> str:
    return opened(w.person, w.clerk)[0]  # type: ignore[arg-type]


def enter(code: str, birth: str = "1958-03-12", secret: str = PASSPHRASE) -> Browser:
    browser = Browser(headers=ENGLISH)
    browser.post("/my/sign-in/", {"code": code, "birth_date": birth, "secret": secret})
    return browser


def test_the_patient_decides_and_sees_who_looked(w: World) -> None:
    related(w)
    browser = enter(code_for(w).lower().replace("-", " "))
    assert w.seen() == set()
    sight = browser.post("/my/", {"template": "only", "recipients": w.a.code, "read": "1"}).content.decode()
    row = re.search(rf"<td>{w.a}</td><td><b>(\d+)</b></td><td>.*?(\d+)</summary><small>(.*?)</small></details></td><td>(\d+)</td>", sight)
    assert row and row.groups() == ("3", "1", "Results 1", "1"), "A's own Patient, and B's Patient and plain Observation; not the sensitive one"
    assert f"{w.a} may see the records of every hospital, except specially protected ones" in sight, "read back before it is saved"
    assert w.seen() == set(), "what is read back is not saved"
    form = {"template": "only", "recipients": w.a.code, "instead": "on"}
    assert browser.post("/my/", form | {"save": "1"}).status_code == 200 and w.seen() == set(), "nothing is saved that was not read back"
    assert signed(browser, "/my/", form).status_code == 302
    made = Directive.objects.get(person__in=[s.home for s in sources.of_person(w.person)])  # type: ignore[arg-type]
    stand_behind(made, w.person)  # type: ignore[arg-type]
    assert w.seen() == {f"{w.b.code}/{w.plain}"}
    do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
    page = browser.get("/my/").content.decode()
    assert "searched records" in page and str(w.a) in page and "unconscious" in page and "under review" in page
    assert "Withdraw this decision?" in browser.get(f"/my/consent/{made.pk}/withdraw/").content.decode() and w.seen(), "asked once more"
    assert browser.post(f"/my/consent/{made.pk}/withdraw/", {"reason": ""}).status_code == 302, "patients need not say why"
    assert browser.get(f"/my/consent/{made.pk}/withdraw/").status_code == 404, "once"
    assert w.seen() == set()
    assert set(lines_of(f"directive/{made.pk}")) >= {"consent:directive:record", "consent:directive:read", "consent:directive:withdraw"}


def test_wrong_birth_dates_end_a_code(w: World) -> None:
    code = code_for(w)
    for _ in range(4):
        assert enter(code, "1958-03-13").get("/my/").status_code == 302
    assert enter(code).get("/my/").status_code == 200, "the control; and a right one forgives"
    for _ in range(5):
        enter(code, "1958-03-13")
    assert enter(code).get("/my/").status_code == 302
    fresh = code_for(w)
    browser = enter(fresh)
    assert browser.get("/my/").status_code == 200
    code_for(w)
    assert browser.get("/my/").status_code == 302, "a new code that is in use ends the one before, and its sessions"
    PatientAccess.objects.filter(closed_at=None).update(expires_at=timezone.now())
    assert enter("AAAA-AAAA-AAAA").get("/my/").status_code == 302
    assert any(x["reason"] == "unknown_code" and x["outcome"] == "refused" for x in page(Filter(), None, 20)), "a code that nobody has is in the log"


def test_a_patients_session_opens_nothing_else(w: World) -> None:
    browser = enter(code_for(w))
    for path in ("/patients/", f"/person/{w.person}/", f"/person/{w.person}/consent/", "/audit/", "/privacy/"):
        assert browser.get(path).status_code in (302, 403), path
    stranger = w.hold.create(patient(somebody()))
    other = sources.look_up(w.b.pk, [stranger.split("/")[1]])[stranger.split("/")[1]]
    acting = accesses.principal(accesses.every(w.person, sources.of_person(w.person)).get())  # type: ignore[arg-type]
    assert acting.factor == "full"
    with pytest.raises(Forbidden):
        do_record_directive(other.person, consent(Choice(Template.SHARE)), method="online", evidence="", sources=sources.of_person(other.person), acting=acting)
    for person in (w.person, other.person):
        with pytest.raises(Refused):
            open_record(base(acting, "alliance", ""), person, {"Observation": 9}, "")  # type: ignore[arg-type]


def test_only_who_knows_the_patient_gives_a_code(w: World) -> None:
    far = alliance.principal(alliance.staff(alliance.hospital("far"), Role.CLERK))
    with pytest.raises(Forbidden):
        do_give_access(w.person, sources=sources.of_person(w.person), acting=far)  # type: ignore[arg-type]


def test_a_refusal_is_not_asked_again(w: World) -> None:
    related(w)
    doctor = signed_in(alliance.staff(w.a))
    path = f"/person/{w.person}/"
    assert f"/person/{w.person}/consent/" in doctor.get(path, headers=ENGLISH).content.decode().split("<nav class=\"tabs\"")[0], "the control: he may be asked"
    w.permit(effect="deny")
    page = doctor.get(path, headers=ENGLISH).content.decode().split("<nav class=\"tabs\"")[0]
    assert "Do not ask them again" in page and f"/person/{w.person}/consent/" not in page


def test_the_patient_and_the_auditor_are_told_why(w: World) -> None:
    related(w)
    permit = w.permit()
    page = enter(code_for(w)).get("/my/").content.decode()
    assert "Who may see my records now, and why" in page and f"decision no. {permit.pk}" in page and "It is not treating you at present." in page
    doctor = alliance.staff(w.a)
    path = f"/person/{w.person}/why/{doctor.pk}/"
    told = signed_in(alliance.staff(w.a, Role.AUDITOR)).get(path, headers=ENGLISH).content.decode()
    assert "The patient has consented." in told and f"decision no. {permit.pk}" in told and doctor.name in told
    assert signed_in(alliance.staff(w.b, Role.AUDITOR)).get(path).status_code == 404, "another hospital's auditor"
    assert signed_in(doctor).get(path).status_code == 403


def test_a_clinician_who_has_declared_treatment_stands_there_by_name(w: World) -> None:
    third = alliance.hospital("third")
    doctor = alliance.staff(third)
    w.permit(recipient_id=None)
    patient_ = enter(code_for(w))
    doors = "Who may see my records now, and why"
    assert doctor.name not in patient_.get("/my/").content.decode().split(doors)[1].split("Who looked at my records")[0], "the control"
    do_declare_relationship(w.person, reason="ward", acting=alliance.principal(doctor))  # type: ignore[arg-type]
    tie(w.person, third)  # type: ignore[arg-type]
    line = patient_.get("/my/").content.decode().split(doors)[1].split(f" · {doctor.name}")[1].split("everybody else")[0]
    assert "a part of the records" in line and "nothing" not in line


def test_a_guardian_decides_for_a_child(w: World) -> None:
    born = f"{timezone.localdate().year - 5}-03-12"
    child = w.hold.create(patient(somebody(), birth=born))
    person = sources.look_up(w.b.pk, [child.split("/")[1]])[child.split("/")[1]].person
    code, _passphrase = opened(person, w.clerk)
    browser = enter(code, born)
    assert "This field is required" in signed(browser, "/my/", {"template": "share"}).content.decode() and not Directive.objects.filter(person=person).exists()
    assert signed(browser, "/my/", {"template": "share"}, guardian="王芳").status_code == 302
    assert Directive.objects.get(person=person).guardian == "王芳"
    clerk = signed_in(alliance.staff(w.b, Role.CLERK))
    form = {"template": "share", "method": "paper", "evidence": "x"}
    assert "a guardian signs (PIPL 31)" in signed(clerk, f"/person/{person}/consent/", form).content.decode()
    assert signed(clerk, f"/person/{person}/consent/", form, guardian="王芳").status_code == 302
