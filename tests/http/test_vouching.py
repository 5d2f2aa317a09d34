"""Whoever makes an account could use it: until another has seen the person it reaches its own hospital alone. Each refusal beside what is allowed."""

import datetime as dt
import random
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from alliance.auth.errors import AlreadyStands, Forbidden
from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff, User
from alliance.roles import OFFICERS, UNVOUCHED, Permission, Role, permissions_of
from alliance.services.clients import do_register_client
from alliance.services.credentials import do_reset_credentials, do_set_second_factor
from alliance.services.staffing import do_change_staff, do_end_staff, do_enrol_staff, do_return_staff
from alliance.services.vouching import do_vouch, do_vouch_client, holders, issue_of, vouchers, waiting_for
from consent.services.emergencies import do_break_glass
from records.interactions.ask import base
from records.interactions.record import open_record
from tests.factories import alliance
from tests.factories.fhir import Api, patient
from tests.http.test_accounts import told
from tests.http.test_administration import SECRET, signed_in
from tests.leaks.test_shared_record import World, related, w

__all__ = ["w"]
LATER = dt.date(2099, 1, 1)


def enrol(at: Hospital, acting: Principal, role: Role = Role.CLINICIAN, **more: Any) -> Staff:
    return do_enrol_staff(username="v" + secrets.token_hex(5), name="新人", hospital=at, role=role.value, ends_on=LATER, acting=acting, **more)[0]


def set_up(who: Staff) -> Staff:
    """The person has signed in: a password and a second factor of their own."""
    User.objects.filter(pk=who.user_id).update(must_change_password=False)
    do_set_second_factor(User.objects.get(pk=who.user_id), SECRET, acting=alliance.OPERATOR, replace=True)
    return Staff.objects.select_related("hospital", "user").get(pk=who.pk)


def vouch(who: Staff, officer: Staff) -> None:
    do_vouch(who, ground="card", seen=issue_of(Staff.objects.get(pk=who.pk)), acting=alliance.principal(officer))


def fresh(who: Staff) -> Staff:
    return Staff.objects.select_related("hospital", "user").get(pk=who.pk)


@contextmanager
def emptied() -> Iterator[None]:
    """Inside, no account was ever vouched for as an officer, as on an installation that is new; afterwards all is as it was."""
    with transaction.atomic():
        Staff.objects.filter(role__in=OFFICERS).update(vouched_as="", vouched_at=None)
        Staff.objects.filter(vouched_as__in=OFFICERS).update(vouched_as="")
        yield
        transaction.set_rollback(True)


def observations(w: World, who: Staff) -> int:
    return len(open_record(base(alliance.principal(who), "alliance", ""), w.person, {"Observation": 9}, "").rows["Observation"])  # type: ignore[arg-type]


def test_an_account_reaches_other_hospitals_once_somebody_else_has_vouched(w: World) -> None:
    related(w)
    w.permit()
    admin, officer = alliance.staff(w.a, Role.ADMINISTRATOR), alliance.staff(w.a, Role.PRIVACY)
    who = set_up(enrol(w.a, alliance.principal(admin)))
    opened = open_record(base(alliance.principal(who), "alliance", ""), w.person, {"Observation": 9}, "")  # type: ignore[arg-type]
    assert not opened.rows["Observation"] and opened.scope.withheld == ("unvouched",) and opened.scope.urgent
    browser = signed_in(who)
    page = browser.get(f"/person/{w.person}/", headers={"Accept-Language": "en"}).content.decode()
    assert page.count("vouched for your account") == 2, "on the page of a record, and above every page"
    assert officer.name in browser.get("/account/").content.decode()
    vouch(who, officer)
    assert observations(w, fresh(who)) == 1 and browser.get(f"/person/{w.person}/").status_code == 200, "the control, in the session that is open"
    do_reset_credentials(who, second_factor=False, reason="forgotten", acting=alliance.principal(admin))
    assert observations(w, fresh(who)) == 0
    do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=alliance.principal(fresh(who)))  # type: ignore[arg-type]
    assert observations(w, fresh(who)) == 2, "an emergency opens, with its trail"


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.CLERK, Role.AUDITOR, Role.PRIVACY, Role.ADMINISTRATOR])
def test_the_role_table_refuses_who_has_nobody_behind_them(world: None, role: Role) -> None:
    at = alliance.hospital("bare")
    admin = alliance.staff(at, Role.ADMINISTRATOR, wide=True)
    alliance.staff(at, Role.AUDITOR)
    who = set_up(enrol(at, alliance.principal(admin), role))
    acting = alliance.principal(who)
    assert {p for p in Permission if acting.may(p)} == permissions_of(role) & UNVOUCHED
    browser, pages = signed_in(who), ("/reviews/", "/privacy/", "/audit/", "/alliance/staff/", "/alliance/hospitals/", "/alliance/clients/", "/alliance/vouching/", "/api/clients/")
    assert {browser.get(p).status_code for p in pages} == {403}
    assert browser.get("/", follow=True).status_code == 200 and browser.get("/account/").status_code == 200
    alliance.vouch(who)
    opened = {p for p in pages if browser.get(p).status_code == 200}
    assert bool(opened) is (role is not Role.CLINICIAN), "the control"


def test_the_officers_page(world: None) -> None:
    at = alliance.hospital("page")
    admin, officer = alliance.staff(at, Role.ADMINISTRATOR), alliance.staff(at, Role.AUDITOR)
    who = enrol(at, alliance.principal(admin))
    browser = signed_in(officer)

    def page() -> str:
        return str(browser.get("/alliance/vouching/", headers={"Accept-Language": "en"}).content.decode())

    assert who.user.username in page() and admin.name in page() and f'name="staff" value="{who.pk}"' not in page(), "not before they have signed in"
    set_up(who)
    seen = re.search(r'name="seen" value="([^"]+)"', page())[1]  # type: ignore[index]
    form = {"staff": who.pk, "seen": seen, "ground": "card"}
    assert browser.post("/alliance/vouching/", form | {"ground": "hearsay"}).status_code == 403
    do_change_staff(who, role=Role.CLERK.value, acting=alliance.principal(admin))
    stale = browser.post("/alliance/vouching/", form, follow=True)
    assert b"note error" in stale.content and not fresh(who).vouched, "what was shown is not what stands there now"
    seen = re.search(r'name="seen" value="([^"]+)"', page())[1]  # type: ignore[index]
    assert browser.post("/alliance/vouching/", form | {"seen": seen}, follow=True).status_code == 200
    assert fresh(who).vouched and fresh(who).vouched_by_id == officer.pk and who.user.username not in page()
    assert [x["detail"] for x in told(f"staff/{who.pk}", "alliance:staff:vouch")] == ["card", ""], "and the refusal before"
    with pytest.raises(AlreadyStands):
        vouch(who, officer)


def test_who_vouches_for_whom(world: None) -> None:
    at, elsewhere = alliance.hospital("who"), alliance.hospital("who")
    maker, colleague, local = alliance.staff(at, Role.ADMINISTRATOR), alliance.staff(at, Role.ADMINISTRATOR), alliance.staff(at, Role.PRIVACY)
    stranger, wide = alliance.staff(elsewhere, Role.AUDITOR), alliance.staff(elsewhere, Role.AUDITOR, wide=True)

    def refusal(role: Role, by: Staff) -> str:
        try:
            vouch(set_up(enrol(at, alliance.principal(maker), role)), by)
        except Forbidden as refused:
            return refused.code
        return ""

    assert refusal(Role.CLINICIAN, maker) == "self" and refusal(Role.AUDITOR, maker) == "self"
    assert refusal(Role.CLINICIAN, colleague) == "object" and refusal(Role.AUDITOR, colleague) == "", "administrators for officers alone"
    assert refusal(Role.CLINICIAN, stranger) == "object" and refusal(Role.CLINICIAN, local) == refusal(Role.CLINICIAN, wide) == ""
    assert refusal(Role.CLINICIAN, alliance.staff(at)) == "role" and refusal(Role.CLINICIAN, set_up(enrol(at, alliance.principal(maker), Role.AUDITOR))) == "unvouched"
    unready = enrol(at, alliance.principal(maker))
    with pytest.raises(Forbidden) as refused:
        vouch(unready, local)
    assert refused.value.code == "not-set-up"


def test_where_the_hospital_has_no_officer_another_hospitals_sees_the_person(world: None) -> None:
    at = alliance.hospital("none")
    admin = alliance.staff(at, Role.ADMINISTRATOR)
    who, far = set_up(enrol(at, alliance.principal(admin))), alliance.staff(alliance.hospital("near"), Role.PRIVACY)
    with transaction.atomic():
        Staff.objects.filter(alliance_wide=True).update(ended_at=timezone.now())
        assert far in vouchers(who, holders()) and who in waiting_for(alliance.principal(far))
        near = alliance.staff(at, Role.AUDITOR)
        assert vouchers(who, holders()) == [near] and who not in waiting_for(alliance.principal(far)), "the control"
        transaction.set_rollback(True)


def test_a_routine_change_by_another_does_not_hide_who_made_the_account(world: None) -> None:
    at = alliance.hospital("wash")
    one, two = alliance.staff(at, Role.ADMINISTRATOR), alliance.staff(at, Role.ADMINISTRATOR)
    who = set_up(enrol(at, alliance.principal(one), Role.AUDITOR))
    do_change_staff(who, name="改名", acting=alliance.principal(two))
    with pytest.raises(Forbidden):
        vouch(who, one)
    with pytest.raises(Forbidden):
        vouch(who, two)
    vouch(who, alliance.staff(at, Role.ADMINISTRATOR))
    do_reset_credentials(who, second_factor=False, reason="forgotten", acting=alliance.principal(two))
    vouch(set_up(who), one)


def test_the_first_officer_of_an_installation_counts_at_once_and_no_other(world: None) -> None:
    at = alliance.hospital("first")
    admin = alliance.principal(alliance.staff(at, Role.ADMINISTRATOR, wide=True))
    with emptied():
        clerk = enrol(at, admin, Role.CLERK)
        first = enrol(at, admin, Role.PRIVACY)
        second = enrol(at, admin, Role.AUDITOR)
        assert (clerk.vouched, first.vouched, second.vouched) == (False, True, False)
        assert "first officer" in {x["detail"] for x in told(f"staff/{first.pk}", "alliance:staff:vouch")}
        for who in (clerk, second):
            vouch(set_up(who), first)
        do_change_staff(first, role=Role.CLERK.value, acting=admin)
        do_end_staff(second, reason="test", acting=alliance.OPERATOR)
        assert not enrol(at, admin, Role.PRIVACY).vouched, "the first one is the first, whatever became of it"
    with emptied():
        only = enrol(at, admin, Role.PRIVACY)
        do_reset_credentials(only, second_factor=True, reason="lost", acting=admin)
        assert not fresh(only).vouched, "a reset makes nobody the first"


def test_what_an_administrator_alone_brings_back_waits(world: None) -> None:
    at = alliance.hospital("back")
    admin = alliance.principal(alliance.staff(at, Role.ADMINISTRATOR))
    gone, lapsed = alliance.staff(at), alliance.staff(at)
    do_end_staff(gone, reason="test", acting=admin)
    do_return_staff(gone, ends_on=LATER, reason="test", acting=admin)
    Staff.objects.filter(pk=lapsed.pk).update(ends_on=timezone.localdate() - dt.timedelta(days=1))
    do_change_staff(lapsed, ends_on=LATER, acting=admin)
    assert not fresh(gone).vouched and not fresh(lapsed).vouched
    kept = alliance.staff(at)
    do_change_staff(kept, title="主任医师", ends_on=LATER - dt.timedelta(days=9), acting=admin)
    assert fresh(kept).vouched, "the control"


def test_a_system_reaches_shared_records_once_somebody_else_has_vouched(w: World, server: str) -> None:
    related(w)
    w.permit()
    admin, officer, far = alliance.staff(w.a, Role.ADMINISTRATOR, wide=True), alliance.staff(w.a, Role.AUDITOR), alliance.staff(w.b, Role.AUDITOR)
    client, secret = do_register_client(w.a, name="HIS", acting=alliance.principal(admin))
    asked, match = f"Observation?patient={w.person}", {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": {"resourceType": "Patient", "birthDate": "1980-01-01"}}]}

    def reach() -> tuple[int, int, int]:
        """(records of the other hospital, status of a question to everybody's index, of a write into the own store)"""
        api = Api(server, w.a.code, credentials=(client.client_id, secret))
        seen = [e for e in api("GET", asked, base="alliance").json.get("entry", []) if f"/{w.b.code}/" in e["fullUrl"]]
        return len(seen), api("POST", "Patient/$match", match, base="alliance").status, api("POST", "Patient", patient()).status

    assert reach() == (0, 403, 201)
    for question in ("Patient?name=nobody", "Patient/$ihe-pix?sourceIdentifier=urn:x|1"):
        told_why = Api(server, w.a.code, credentials=(client.client_id, secret))("GET", question, base="alliance").says
        assert "Nobody has vouched for this system" in told_why and "new token" in told_why, question
    for who, code in ((admin, "object"), (far, "object"), (alliance.staff(w.a), "role")):
        with pytest.raises(Forbidden) as refused:
            do_vouch_client(client, acting=alliance.principal(who))
        assert refused.value.code == code
    browser = signed_in(officer)
    assert client.client_id in browser.get("/alliance/vouching/").content.decode()
    assert browser.post(f"/alliance/vouching/systems/{client.client_id}/").status_code == 302
    assert reach() == (1, 200, 201), "the control"
    assert client.client_id not in browser.get("/alliance/vouching/").content.decode() and told(f"client/{client.client_id}", "alliance:client:vouch")


STEPS = ("enrol", "reset", "role", "name", "end", "return", "vouch")


@pytest.mark.parametrize("seed", range(6))
def test_one_administrator_alone_ends_with_no_account_that_reads_another_hospitals_record(w: World, seed: int) -> None:
    """Any sequence of verbs, by the administrator or in the name of any account that they have made or reset."""
    related(w)
    w.permit()
    draw = random.Random(seed)
    admin = alliance.staff(w.a, Role.ADMINISTRATOR, wide=True)
    honest, officer = alliance.staff(w.a), alliance.staff(w.a, Role.PRIVACY)
    taken: dict[int, Staff] = {}
    tried = done = 0
    for _ in range(40):
        step, who = draw.choice(STEPS), draw.choice([*taken.values(), officer, honest])
        acting = alliance.principal(fresh(draw.choice([admin, *taken.values()])))
        tried += 1
        try:
            match step:
                case "enrol":
                    made = enrol(w.a, acting, draw.choice([Role.CLINICIAN, Role.PRIVACY, Role.AUDITOR, Role.ADMINISTRATOR]), alliance_wide=draw.random() < 0.3, wide_reason="test")
                    taken[made.pk] = set_up(made)
                case "reset":
                    do_reset_credentials(who, second_factor=True, reason="x" * 3, acting=acting)
                    taken[who.pk] = set_up(who)
                case "role":
                    do_change_staff(who, role=draw.choice(list(Role)[:5]).value, wide_reason="test", acting=acting)
                case "name":
                    do_change_staff(who, name=secrets.token_hex(3), acting=acting)
                case "end":
                    do_end_staff(who, reason="test", acting=acting)
                case "return":
                    do_return_staff(who, ends_on=LATER, reason="test", acting=acting)
                    taken[who.pk] = set_up(who)
                case "vouch":
                    vouch(who, fresh(Staff.objects.get(pk=int(acting.id))))
            done += 1
        except (Forbidden, AlreadyStands):
            pass
    assert done > 5 and tried > done, "some of it is allowed, some refused"
    for one in taken.values():
        mine = fresh(one)
        if mine.role == Role.CLINICIAN and mine.active:
            assert observations(w, mine) == 0
        assert not mine.vouched, mine.role
    control = alliance.vouch(set_up(enrol(w.a, alliance.principal(admin))))
    assert observations(w, fresh(control)) == 1, "the control: one for whom somebody vouched"
