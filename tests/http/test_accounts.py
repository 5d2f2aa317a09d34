"""Who may do what to whose account, what is refused, what is shown to whom, and what the log says; each refusal beside what is allowed."""

import datetime as dt
import re
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.db import connection, transaction
from django.test import Client as Browser
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.models import Handover, Hospital, HospitalUserObjectPermission, Staff, User
from alliance.roles import Role
from alliance.services.credentials import do_reset_credentials
from alliance.services.membership import do_change_hospital, do_suspend_hospital
from alliance.services.staffing import do_change_staff, do_end_staff, do_enrol_staff
from consent.audit.query import Filter
from consent.audit.query import page as lines
from tests.factories import alliance
from tests.http.test_administration import signed_in

LATER = dt.date(2099, 1, 1)


def enrolled(browser: Browser, at: Hospital, **more: Any) -> Any:
    """The answer to the form that enrols a clinician, followed to its page."""
    form = {"username": "n" + secrets.token_hex(4), "name": "新人", "hospital": at.pk, "role": "clinician", "starts_on": "2026-01-01", "ends_on": "2099-01-01"} | more
    return browser.post("/alliance/staff/", form, follow=True)


def shown(answer: Any) -> str:
    """The first password on a page, or ""."""
    found = re.search(r'class="code mono"><code>(.*?)</code>', answer.content.decode())
    return found[1] if found else ""


def told(target: str, code: str) -> list[dict[str, Any]]:
    return [x for x in lines(Filter(), None, 300) if x["target"] == target and x["code"] == code]


@contextmanager
def alone(*officers: Staff) -> Iterator[None]:
    """Inside, nobody but these holds an office of the alliance; afterwards all is as it was."""
    with transaction.atomic():
        Staff.objects.filter(alliance_wide=True).exclude(pk__in=[o.pk for o in officers]).update(ended_at=timezone.now())
        yield
        transaction.set_rollback(True)


def test_a_first_password_is_shown_to_its_maker_for_ten_minutes(world: None) -> None:
    at = alliance.hospital("give")
    maker, other = (signed_in(alliance.staff(at, Role.ADMINISTRATOR, wide=True)) for _ in range(2))
    answer = enrolled(maker, at)
    path, first = answer.request["PATH_INFO"], shown(answer)
    assert first and shown(maker.get(path)) == first, "a reload does not lose it"
    assert shown(other.get(path)) == "" and shown(signed_in(alliance.staff(at)).get(path)) == "", "nobody else sees it"
    row = Handover.objects.get(target=f"staff/{path.split('/')[3]}")
    assert first.encode() not in bytes(row.sealed), "nor does it lie in the database in clear"
    Handover.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    assert maker.get(path).status_code == 410 and shown(maker.get(path)) == ""


def test_two_enrolments_of_one_user_name_make_one_account(world: None) -> None:
    at = alliance.hospital("twice")
    acting = alliance.staff(at, Role.ADMINISTRATOR, wide=True)
    name = "d" + secrets.token_hex(4)

    def enrol(browser: Browser) -> Any:
        try:
            return enrolled(browser, at, username=name)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(enrol, [signed_in(acting), signed_in(acting)]))
    assert [a.status_code for a in answers] == [200, 200] and len({shown(a) for a in answers}) == 1 and shown(answers[0])
    assert User.objects.filter(username=name).count() == 1
    again = enrolled(signed_in(acting), at, username=name.upper(), name="另一人")
    assert shown(again) == "" and b"alert" in again.content, "another person of that name, in capital letters: taken"


def test_one_end_of_two_administrators_who_end_each_other(world: None) -> None:
    a, b = (alliance.staff(alliance.hospital("duel"), Role.ADMINISTRATOR, wide=True) for _ in range(2))
    acting = [alliance.principal(a), alliance.principal(b)]

    def end(pair: tuple[Staff, Any]) -> bool:
        try:
            do_end_staff(pair[0], reason="duel", acting=pair[1])
            return True
        except Forbidden:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(end, [(b, acting[0]), (a, acting[1])]))
    assert sorted(done) == [False, True]
    assert Staff.objects.filter(pk__in=[a.pk, b.pk], ended_at=None).count() == 1


WAYS: dict[str, Callable[[Staff, Any], None]] = {
    "end": lambda s, acting: do_end_staff(s, reason="test", acting=acting),
    "role": lambda s, acting: do_change_staff(s, role=Role.CLERK.value, wide_reason="test", acting=acting),
    "one hospital only": lambda s, acting: do_change_staff(s, alliance_wide=False, acting=acting),
    "begins later": lambda s, acting: do_change_staff(s, starts_on=timezone.localdate() + dt.timedelta(days=5), acting=acting),
    "ends soon": lambda s, acting: do_change_staff(s, ends_on=timezone.localdate() + dt.timedelta(days=5), acting=acting),
    "hospital suspended": lambda s, acting: do_suspend_hospital(s.hospital, reason="test", acting=acting),
    "hospital leaves": lambda s, acting: do_change_hospital(s.hospital, leaves_on=timezone.localdate() - dt.timedelta(days=1), acting=acting),
    "hospital leaves soon": lambda s, acting: do_change_hospital(s.hospital, leaves_on=timezone.localdate() + dt.timedelta(days=5), acting=acting),
    "hospital is a member later": lambda s, acting: do_change_hospital(s.hospital, admitted_on=timezone.localdate() + dt.timedelta(days=5), acting=acting),
    "moved to one that does not take part": lambda s, acting: do_change_staff(s, hospital=stopped(), acting=acting),
}


def stopped() -> Hospital:
    at = alliance.hospital("stopped")
    do_suspend_hospital(at, reason="test", acting=alliance.OPERATOR)
    return at


@pytest.mark.parametrize("way", WAYS)
def test_the_last_auditor_stays(world: None, way: str) -> None:
    admin = alliance.staff(alliance.hospital("last"), Role.ADMINISTRATOR, wide=True)
    one, two = (alliance.staff(alliance.hospital("last"), Role.AUDITOR, wide=True) for _ in range(2))
    acting = alliance.principal(admin)
    with alone(admin, one):
        with pytest.raises(Forbidden) as refused, transaction.atomic():
            WAYS[way](one, acting)
        assert refused.value.code == "kept"
        one.refresh_from_db()
        one.hospital.refresh_from_db()
        assert one.active and one.hospital.active and one.role == Role.AUDITOR and one.alliance_wide, "nothing was changed"
    with alone(admin, one, two):
        WAYS[way](Staff.objects.select_related("hospital").get(pk=one.pk), acting)  # the control: another one is left


def test_who_is_left_must_have_time_to_find_a_successor(world: None) -> None:
    admin = alliance.staff(alliance.hospital("last"), Role.ADMINISTRATOR, wide=True)
    one, two = (alliance.staff(alliance.hospital("last"), Role.AUDITOR, wide=True) for _ in range(2))
    with alone(admin, one, two):
        for days, kept in ((30, True), (200, False)):
            Staff.objects.filter(pk=two.pk).update(ends_on=timezone.localdate() + dt.timedelta(days=days))
            if kept:
                with pytest.raises(Forbidden) as refused, transaction.atomic():
                    do_end_staff(one, reason="test", acting=alliance.principal(admin))
                assert refused.value.code == "kept"
            else:
                do_end_staff(one, reason="test", acting=alliance.principal(admin))


def test_an_office_that_falls_vacant_by_itself_is_announced(world: None) -> None:
    admin, one = alliance.staff(alliance.hospital("last"), Role.ADMINISTRATOR, wide=True), alliance.staff(alliance.hospital("last"), Role.AUDITOR, wide=True)
    last = timezone.localdate() + dt.timedelta(days=30)
    with alone(admin, one):
        browser = signed_in(admin)
        assert b"note error" not in browser.get("/alliance/staff/").content
        Staff.objects.filter(pk=one.pk).update(ends_on=last)
        page = browser.get("/alliance/staff/", {"q": one.user.username}).content.decode()
        assert "note error" in page and page.count(last.isoformat()) == 2, "beside the name, and in the warning"


def test_nobody_shuts_themselves_out(world: None) -> None:
    other = alliance.staff(alliance.hospital("self"), Role.ADMINISTRATOR, wide=True)
    me = alliance.staff(alliance.hospital("self"), Role.ADMINISTRATOR, wide=True)
    acting, code = alliance.principal(me), me.hospital.code
    for way in WAYS.keys() - {"hospital leaves soon"}:  # which may be, for another administrator is left
        with pytest.raises(Forbidden) as refused:
            WAYS[way](Staff.objects.select_related("hospital").get(pk=me.pk), acting)
        assert refused.value.code in ("self", "own"), way
    with pytest.raises(Forbidden):
        do_reset_credentials(me, second_factor=True, reason="test", acting=acting)
    browser = signed_in(me)
    for path in (f"/alliance/staff/{me.pk}/end/", f"/alliance/hospitals/{code}/suspend/"):
        assert browser.get(path).status_code == 200, "asks first"
        answer = browser.post(path, {"reason": "test"})
        assert answer.status_code == 200 and b"note error" in answer.content
        assert browser.post(path, {"reason": ""}).status_code == 200
    me.refresh_from_db()
    assert me.active and Hospital.objects.get(code=code).active
    assert told(f"staff/{me.pk}", "alliance:staff:end")[0]["outcome"] == "refused", "the attempt is in the log"
    do_change_staff(me, name="新名", title="主任", acting=acting)
    do_end_staff(me, reason="the control: another one may", acting=alliance.principal(other))
    assert not Staff.objects.get(pk=me.pk).active


def test_who_may_touch_whom(world: None) -> None:
    mine, theirs = alliance.hospital("mine"), alliance.hospital("theirs")
    local, wide = alliance.staff(mine, Role.ADMINISTRATOR), alliance.staff(theirs, Role.ADMINISTRATOR, wide=True)
    own, stranger, officer = alliance.staff(mine), alliance.staff(theirs), alliance.staff(mine, Role.AUDITOR, wide=True)
    acting = alliance.principal(local)
    for whom in (stranger, officer, wide):
        for attempt in (lambda s: do_end_staff(s, reason="test", acting=acting), lambda s: do_change_staff(s, title="x", acting=acting),
                        lambda s: do_reset_credentials(s, second_factor=True, reason="test", acting=acting)):
            with pytest.raises(Forbidden) as refused:
                attempt(whom)
            assert refused.value.code == "object"
        browser = signed_in(local)
        assert {browser.get(f"/alliance/staff/{whom.pk}/{page}/").status_code for page in ("change", "reset", "end", "return", "first-password")} == {403}
    for more in ({"alliance_wide": True}, {"hospital": theirs}):
        with pytest.raises(Forbidden):
            do_change_staff(own, acting=acting, **more)
        with pytest.raises(Forbidden):
            do_enrol_staff(username="x" + secrets.token_hex(4), name="x", role="clinician", ends_on=LATER, acting=acting, **({"hospital": mine} | more))
    with pytest.raises(Forbidden):
        do_change_hospital(mine, leaves_on=LATER, acting=acting)
    do_change_staff(own, role=Role.CLERK.value, acting=acting)
    do_reset_credentials(own, second_factor=False, reason="test", acting=acting)
    do_end_staff(own, reason="test", acting=acting)
    do_end_staff(officer, reason="test", acting=alliance.principal(wide))


def test_object_permissions_follow_role_and_hospital_both_ways(world: None) -> None:
    here, there = alliance.hospital("here"), alliance.hospital("there")
    who, acting = alliance.staff(here, Role.ADMINISTRATOR), alliance.principal(alliance.staff(here, Role.ADMINISTRATOR, wide=True))

    def held() -> set[tuple[str, str]]:
        return set(HospitalUserObjectPermission.objects.filter(user=who.user).values_list("permission__codename", "content_object__code"))

    browser = signed_in(who)
    assert held() == {("administer_hospital", here.code)} and [h["code"] for h in browser.get("/api/hospitals/").json()["results"]] == [here.code]
    do_change_staff(who, hospital=there, acting=acting)
    assert held() == {("administer_hospital", there.code)}
    assert browser.get("/api/hospitals/").status_code == 403, "another account, for which nobody has vouched yet"
    alliance.vouch(who)
    assert [h["code"] for h in browser.get("/api/hospitals/").json()["results"]] == [there.code], "in the session that is open"
    assert browser.post("/api/clients/", {"hospital": here.code, "name": "x"}, content_type="application/json").status_code == 403
    do_change_staff(who, role=Role.AUDITOR.value, acting=acting)
    alliance.vouch(Staff.objects.get(pk=who.pk))
    assert held() == {("audit_hospital", there.code)} and browser.get("/alliance/staff/").status_code == 403 and browser.get("/audit/").status_code == 200
    do_change_staff(who, role=Role.ADMINISTRATOR.value, hospital=here, acting=acting)
    alliance.vouch(Staff.objects.get(pk=who.pk))
    assert held() == {("administer_hospital", here.code)} and browser.get("/alliance/staff/").status_code == 200
    do_end_staff(who, reason="test", acting=acting)
    assert held() == set()
    detail = [x["detail"] for x in told(f"staff/{who.pk}", "alliance:staff:change")]
    assert f"hospital {here.code}>{there.code}" in detail[-1] and "role auditor>administrator" in detail[0], "what was changed is in the log"


def test_nobody_undoes_unseen_what_another_has_changed(world: None) -> None:
    at = alliance.hospital("stale")
    who, browser = alliance.staff(at, Role.ADMINISTRATOR), signed_in(alliance.staff(at, Role.ADMINISTRATOR, wide=True))
    page = browser.get(f"/alliance/staff/{who.pk}/change/").content.decode()
    version = re.search(r'name="version" value="(\w+)"', page)[1]  # type: ignore[index]
    form = {"name": who.name, "title": "科长", "hospital": at.pk, "role": "administrator", "starts_on": who.starts_on.isoformat(), "ends_on": "2099-01-01", "version": version}
    do_change_staff(who, role=Role.CLERK.value, acting=alliance.OPERATOR)
    assert b"note error" in browser.post(f"/alliance/staff/{who.pk}/change/", form).content and Staff.objects.get(pk=who.pk).role == Role.CLERK
    fresh = re.search(r'name="version" value="(\w+)"', browser.get(f"/alliance/staff/{who.pk}/change/").content.decode())[1]  # type: ignore[index]
    assert browser.post(f"/alliance/staff/{who.pk}/change/", form | {"version": fresh}).status_code == 302 and Staff.objects.get(pk=who.pk).title == "科长"


def test_a_reset_ends_sessions_and_recovery_codes(world: None) -> None:
    at = alliance.hospital("lost")
    acting, who = alliance.principal(alliance.staff(at, Role.ADMINISTRATOR)), alliance.staff(at)
    browser = signed_in(who)
    assert browser.get("/patients/").status_code == 200
    first = do_reset_credentials(who, second_factor=False, reason="forgotten", acting=acting)
    assert browser.get("/patients/").status_code == 302 and Authenticator.objects.filter(user=who.user).exists(), "the second factor stays"
    user = User.objects.get(pk=who.user_id)
    assert user.check_password(first) and user.must_change_password
    do_reset_credentials(who, second_factor=True, reason="lost", acting=acting)
    assert not Authenticator.objects.filter(user=who.user).exists()
    assert [x["detail"] for x in told(f"staff/{who.pk}", "alliance:staff:reset")] == ["second-factor: lost", "password: forgotten"]


def test_a_new_password_is_another_one_and_ends_other_sessions_only(world: None) -> None:
    who = alliance.staff(alliance.hospital("pass"))
    User.objects.filter(pk=who.user_id).update(must_change_password=True)
    here, elsewhere = signed_in(who), signed_in(who)
    path, form = "/account/password/change/", {"oldpassword": alliance.PASSWORD}
    assert here.get("/account/").headers["Location"] == path and here.get("/account/2fa/totp/activate/").headers["Location"] == path
    same = here.post(path, form | {"password1": alliance.PASSWORD, "password2": alliance.PASSWORD})
    assert same.status_code == 200 and User.objects.get(pk=who.user_id).must_change_password, "who made the first password knows it"
    done = here.post(path, form | {"password1": "another-long-one-7", "password2": "another-long-one-7"})
    assert done.status_code == 302 and done.headers["Location"] == "/account/"
    assert not User.objects.get(pk=who.user_id).must_change_password
    assert here.get("/patients/").status_code == 200 and elsewhere.get("/patients/").status_code == 302


@pytest.mark.parametrize("path", ["signup/", "email/", "confirm-email/", "password/reset/", "password/set/", "inactive/", "2fa/totp/deactivate/", "login/code/confirm/"])
def test_pages_that_make_no_sense_here_are_not_there(world: None, path: str) -> None:
    assert Browser().get("/account/login/").status_code == 200
    assert signed_in(alliance.staff(alliance.hospital("dead"))).get(f"/account/{path}").status_code == 404 and Browser().get(f"/account/{path}").status_code == 404


def test_who_may_not_sign_in_now_is_told_so_before_the_second_factor(world: None) -> None:
    who = alliance.staff(alliance.hospital("over"))
    signed_in(who)
    form = {"login": who.user.username, "password": alliance.PASSWORD}
    assert Browser(REMOTE_ADDR="10.9.8.7").post("/account/login/", form).headers["Location"] == "/account/2fa/authenticate/", "the control"
    do_end_staff(who, reason="test", acting=alliance.OPERATOR)
    answer = Browser(REMOTE_ADDR="10.9.8.7").post("/account/login/", form, headers={"Accept-Language": "en"})
    assert answer.status_code == 200 and b"note error" in answer.content and b"not correct" not in answer.content
    assert signs(who) == ["refused", "success"], "beside the one that made the account known; and the log does not say that they came in"


def test_who_is_let_go_between_the_two_factors_does_not_sign_in(world: None) -> None:
    from tests.browser.conftest import unused_code
    for ends in (False, True):
        who = alliance.staff(alliance.hospital("between"))
        signed_in(who)
        browser = Browser(REMOTE_ADDR="10.9.8.6")
        assert browser.post("/account/login/", {"login": who.user.username, "password": alliance.PASSWORD}).headers["Location"] == "/account/2fa/authenticate/"
        if ends:
            do_end_staff(who, reason="test", acting=alliance.OPERATOR)
        answer = browser.post("/account/2fa/authenticate/", {"code": unused_code(who.user.username)})
        assert answer.headers["Location"] == ("/account/login/" if ends else "/"), ends
        assert browser.get("/patients/").status_code == (302 if ends else 200)
        assert signs(who) == ["refused" if ends else "success", "success"], "the control is who stays"


def signs(who: Staff) -> list[str]:
    """How the log says that this person's sign-ins ended."""
    return [x["outcome"] for x in lines(Filter(), None, 300) if x["code"] == "alliance:session:sign-in" and x["actor"] == str(who.pk)]


def test_own_recovery_codes_and_authenticator_ask_for_the_password_first(world: None) -> None:
    who = alliance.staff(alliance.hospital("codes"))
    browser = signed_in(who)
    for path in ("2fa/recovery-codes/", "2fa/recovery-codes/generate/", "2fa/recovery-codes/download/", "2fa/totp/change/"):
        assert browser.get(f"/account/{path}").headers["Location"].startswith("/account/reauthenticate/"), path
    back = browser.post("/account/reauthenticate/", {"password": alliance.PASSWORD, "next": "/account/2fa/recovery-codes/generate/"})
    assert back.headers["Location"] == "/account/2fa/recovery-codes/generate/"
    page = browser.post("/account/2fa/recovery-codes/generate/", follow=True).content.decode()
    codes = re.findall(r"<li><code>(\d+)</code>", page)
    assert len(codes) == 10 and codes[0] in browser.get("/account/2fa/recovery-codes/download/").content.decode()
    before = Authenticator.objects.get(user=who.user, type="totp").data["secret"]
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", browser.get("/account/2fa/totp/change/").content.decode())[1]  # type: ignore[index]
    wrong = browser.post("/account/2fa/totp/change/", {"code": "000000x"})
    assert wrong.status_code == 200 and Authenticator.objects.get(user=who.user, type="totp").data["secret"] == before, "a slip keeps the old one"
    from tests.browser.conftest import code
    new = browser.post("/account/2fa/totp/change/", {"code": code(secret)}, follow=True).content.decode()
    assert decrypt(Authenticator.objects.get(user=who.user, type="totp").data["secret"]) == secret and codes[0] not in new, "and the old codes are gone"


def test_the_list_is_searched(world: None) -> None:
    at, other = alliance.hospital("list"), alliance.hospital("list")
    one, two = alliance.staff(at), alliance.staff(at, Role.CLERK)
    elsewhere = alliance.staff(other)
    do_change_staff(one, name="欧阳锋", acting=alliance.OPERATOR)
    do_end_staff(two, reason="test", acting=alliance.OPERATOR)
    browser = signed_in(alliance.staff(at, Role.ADMINISTRATOR, wide=True))

    def found(**wanted: Any) -> set[int]:
        return {int(n) for n in re.findall(r'href="/alliance/staff/(\d+)/"', browser.get("/alliance/staff/", wanted).content.decode())}

    assert found(q="欧阳", hospital=at.pk) == {one.pk} and found(q=two.user.username[:6].upper()) == {two.pk}
    assert two.pk in found(hospital=at.pk, role="clerk", state="over") and two.pk not in found(hospital=at.pk, state="active")
    assert elsewhere.pk not in found(hospital=at.pk) and elsewhere.pk in found(hospital=other.pk)
    assert found(state="bogus") == set(), "what is not understood is not widened"
