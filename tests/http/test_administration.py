"""The role table at the pages and the administration API: each role where it belongs, refused elsewhere."""

import datetime as dt

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client as Browser
from django.utils import timezone

from alliance.models import Hospital, Staff
from alliance.roles import Role
from alliance.services.staffing import do_end_staff
from tests.factories import alliance

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
# page -> roles that may open it
PAGES = {
    "/patients/": {Role.CLINICIAN, Role.CLERK, Role.PRIVACY},
    "/privacy/": {Role.PRIVACY},
    "/privacy/index/": {Role.PRIVACY},
    "/audit/policy/": {Role.ADMINISTRATOR},
    "/reviews/": {Role.CLERK},
    "/audit/": {Role.AUDITOR},
    "/alliance/hospitals/": {Role.ADMINISTRATOR},
    "/alliance/staff/": {Role.ADMINISTRATOR},
    "/alliance/clients/": {Role.ADMINISTRATOR},
    "/alliance/vouching/": {Role.PRIVACY, Role.AUDITOR, Role.ADMINISTRATOR},
    "/alliance/proposals/": {Role.ADMINISTRATOR},
    "/api/proposals/": {Role.ADMINISTRATOR},
    "/api/hospitals/": {Role.ADMINISTRATOR},
    "/api/clients/": {Role.ADMINISTRATOR},
}
ROLES = [Role.CLINICIAN, Role.CLERK, Role.AUDITOR, Role.PRIVACY, Role.ADMINISTRATOR]


def signed_in(who: Staff) -> Browser:
    if not who.user.authenticator_set.exists():
        TOTP.activate(who.user, SECRET)
    browser = Browser()
    browser.force_login(who.user, backend="alliance.auth.backend.StaffBackend")
    return browser


@pytest.mark.parametrize("role", ROLES)
def test_each_page_opens_to_its_roles_alone(world: None, role: Role) -> None:
    browser = signed_in(alliance.staff(alliance.hospital("role"), role, wide=True))
    for page, allowed in PAGES.items():
        assert browser.get(page).status_code == (200 if role in allowed else 403), (role, page)


def test_nobody_gets_in_without_signing_in(world: None) -> None:
    for page in PAGES:
        assert Browser().get(page).status_code in (302, 403), page


def test_an_ended_employment_ends_the_session(world: None) -> None:
    who = alliance.staff(alliance.hospital("end"))
    browser = signed_in(who)
    assert browser.get("/patients/").status_code == 200
    do_end_staff(who, reason="test", acting=alliance.OPERATOR)
    assert browser.get("/patients/").status_code == 302
    late = alliance.staff(alliance.hospital("late"))
    browser = signed_in(late)
    Staff.objects.filter(pk=late.pk).update(ends_on=timezone.localdate() - dt.timedelta(days=1))
    assert browser.get("/patients/").status_code == 302


def test_admit_enrol_register_suspend(world: None) -> None:
    at = alliance.hospital("adm")
    browser = signed_in(alliance.staff(at, Role.ADMINISTRATOR, wide=True))
    code = "new-" + at.code[-8:]
    made = browser.post("/api/hospitals/", {"code": code, "name_zh": "新院", "name_en": "New", "tier": "community"}, content_type="application/json")
    assert made.status_code == 201
    client = browser.post("/api/clients/", {"hospital": code, "name": "HIS"}, content_type="application/json")
    assert client.status_code == 201 and client.json()["client_secret"]
    address = f"/api/clients/{client.json()['client_id']}/"
    assert browser.delete(address).status_code == 400 and browser.delete(address, {"reason": "replaced"}, content_type="application/json").status_code == 204
    hospital = Hospital.objects.get(code=code)
    form = {"username": "x" + at.code[-8:], "name": "新人", "hospital": hospital.pk, "role": "clinician", "starts_on": "2026-01-01", "ends_on": "2099-01-01"}
    answer = browser.post("/alliance/staff/", form, follow=True).content.decode()
    assert "x" + at.code[-8:] in answer and Staff.objects.get(user__username="x" + at.code[-8:]).user.must_change_password
    assert browser.put(f"/api/hospitals/{code}/suspension/", {"suspended": True}, content_type="application/json").status_code == 400
    assert browser.put(f"/api/hospitals/{code}/suspension/", {"suspended": True, "reason": "test"}, content_type="application/json").status_code == 200
    assert not Hospital.objects.get(code=code).active


def test_a_hospitals_own_administrator_stays_in_his_hospital(world: None) -> None:
    own, other = alliance.hospital("mine"), alliance.hospital("theirs")
    browser = signed_in(alliance.staff(own, Role.ADMINISTRATOR))
    listed = [h["code"] for h in browser.get("/api/hospitals/").json()["results"]]
    assert listed == [own.code]
    assert browser.post("/api/clients/", {"hospital": other.code, "name": "x"}, content_type="application/json").status_code == 403
    assert browser.post("/api/clients/", {"hospital": own.code, "name": "x"}, content_type="application/json").status_code == 201
    assert browser.post("/api/hospitals/", {"code": "nope-x", "name_zh": "x", "name_en": "x", "tier": "community"}, content_type="application/json").status_code == 403


def test_a_filter_that_is_not_understood_is_refused_not_widened(world: None) -> None:
    browser = signed_in(alliance.staff(alliance.hospital("flt"), Role.AUDITOR))
    assert browser.get("/audit/?start=2026-01-01").status_code == 200
    assert browser.get("/audit/?start=yesterday").status_code == 403
    stranger = alliance.staff(alliance.hospital("oth"))
    assert browser.get(f"/audit/?actor={stranger.pk}").status_code == 403
    assert browser.post("/audit/export/", {"format": "csv", "start": "yesterday"}).status_code == 403
