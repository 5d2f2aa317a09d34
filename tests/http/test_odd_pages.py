"""Pages take odd input: they answer with a page that says what is wrong, never with a failure of the server."""

import uuid

import pytest

from alliance.roles import Role
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import Api, patient
from tests.http.test_administration import signed_in

ODD = ["\x00", "\x00张", "x" * 20_000, "' OR 1=1 --", "%", "_", "\\", "張" * 500, "😀", "\u202e", "<script>alert(1)</script>", "-1", "1e999", "9" * 400]


@pytest.mark.parametrize("odd", ODD)
def test_odd_words(world: None, odd: str) -> None:
    at = alliance.hospital("odd")
    doctor, clerk, auditor, admin = (signed_in(alliance.staff(at, role, wide=True)) for role in (Role.CLINICIAN, Role.CLERK, Role.AUDITOR, Role.ADMINISTRATOR))
    person, who = uuid.uuid4(), alliance.staff(at)
    answers = [
        doctor.post("/patients/", {"q": odd}), doctor.get("/patients/", {"q": odd}), doctor.get(f"/person/{person}/", {"x": odd}),
        doctor.post(f"/person/{person}/treat/", {"reason": odd}), doctor.post(f"/person/{person}/emergency/", {"ground": odd, "reason": odd, "hours": odd, "sure": odd}),
        clerk.post("/reviews/1/", {"same": odd}), clerk.post(f"/person/{person}/consent/", {"effect": odd, "evidence": odd, "until": odd, "source": odd, "method": odd}),
        auditor.get("/audit/", {"start": odd, "person": odd, "actor": odd, "outcome": odd, "before": odd}), auditor.get("/audit/", {"before": odd}),
        auditor.post("/audit/patient/", {"q": odd}), auditor.post("/audit/export/", {"format": odd}),
        admin.post("/alliance/hospitals/", {"code": odd, "name_zh": odd, "name_en": odd, "tier": odd, "admitted_on": odd, "credit_code": odd}),
        admin.post("/alliance/staff/", {"username": odd, "name": odd, "hospital": odd, "role": odd, "ends_on": odd, "title": odd}),
        admin.post("/alliance/hospitals/nowhere/suspend/", {"reason": odd}), admin.post("/alliance/staff/999999999/end/", {"x": odd}),
        admin.post("/alliance/clients/nobody/revoke/"), clerk.post("/decisions/999999999/undo/", {"back": odd}), clerk.get("/reviews/999999999/"),
        clerk.post("/reviews/999999999/verdict/", {"verdict": odd, "note": odd}), clerk.post(f"/person/{person}/identity/999999999/confirm/"), clerk.get("/reviews/next/", {"after": odd}),
        clerk.post(f"/person/{person}/consent/999999999/withdraw/"),
        admin.get("/alliance/staff/", {"q": odd, "hospital": odd, "role": odd, "state": odd, "page": odd}), admin.get("/alliance/staff/", {"page": "2", "q": odd}),
        *(admin.post(f"/alliance/staff/{who.pk}/{page}/", {"reason": odd, "lost": odd, "ends_on": odd, "name": odd, "title": odd, "hospital": odd, "department": odd, "role": odd, "version": odd})
          for page in ("change", "reset", "end", "return")),
        admin.post(f"/alliance/hospitals/{at.code}/change/", {"name_zh": odd, "name_en": odd, "tier": odd, "leaves_on": odd}),
        admin.post("/alliance/clients/", {"hospital": odd, "name": odd}), admin.post("/language/", {"language": odd, "next": odd}),
        admin.post("/api/hospitals/", {"code": odd}, content_type="application/json"), admin.get("/api/hospitals/", {"limit": odd, "offset": odd}),
        admin.get("/static/" + odd[:500].replace("\x00", "%00")), admin.get("/" + odd[:500].replace("\x00", "%00")),
    ]
    for answer in answers:
        assert answer.status_code < 500, (answer.request["PATH_INFO"], answer.status_code)
        assert odd != "<script>alert(1)</script>" or odd.encode() not in getattr(answer, "content", b""), "escaped"


def test_what_is_not_there_has_the_page_that_says_so(world: None) -> None:
    clerk = signed_in(alliance.staff(alliance.hospital("odd"), Role.CLERK))
    for path in ("/reviews/999999999/", f"/person/{uuid.uuid4()}/identity/", "/nowhere/"):
        answer = clerk.get(path, headers={"Accept-Language": "en"})
        assert answer.status_code == 404 and b"There is no such page" in answer.content, path


def test_a_refusal_is_told_in_the_readers_language(server: str) -> None:
    at, elsewhere = alliance.hospital("odd"), alliance.hospital("elsewhere")
    known = Api(server, elsewhere.code, credentials=alliance.credentials(elsewhere)).create(patient()).split("/")[1]
    person = SourcePatient.objects.get(hospital=elsewhere, fhir_id=known).person_id
    clerk = signed_in(alliance.staff(at, Role.CLERK))
    for page, zh, en in ((f"/person/{person}/consent/", "该患者未在本院登记，本院目前也未接诊。", "This patient is not registered at your hospital and not being treated there."),
                         ("/privacy/", "您的角色不包含此页面。", "Your role does not include this page.")):
        told = {tongue: clerk.get(page, headers={"Accept-Language": tongue}) for tongue in ("zh-hans", "en")}
        assert {a.status_code for a in told.values()} == {403} and zh in told["zh-hans"].content.decode() and en in told["en"].content.decode(), page


def test_the_address_of_a_form_asked_for_by_hand_is_no_empty_page(world: None) -> None:
    auditor = signed_in(alliance.staff(alliance.hospital("odd"), Role.AUDITOR, wide=True))
    for address in ("/audit/verify/", "/audit/export/"):
        told = auditor.get(address)
        assert told.status_code == 405 and told["Allow"] == "POST" and 'href="/"' in told.content.decode()
    assert auditor.post("/audit/verify/").status_code == 302, "the control"
