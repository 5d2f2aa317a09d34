"""The role table at the pages and the administration API: each role where it belongs, refused
elsewhere.
"""

import datetime as dt

import pytest
from django.utils import timezone

from alliance.models import Hospital, Staff
from alliance.roles import Role
from alliance.services.staffing import do_end_staff
from tests.factories import alliance
from tests.support.browser import signed_in
from tests.support.html import Browser

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
    "/alliance/administrator-clients/": {Role.ADMINISTRATOR},
    "/alliance/vouching/": {Role.PRIVACY, Role.AUDITOR, Role.ADMINISTRATOR},
    "/alliance/proposals/": {Role.ADMINISTRATOR},
    "/alliance/operations/": {Role.ADMINISTRATOR},
    "/api/proposals/": {Role.ADMINISTRATOR},
    "/api/hospitals/": {Role.ADMINISTRATOR},
    "/api/clients/": {Role.ADMINISTRATOR},
}
ROLES = [Role.CLINICIAN, Role.CLERK, Role.AUDITOR, Role.PRIVACY, Role.ADMINISTRATOR]


@pytest.mark.parametrize("role", ROLES)
def test_each_page_opens_to_its_roles_alone(world: None, role: Role) -> None:
    browser = signed_in(alliance.make_staff(alliance.make_hospital("role"), role, wide=True))
    for page, allowed in PAGES.items():
        assert browser.get(page).status_code == (200 if role in allowed else 403), (role, page)


def test_nobody_gets_in_without_signing_in(world: None) -> None:
    for page in PAGES:
        assert Browser().get(page).status_code in (302, 401, 403), page


def test_an_ended_employment_ends_the_session(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("end"))
    browser = signed_in(who)
    assert browser.get("/patients/").status_code == 200
    do_end_staff(who, reason="test", acting=alliance.OPERATOR)
    assert browser.get("/patients/").status_code == 302
    late = alliance.make_staff(alliance.make_hospital("late"))
    browser = signed_in(late)
    Staff.objects.filter(pk=late.pk).update(ends_on=timezone.localdate() - dt.timedelta(days=1))
    assert browser.get("/patients/").status_code == 302


def test_admit_enrol_register_suspend(world: None) -> None:
    at = alliance.make_hospital("adm")
    browser = signed_in(alliance.make_staff(at, Role.ADMINISTRATOR, wide=True))
    code = "new-" + at.code[-8:]
    made = browser.post(
        "/api/hospitals/",
        {"code": code, "name_zh": "新院", "name_en": "New", "tier": "community"},
        content_type="application/json",
    )
    assert made.status_code == 201
    client = browser.post(
        "/api/clients/", {"hospital": code, "name": "HIS"}, content_type="application/json"
    )
    assert client.status_code == 201 and client.json()["client_secret"]
    address = f"/api/clients/{client.json()['client_id']}/"
    assert (
        browser.delete(address).status_code == 400
        and browser.delete(
            address, {"reason": "replaced"}, content_type="application/json"
        ).status_code
        == 204
    )
    hospital = Hospital.objects.get(code=code)
    form = {
        "username": "x" + at.code[-8:],
        "name": "新人",
        "hospital": hospital.pk,
        "role": "clinician",
        "starts_on": "2026-01-01",
        "ends_on": "2099-01-01",
    }
    answer = browser.post("/alliance/staff/", form, follow=True).content.decode()
    assert (
        "x" + at.code[-8:] in answer
        and Staff.objects.get(user__username="x" + at.code[-8:]).user.must_change_password
    )
    assert (
        browser.put(
            f"/api/hospitals/{code}/suspension/",
            {"suspended": True},
            content_type="application/json",
        ).status_code
        == 400
    )
    assert (
        browser.put(
            f"/api/hospitals/{code}/suspension/",
            {"suspended": True, "reason": "test"},
            content_type="application/json",
        ).status_code
        == 200
    )
    assert not Hospital.objects.get(code=code).active


def test_a_hospitals_own_administrator_stays_in_his_hospital(world: None) -> None:
    own, other = alliance.make_hospital("mine"), alliance.make_hospital("theirs")
    browser = signed_in(alliance.make_staff(own, Role.ADMINISTRATOR))
    listed = [h["code"] for h in browser.get("/api/hospitals/").json()["results"]]
    assert listed == [own.code]
    assert (
        browser.post(
            "/api/clients/", {"hospital": other.code, "name": "x"}, content_type="application/json"
        ).status_code
        == 403
    )
    assert (
        browser.post(
            "/api/clients/", {"hospital": own.code, "name": "x"}, content_type="application/json"
        ).status_code
        == 201
    )
    assert (
        browser.post(
            "/api/hospitals/",
            {"code": "nope-x", "name_zh": "x", "name_en": "x", "tier": "community"},
            content_type="application/json",
        ).status_code
        == 403
    )


def test_the_page_of_a_systems_secret_is_its_own_hospitals(world: None) -> None:
    """Whoever asks for another's learns no name of a system either."""
    own, other = alliance.make_hospital("mine"), alliance.make_hospital("theirs")
    maker, colleague, stranger = (
        signed_in(alliance.make_staff(at, Role.ADMINISTRATOR)) for at in (own, own, other)
    )
    made = maker.post("/alliance/clients/", {"hospital": own.pk, "name": "HIS of mine"})
    answers = [who.get(made["Location"]) for who in (maker, colleague, stranger)]
    assert [a.status_code for a in answers] == [200, 410, 403]
    assert [b"HIS of mine" in a.content for a in answers] == [True, True, False]


def test_a_filter_that_is_not_understood_is_refused_not_widened(world: None) -> None:
    browser = signed_in(alliance.make_staff(alliance.make_hospital("flt"), Role.AUDITOR))
    assert browser.get("/audit/?start=2026-01-01").status_code == 200
    assert browser.get("/audit/?start=yesterday").status_code == 403
    stranger = alliance.make_staff(alliance.make_hospital("oth"))
    assert browser.get(f"/audit/?actor={stranger.pk}").status_code == 403
    assert (
        browser.post("/audit/export/", {"format": "csv", "start": "yesterday"}).status_code == 403
    )
