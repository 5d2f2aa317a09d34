"""Who may do what to whose account, what is refused, and what the log says; each refusal beside
what is allowed.
"""

import datetime as dt
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.models import Handover, Hospital, HospitalUserObjectPermission, Staff, User
from alliance.roles import Role
from alliance.services.credentials import do_reset_credentials
from alliance.services.membership import do_change_hospital, do_suspend_hospital
from alliance.services.staffing import do_change_staff, do_end_staff, do_enrol_staff
from tests import draws
from tests.factories import alliance
from tests.support.accounts import alone
from tests.support.audit_lines import told
from tests.support.browser import signed_in
from tests.support.html import Browser

LATER = dt.date(2099, 1, 1)


def enrolled(browser: Browser, at: Hospital, **more: Any) -> Any:
    """The answer to the form that enrols a clinician, followed to its page."""
    form = {
        "username": "n" + draws.token_hex(4),
        "name": "新人",
        "hospital": at.pk,
        "role": "clinician",
        "starts_on": "2026-01-01",
        "ends_on": "2099-01-01",
    } | more
    return browser.post("/alliance/staff/", form, follow=True)


def shown(answer: Any) -> str:
    """The first password on a page, or ""."""
    found = re.search(r'class="code mono"><code>(.*?)</code>', answer.content.decode())
    return found[1] if found else ""


def test_a_first_password_is_shown_to_its_maker_for_ten_minutes(world: None) -> None:
    at = alliance.make_hospital("give")
    maker, other = (
        signed_in(alliance.make_staff(at, Role.ADMINISTRATOR, wide=True)) for _ in range(2)
    )
    answer = enrolled(maker, at)
    path, first = answer.request["PATH_INFO"], shown(answer)
    assert first and shown(maker.get(path)) == first, "a reload does not lose it"
    assert (
        shown(other.get(path)) == "" and shown(signed_in(alliance.make_staff(at)).get(path)) == ""
    ), "nobody else sees it"
    row = Handover.objects.get(target=f"staff/{path.split('/')[3]}")
    assert first.encode() not in bytes(row.sealed), "nor does it lie in the database in clear"
    Handover.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    assert maker.get(path).status_code == 410 and shown(maker.get(path)) == ""


def test_two_enrolments_of_one_user_name_make_one_account(world: None) -> None:
    at = alliance.make_hospital("twice")
    acting = alliance.make_staff(at, Role.ADMINISTRATOR, wide=True)
    name = "d" + draws.token_hex(4)

    def enrol(browser: Browser) -> Any:
        try:
            return enrolled(browser, at, username=name)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(enrol, [signed_in(acting), signed_in(acting)]))
    assert (
        [a.status_code for a in answers] == [200, 200]
        and len({shown(a) for a in answers}) == 1
        and shown(answers[0])
    )
    assert User.objects.filter(username=name).count() == 1
    again = enrolled(signed_in(acting), at, username=name.upper(), name="另一人")
    assert shown(again) == "" and b"alert" in again.content, (
        "another person of that name, in capital letters: taken"
    )


def test_one_end_of_two_administrators_who_end_each_other(world: None) -> None:
    a, b = (
        alliance.make_staff(alliance.make_hospital("duel"), Role.ADMINISTRATOR, wide=True)
        for _ in range(2)
    )
    acting = [alliance.get_staff_principal(a), alliance.get_staff_principal(b)]

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
    "role": lambda s, acting: do_change_staff(
        s, role=Role.CLERK.value, wide_reason="test", acting=acting
    ),
    "one hospital only": lambda s, acting: do_change_staff(s, alliance_wide=False, acting=acting),
    "begins later": lambda s, acting: do_change_staff(
        s, starts_on=timezone.localdate() + dt.timedelta(days=5), acting=acting
    ),
    "ends soon": lambda s, acting: do_change_staff(
        s, ends_on=timezone.localdate() + dt.timedelta(days=5), acting=acting
    ),
    "hospital suspended": lambda s, acting: do_suspend_hospital(
        s.hospital, reason="test", acting=acting
    ),
    "hospital leaves": lambda s, acting: do_change_hospital(
        s.hospital, leaves_on=timezone.localdate() - dt.timedelta(days=1), acting=acting
    ),
    "hospital leaves soon": lambda s, acting: do_change_hospital(
        s.hospital, leaves_on=timezone.localdate() + dt.timedelta(days=5), acting=acting
    ),
    "hospital is a member later": lambda s, acting: do_change_hospital(
        s.hospital, admitted_on=timezone.localdate() + dt.timedelta(days=5), acting=acting
    ),
    "moved to one that does not take part": lambda s, acting: do_change_staff(
        s, hospital=stopped(), acting=acting
    ),
}


def stopped() -> Hospital:
    at = alliance.make_hospital("stopped")
    do_suspend_hospital(at, reason="test", acting=alliance.OPERATOR)
    return at


@pytest.mark.parametrize("way", WAYS)
def test_the_last_auditor_stays(world: None, way: str) -> None:
    admin = alliance.make_staff(alliance.make_hospital("last"), Role.ADMINISTRATOR, wide=True)
    one, two = (
        alliance.make_staff(alliance.make_hospital("last"), Role.AUDITOR, wide=True)
        for _ in range(2)
    )
    acting = alliance.get_staff_principal(admin)
    with alone(admin, one):
        with pytest.raises(Forbidden) as refused, transaction.atomic():
            WAYS[way](one, acting)
        assert refused.value.code == "kept"
        one.refresh_from_db()
        one.hospital.refresh_from_db()
        assert (
            one.active and one.hospital.active and one.role == Role.AUDITOR and one.alliance_wide
        ), "nothing was changed"
    with alone(admin, one, two):
        WAYS[way](
            Staff.objects.select_related("hospital").get(pk=one.pk), acting
        )  # the control: another one is left


def test_who_is_left_must_have_time_to_find_a_successor(world: None) -> None:
    admin = alliance.make_staff(alliance.make_hospital("last"), Role.ADMINISTRATOR, wide=True)
    one, two = (
        alliance.make_staff(alliance.make_hospital("last"), Role.AUDITOR, wide=True)
        for _ in range(2)
    )
    with alone(admin, one, two):
        for days, kept in ((30, True), (200, False)):
            Staff.objects.filter(pk=two.pk).update(
                ends_on=timezone.localdate() + dt.timedelta(days=days)
            )
            if kept:
                with pytest.raises(Forbidden) as refused, transaction.atomic():
                    do_end_staff(one, reason="test", acting=alliance.get_staff_principal(admin))
                assert refused.value.code == "kept"
            else:
                do_end_staff(one, reason="test", acting=alliance.get_staff_principal(admin))


def test_an_office_that_falls_vacant_by_itself_is_announced(world: None) -> None:
    admin, one = (
        alliance.make_staff(alliance.make_hospital("last"), Role.ADMINISTRATOR, wide=True),
        alliance.make_staff(alliance.make_hospital("last"), Role.AUDITOR, wide=True),
    )
    last = timezone.localdate() + dt.timedelta(days=30)
    with alone(admin, one):
        browser = signed_in(admin)
        assert b"note error" not in browser.get("/alliance/staff/").content
        Staff.objects.filter(pk=one.pk).update(ends_on=last)
        page = browser.get("/alliance/staff/", {"q": one.user.username}).content.decode()
        assert "note error" in page and page.count(last.isoformat()) == 2, (
            "beside the name, and in the warning"
        )


def test_nobody_shuts_themselves_out(world: None) -> None:
    other = alliance.make_staff(alliance.make_hospital("self"), Role.ADMINISTRATOR, wide=True)
    me = alliance.make_staff(alliance.make_hospital("self"), Role.ADMINISTRATOR, wide=True)
    acting, code = alliance.get_staff_principal(me), me.hospital.code
    for way in WAYS.keys() - {
        "hospital leaves soon"
    }:  # which may be, for another administrator is left
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
    assert told(f"staff/{me.pk}", "alliance:staff:end")[0]["outcome"] == "refused", (
        "the attempt is in the log"
    )
    do_change_staff(me, name="新名", title="主任", acting=acting)
    do_end_staff(
        me, reason="the control: another one may", acting=alliance.get_staff_principal(other)
    )
    assert not Staff.objects.get(pk=me.pk).active


def test_who_may_touch_whom(world: None) -> None:
    mine, theirs = alliance.make_hospital("mine"), alliance.make_hospital("theirs")
    local, wide = (
        alliance.make_staff(mine, Role.ADMINISTRATOR),
        alliance.make_staff(theirs, Role.ADMINISTRATOR, wide=True),
    )
    own, stranger, officer = (
        alliance.make_staff(mine),
        alliance.make_staff(theirs),
        alliance.make_staff(mine, Role.AUDITOR, wide=True),
    )
    acting = alliance.get_staff_principal(local)
    for whom in (stranger, officer, wide):
        for attempt in (
            lambda s: do_end_staff(s, reason="test", acting=acting),
            lambda s: do_change_staff(s, title="x", acting=acting),
            lambda s: do_reset_credentials(s, second_factor=True, reason="test", acting=acting),
        ):
            with pytest.raises(Forbidden) as refused:
                attempt(whom)
            assert refused.value.code == "object"
        browser = signed_in(local)
        assert {
            browser.get(f"/alliance/staff/{whom.pk}/{page}/").status_code
            for page in ("change", "reset", "end", "return", "first-password")
        } == {403}
    for more in ({"alliance_wide": True}, {"hospital": theirs}):
        with pytest.raises(Forbidden):
            do_change_staff(own, acting=acting, **more)
        with pytest.raises(Forbidden):
            do_enrol_staff(
                username="x" + draws.token_hex(4),
                name="x",
                role="clinician",
                ends_on=LATER,
                acting=acting,
                **({"hospital": mine} | more),
            )
    with pytest.raises(Forbidden):
        do_change_hospital(mine, leaves_on=LATER, acting=acting)
    do_change_staff(own, role=Role.CLERK.value, acting=acting)
    do_reset_credentials(own, second_factor=False, reason="test", acting=acting)
    do_end_staff(own, reason="test", acting=acting)
    do_end_staff(officer, reason="test", acting=alliance.get_staff_principal(wide))


def test_object_permissions_follow_role_and_hospital_both_ways(world: None) -> None:
    here, there = alliance.make_hospital("here"), alliance.make_hospital("there")
    who, acting = (
        alliance.make_staff(here, Role.ADMINISTRATOR),
        alliance.get_staff_principal(alliance.make_staff(here, Role.ADMINISTRATOR, wide=True)),
    )

    def held() -> set[tuple[str, str]]:
        return set(
            HospitalUserObjectPermission.objects.filter(user=who.user).values_list(
                "permission__codename", "content_object__code"
            )
        )

    browser = signed_in(who)
    assert held() == {("administer_hospital", here.code)} and [
        h["code"] for h in browser.get("/api/hospitals/").json()["results"]
    ] == [here.code]
    do_change_staff(who, hospital=there, acting=acting)
    assert held() == {("administer_hospital", there.code)}
    assert browser.get("/api/hospitals/").status_code == 403, (
        "another account, for which nobody has vouched yet"
    )
    alliance.mark_vouched(who)
    assert [h["code"] for h in browser.get("/api/hospitals/").json()["results"]] == [there.code], (
        "in the session that is open"
    )
    assert (
        browser.post(
            "/api/clients/", {"hospital": here.code, "name": "x"}, content_type="application/json"
        ).status_code
        == 403
    )
    do_change_staff(who, role=Role.AUDITOR.value, acting=acting)
    alliance.mark_vouched(Staff.objects.get(pk=who.pk))
    assert (
        held() == {("audit_hospital", there.code)}
        and browser.get("/alliance/staff/").status_code == 403
        and browser.get("/audit/").status_code == 200
    )
    do_change_staff(who, role=Role.ADMINISTRATOR.value, hospital=here, acting=acting)
    alliance.mark_vouched(Staff.objects.get(pk=who.pk))
    assert (
        held() == {("administer_hospital", here.code)}
        and browser.get("/alliance/staff/").status_code == 200
    )
    do_end_staff(who, reason="test", acting=acting)
    assert held() == set()
    detail = [x["detail"] for x in told(f"staff/{who.pk}", "alliance:staff:change")]
    assert (
        f"hospital {here.code}>{there.code}" in detail[-1]
        and "role auditor>administrator" in detail[0]
    ), "what was changed is in the log"


def test_nobody_undoes_unseen_what_another_has_changed(world: None) -> None:
    at = alliance.make_hospital("stale")
    who, browser = (
        alliance.make_staff(at, Role.ADMINISTRATOR),
        signed_in(alliance.make_staff(at, Role.ADMINISTRATOR, wide=True)),
    )
    page = browser.get(f"/alliance/staff/{who.pk}/change/").content.decode()
    version = re.search(r'name="version" value="(\w+)"', page)[1]  # type: ignore[index]
    form = {
        "name": who.name,
        "title": "科长",
        "hospital": at.pk,
        "role": "administrator",
        "starts_on": who.starts_on.isoformat(),
        "ends_on": "2099-01-01",
        "version": version,
    }
    do_change_staff(who, role=Role.CLERK.value, acting=alliance.OPERATOR)
    assert (
        b"note error" in browser.post(f"/alliance/staff/{who.pk}/change/", form).content
        and Staff.objects.get(pk=who.pk).role == Role.CLERK
    )
    fresh = re.search(
        r'name="version" value="(\w+)"',
        browser.get(f"/alliance/staff/{who.pk}/change/").content.decode(),
    )[1]  # type: ignore[index]
    assert (
        browser.post(f"/alliance/staff/{who.pk}/change/", form | {"version": fresh}).status_code
        == 302
        and Staff.objects.get(pk=who.pk).title == "科长"
    )
