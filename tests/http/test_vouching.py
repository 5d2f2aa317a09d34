"""Whoever makes an account could use it: until another has seen the person it reaches its own
hospital alone. Each refusal beside what is allowed.
"""

import re

import pytest

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.models import Staff
from alliance.roles import UNVOUCHED_PERMISSIONS, Permission, Role, permissions_of
from alliance.services.credentials import do_reset_credentials
from alliance.services.staffing import do_change_staff
from consent.services.emergencies import do_break_glass
from records.operations.shared_record import open_record
from records.requests.fhir_request import build_fhir_request
from tests.factories import alliance
from tests.support.accounts import enrol, set_up
from tests.support.audit_lines import told
from tests.support.browser import signed_in
from tests.support.vouching import fresh, observations, vouch
from tests.support.world import World, related, w

__all__ = ["w"]


def test_an_account_reaches_other_hospitals_once_somebody_else_has_vouched(w: World) -> None:
    related(w)
    w.permit()
    admin, officer = (
        alliance.make_staff(w.a, Role.ADMINISTRATOR),
        alliance.make_staff(w.a, Role.PRIVACY),
    )
    who = set_up(enrol(w.a, alliance.get_staff_principal(admin)))
    opened = open_record(
        build_fhir_request(alliance.get_staff_principal(who), "alliance", ""),
        w.person,
        {"Observation": 9},
        "",
    )  # type: ignore[arg-type]
    assert (
        not opened.rows["Observation"]
        and opened.scope.withheld == ("unvouched",)
        and opened.scope.urgent
    )
    browser = signed_in(who)
    page = browser.get(f"/person/{w.person}/", headers={"Accept-Language": "en"}).content.decode()
    assert page.count("vouched for your account") == 2, (
        "on the page of a record, and above every page"
    )
    assert officer.name in browser.get("/account/").content.decode()
    vouch(who, officer)
    assert (
        observations(w, fresh(who)) == 1 and browser.get(f"/person/{w.person}/").status_code == 200
    ), "the control, in the session that is open"
    do_reset_credentials(
        who, second_factor=False, reason="forgotten", acting=alliance.get_staff_principal(admin)
    )
    assert observations(w, fresh(who)) == 0
    do_break_glass(
        w.person,
        ground="rescue",
        reason="unconscious",
        hours=1,
        acting=alliance.get_staff_principal(fresh(who)),
    )  # type: ignore[arg-type]
    assert observations(w, fresh(who)) == 2, "an emergency opens, with its trail"


@pytest.mark.parametrize(
    "role", [Role.CLINICIAN, Role.CLERK, Role.AUDITOR, Role.PRIVACY, Role.ADMINISTRATOR]
)
def test_the_role_table_refuses_who_has_nobody_behind_them(world: None, role: Role) -> None:
    at = alliance.make_hospital("bare")
    admin = alliance.make_staff(at, Role.ADMINISTRATOR, wide=True)
    alliance.make_staff(at, Role.AUDITOR)
    who = set_up(enrol(at, alliance.get_staff_principal(admin), role))
    acting = alliance.get_staff_principal(who)
    assert {p for p in Permission if acting.may(p)} == permissions_of(role) & UNVOUCHED_PERMISSIONS
    browser, pages = (
        signed_in(who),
        (
            "/reviews/",
            "/privacy/",
            "/audit/",
            "/alliance/staff/",
            "/alliance/hospitals/",
            "/alliance/clients/",
            "/alliance/vouching/",
            "/api/clients/",
        ),
    )
    assert {browser.get(p).status_code for p in pages} == {403}
    assert (
        browser.get("/", follow=True).status_code == 200
        and browser.get("/account/").status_code == 200
    )
    alliance.mark_vouched(who)
    opened = {p for p in pages if browser.get(p).status_code == 200}
    assert bool(opened) is (role is not Role.CLINICIAN), "the control"


def test_the_officers_page(world: None) -> None:
    at = alliance.make_hospital("page")
    admin, officer = (
        alliance.make_staff(at, Role.ADMINISTRATOR),
        alliance.make_staff(at, Role.AUDITOR),
    )
    who = enrol(at, alliance.get_staff_principal(admin))
    browser = signed_in(officer)

    def page() -> str:
        return str(
            browser.get("/alliance/vouching/", headers={"Accept-Language": "en"}).content.decode()
        )

    assert (
        who.user.username in page()
        and admin.name in page()
        and f'name="staff" value="{who.pk}"' not in page()
    ), "not before they have signed in"
    set_up(who)
    seen = re.search(r'name="seen" value="([^"]+)"', page())[1]  # type: ignore[index]
    form = {"staff": who.pk, "seen": seen, "ground": "card"}
    assert browser.post("/alliance/vouching/", form | {"ground": "hearsay"}).status_code == 403
    do_change_staff(who, role=Role.CLERK.value, acting=alliance.get_staff_principal(admin))
    stale = browser.post("/alliance/vouching/", form, follow=True)
    assert b"note error" in stale.content and not fresh(who).vouched, (
        "what was shown is not what stands there now"
    )
    seen = re.search(r'name="seen" value="([^"]+)"', page())[1]  # type: ignore[index]
    assert (
        browser.post("/alliance/vouching/", form | {"seen": seen}, follow=True).status_code == 200
    )
    assert (
        fresh(who).vouched
        and fresh(who).vouched_by_id == officer.pk
        and who.user.username not in page()
    )
    assert [x["detail"] for x in told(f"staff/{who.pk}", "alliance:staff:vouch")] == [
        "card",
        "",
    ], "and the refusal before"
    with pytest.raises(AlreadyDone):
        vouch(who, officer)


def test_who_vouches_for_whom(world: None) -> None:
    at, elsewhere = alliance.make_hospital("who"), alliance.make_hospital("who")
    maker, colleague, local = (
        alliance.make_staff(at, Role.ADMINISTRATOR),
        alliance.make_staff(at, Role.ADMINISTRATOR),
        alliance.make_staff(at, Role.PRIVACY),
    )
    stranger, wide = (
        alliance.make_staff(elsewhere, Role.AUDITOR),
        alliance.make_staff(elsewhere, Role.AUDITOR, wide=True),
    )

    def refusal(role: Role, by: Staff) -> str:
        try:
            vouch(set_up(enrol(at, alliance.get_staff_principal(maker), role)), by)
        except Forbidden as refused:
            return refused.code
        return ""

    assert refusal(Role.CLINICIAN, maker) == "self" and refusal(Role.AUDITOR, maker) == "self"
    assert (
        refusal(Role.CLINICIAN, colleague) == "object" and refusal(Role.AUDITOR, colleague) == ""
    ), "administrators for officers alone"
    assert (
        refusal(Role.CLINICIAN, stranger) == "object"
        and refusal(Role.CLINICIAN, local) == refusal(Role.CLINICIAN, wide) == ""
    )
    assert (
        refusal(Role.CLINICIAN, alliance.make_staff(at)) == "role"
        and refusal(
            Role.CLINICIAN, set_up(enrol(at, alliance.get_staff_principal(maker), Role.AUDITOR))
        )
        == "unvouched"
    )
    unready = enrol(at, alliance.get_staff_principal(maker))
    with pytest.raises(Forbidden) as refused:
        vouch(unready, local)
    assert refused.value.code == "not-set-up"
