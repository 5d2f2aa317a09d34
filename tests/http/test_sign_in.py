"""Who keeps guessing waits and nobody else, who goes away is signed out."""

import datetime as dt
import re
import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from alliance.auth import throttle
from alliance.auth.backend import AccountAdapter
from alliance.auth.bearer import resolve_client_address
from alliance.auth.guess_limits import (
    CODE_ELSEWHERE_LIMIT,
    PASSWORD_ELSEWHERE_LIMIT,
    PATIENT_CODE_LIMIT,
)
from alliance.models import Staff
from alliance.services.staffing import do_end_staff
from tests.factories import alliance
from tests.factories.web_session import SECRET
from tests.support.browser import ENGLISH, LOGIN, code, from_somewhere
from tests.support.html import Browser


def failed(browser: Browser, who: Staff, times: int = 1) -> str:
    """What the sign-in page says after so many wrong passwords."""
    reply = None
    for _ in range(times):
        reply = browser.post(
            LOGIN, {"login": who.user.username, "password": "wrong-password-1"}, headers=ENGLISH
        )
        assert reply.status_code == 200
    return reply.content.decode() if reply else ""


def enters(browser: Browser, who: Staff) -> bool:
    return (
        browser.post(
            LOGIN, {"login": who.user.username, "password": alliance.PASSWORD}, headers=ENGLISH
        ).status_code
        == 302
    )


def known(who: Staff) -> Browser:
    """Where the account has signed in before."""
    browser = from_somewhere()
    request = RequestFactory().get("/", REMOTE_ADDR=browser.defaults["REMOTE_ADDR"])
    throttle.remember_place(request, who.user)
    return browser


def test_wrong_guesses_slow_the_guesser_down_and_not_the_doctor(world: None) -> None:
    at = alliance.make_hospital("lock")
    who, other = alliance.make_staff(at), alliance.make_staff(at)
    doctor, guesser = known(who), from_somewhere()
    assert "Too many" not in failed(guesser, who, 5)
    assert re.search(r"Too many wrong attempts. Wait \d+ seconds?, then", failed(guesser, who))
    assert not enters(guesser, who), "even the right password waits there"
    assert enters(guesser, other), "the control: another account from the same address"
    assert enters(doctor, who) and enters(from_somewhere(), who), (
        "the doctor, from where they work, and from elsewhere"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM consent_audit_event WHERE code = 'alliance:session:sign-in' AND"
            " outcome = 'refused' AND actor = %s",
            [str(who.pk)],
        )
        assert cursor.fetchone()[0] >= 2, "wrong, and not looked at: each kind once, and counted"


def test_a_guesser_with_many_addresses_gets_nowhere_and_shuts_nobody_out(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("many"))
    doctor = known(who)
    elsewhere = throttle.password_buckets(
        RequestFactory().get("/", REMOTE_ADDR="192.0.2.7"), who.user.username, who.user
    )[1]
    assert elsewhere.rule is PASSWORD_ELSEWHERE_LIMIT
    for _ in range(PASSWORD_ELSEWHERE_LIMIT.free):
        throttle.count_guess([elsewhere])
    assert not enters(from_somewhere(), who) and "guessing at this account" in failed(
        from_somewhere(), who
    )
    assert enters(doctor, who), "from where the account has signed in before"
    behind = Browser(REMOTE_ADDR="192.0.2.8")
    behind.cookies["xinglin_browser"] = "b" * 32
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.9")
    request.browser = "b" * 32  # type: ignore[attr-defined]
    throttle.remember_place(request, who.user)
    assert enters(behind, who), "or with a browser that has"


def test_emergency_access_is_never_blocked_by_a_strangers_guesses(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("glass"))
    TOTP.activate(who.user, SECRET)
    doctor = Browser(headers=ENGLISH)
    doctor.force_login(who.user, backend="alliance.auth.backend.StaffBackend")
    for _ in range(3):
        failed(from_somewhere(), who, 6)
    confirm = "/account/reauthenticate/"
    assert doctor.post(confirm, {"password": alliance.PASSWORD}).status_code == 302
    for _ in range(5):
        assert (
            "Too many"
            not in doctor.post(confirm, {"password": "wrong-password-1"}).content.decode()
        )
    assert (
        "Too many wrong attempts. Wait"
        in doctor.post(confirm, {"password": alliance.PASSWORD}).content.decode()
    ), "who guesses at an open screen waits"
    ward = Browser(headers=ENGLISH)
    ward.force_login(who.user, backend="alliance.auth.backend.StaffBackend")
    assert ward.post(confirm, {"password": alliance.PASSWORD}).status_code == 302, (
        "another session of the doctor does not"
    )


def test_the_second_factor_can_neither_be_guessed_nor_locked_by_who_has_the_password(
    world: None,
) -> None:
    who = alliance.make_staff(alliance.make_hospital("two"))
    TOTP.activate(who.user, SECRET)
    doctor, page = known(who), "/account/2fa/authenticate/"
    bucket = throttle.code_buckets(RequestFactory().get("/", REMOTE_ADDR="192.0.2.7"), who.user)[1]
    for _ in range(CODE_ELSEWHERE_LIMIT.free):
        throttle.count_guess([bucket])
    stranger = from_somewhere()
    assert enters(stranger, who)
    assert (
        "guessing at this account"
        in stranger.post(page, {"code": code()}, headers=ENGLISH).content.decode()
    ), "not even the right code is looked at"
    assert (
        enters(doctor, who)
        and doctor.post(page, {"code": code()}, headers=ENGLISH).status_code == 302
        and "_auth_user_id" in doctor.session
    )
    assert (
        "Somebody who knows your password"
        in doctor.get("/patients/", headers=ENGLISH).content.decode()
    )


def test_a_code_opens_once_in_its_whole_window(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("once"))
    TOTP.activate(who.user, SECRET)
    page, used = "/account/2fa/authenticate/", code()
    first, second = known(who), known(who)
    assert enters(first, who) and first.post(page, {"code": used}).status_code == 302
    assert enters(second, who)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM alliance_cache WHERE cache_key LIKE '%%totp.used%%'"
        )  # as after 30 seconds, when the library forgets
    assert (
        "used already"
        in second.post(page, {"code": f"{used[:3]} {used[3:]}"}, headers=ENGLISH).content.decode()
    )
    assert second.post(page, {"code": code(1)}).status_code == 302, "the control: the next code"


def test_the_code_of_the_set_up_does_not_open_again(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("setup"))
    browser = known(who)
    browser.force_login(who.user, backend="alliance.auth.backend.StaffBackend")
    browser.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
    browser.get("/account/2fa/totp/activate/")
    secret = decrypt(browser.session["mfa.totp.secret"])
    assert secret not in str(dict(browser.session.items())), "in the database it waits encrypted"
    shown = str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    assert browser.post("/account/2fa/totp/activate/", {"code": shown}).status_code == 302
    later = known(who)
    assert (
        enters(later, who)
        and "used already"
        in later.post(
            "/account/2fa/authenticate/", {"code": shown}, headers=ENGLISH
        ).content.decode()
    )


def test_an_ended_employment_is_told_to_who_knows_the_password(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("ended"))
    do_end_staff(who, reason="test", acting=alliance.OPERATOR)
    reply = (
        from_somewhere()
        .post(LOGIN, {"login": who.user.username, "password": alliance.PASSWORD}, headers=ENGLISH)
        .content.decode()
    )
    assert "not in use today" in reply and "not in use" not in failed(from_somewhere(), who)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "9.9.9.9", "10.0.0.1"),
        (1, "9.9.9.9", "9.9.9.9"),
        (1, "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (2, "9.9.9.9", "10.0.0.1"),
        (1, "9.9.9.9:4711", "9.9.9.9"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "unknown", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_one_address_for_the_log_and_the_throttle(
    settings, proxies: int, forwarded: str, expected: str
) -> None:  # type: ignore[no-untyped-def]
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.1", **({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})
    )
    assert (
        resolve_client_address(request)
        == AccountAdapter(request).get_client_ip(request)
        == expected
    )


def test_many_wrong_codes_at_the_patients_door_keep_no_patient_out(world: None) -> None:
    here = from_somewhere()
    bucket = throttle.GuessBucket(
        PATIENT_CODE_LIMIT, throttle.hash_parts("patient", here.defaults["REMOTE_ADDR"])
    )
    wrong = {"code": "AAAA-AAAA-AAAA", "birth_date": "1958-03-12"}
    assert "opens nothing" in here.post("/my/sign-in/", wrong, headers=ENGLISH).content.decode()
    for _ in range(PATIENT_CODE_LIMIT.free - 1):
        throttle.count_guess([bucket])
    assert "Wait 1 minute" in here.post("/my/sign-in/", wrong, headers=ENGLISH).content.decode()
    assert (
        "opens nothing"
        in from_somewhere().post("/my/sign-in/", wrong, headers=ENGLISH).content.decode()
    ), "the control"


def test_an_idle_session_ends(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("idle"))
    TOTP.activate(who.user, SECRET)
    browser = Browser()
    browser.force_login(who.user, backend="alliance.auth.backend.StaffBackend")
    assert browser.get("/patients/").status_code == 200
    session = Session.objects.get(pk=browser.session.session_key)
    assert session.expire_date - timezone.now() <= dt.timedelta(minutes=15), (
        "GB/T 22239-2019: idle sessions end"
    )
    Session.objects.filter(pk=session.pk).update(
        expire_date=timezone.now() + dt.timedelta(minutes=1)
    )
    assert browser.get("/patients/").status_code == 200
    session.refresh_from_db()
    assert session.expire_date - timezone.now() > dt.timedelta(minutes=14), (
        "each request begins the time anew"
    )
    Session.objects.filter(pk=session.pk).update(expire_date=timezone.now())
    assert browser.get("/patients/").status_code == 302
