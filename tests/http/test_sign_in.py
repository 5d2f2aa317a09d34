"""Who keeps guessing is shut out, who goes away is signed out; and the doors for passwords and secrets take no odd input."""

import datetime as dt
import secrets

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from tests.factories import alliance
from tests.factories.fhir import Api

LOGIN = "/account/login/"


def from_somewhere() -> Browser:
    return Browser(REMOTE_ADDR=f"10.{secrets.randbelow(250)}.{secrets.randbelow(250)}.{secrets.randbelow(250)}")


def test_guessing_a_password_locks_the_account_for_the_guesser_and_is_written_down(world: None) -> None:
    who, other = alliance.staff(alliance.hospital("lock")), alliance.staff(alliance.hospital("lock"))
    browser = from_somewhere()
    for _ in range(5):
        assert browser.post(LOGIN, {"login": who.user.username, "password": "wrong-password-1"}).status_code == 200
    locked = browser.post(LOGIN, {"login": who.user.username, "password": alliance.PASSWORD})
    assert locked.status_code in (200, 429) and "_auth_user_id" not in browser.session, "even the right password waits now"
    assert browser.post(LOGIN, {"login": other.user.username, "password": alliance.PASSWORD}).status_code == 302, "the control: another account signs in"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM consent_audit_event WHERE code = 'alliance:session:sign-in' AND outcome = 'refused' AND actor = %s", [str(who.pk)])
        assert cursor.fetchone()[0] >= 5


def test_an_idle_session_ends(world: None) -> None:
    who = alliance.staff(alliance.hospital("idle"))
    TOTP.activate(who.user, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    browser = Browser()
    browser.force_login(who.user, backend="alliance.auth.backend.StaffBackend")
    assert browser.get("/patients/").status_code == 200
    session = Session.objects.get(pk=browser.session.session_key)
    assert session.expire_date - timezone.now() <= dt.timedelta(minutes=15), "GB/T 22239-2019: idle sessions end"
    Session.objects.filter(pk=session.pk).update(expire_date=timezone.now() + dt.timedelta(minutes=1))
    assert browser.get("/patients/").status_code == 200
    session.refresh_from_db()
    assert session.expire_date - timezone.now() > dt.timedelta(minutes=14), "each request begins the time anew"
    Session.objects.filter(pk=session.pk).update(expire_date=timezone.now())
    assert browser.get("/patients/").status_code == 302


def test_guessing_a_secret_is_slowed_down(server: str) -> None:
    at = alliance.hospital("guess")
    name, secret = alliance.credentials(at)
    api = Api(server, at.code)

    def ask(client: str, value: str) -> int:
        form = f"grant_type=client_credentials&client_id={client}&client_secret={value}".encode()
        return api.raw("POST", "/oauth/token", form, {"Content-Type": "application/x-www-form-urlencoded"}).status

    assert ask(name, secret) == 200
    assert [ask(name, "wrong") for _ in range(10)] == [401] * 10
    assert ask(name, secret) == 429
    assert ask(*alliance.credentials(at)) == 200, "the control: another client of the same hospital"


@pytest.mark.parametrize("form", [b"", b"grant_type=client_credentials", b"grant_type=client_credentials&client_id=%00&client_secret=%00",
                                  b"grant_type=client_credentials&client_id=" + b"x" * 5000 + b"&client_secret=y", b"grant_type=%ff%fe&client_id=%ff", b"grant_type=password"])
def test_odd_token_requests(server: str, form: bytes) -> None:
    api = Api(server, "x")
    reply = api.raw("POST", "/oauth/token", form, {"Content-Type": "application/x-www-form-urlencoded"})
    assert reply.status in (400, 401, 429) and reply.json["error_description"], reply.body


@pytest.mark.parametrize("header", ["Basic", "Basic %%%", "Basic AAAA", "Basic " + "A" * 4000, "Bearer x"])
def test_odd_token_headers(server: str, header: str) -> None:
    reply = Api(server, "x").raw("POST", "/oauth/token", b"grant_type=client_credentials", {"Content-Type": "application/x-www-form-urlencoded", "Authorization": header})
    assert reply.status in (401, 429) and reply.json["error_description"]


@pytest.mark.parametrize("name", ["\x00", "x" * 5000, "' OR 1=1 --", "张"])
def test_odd_user_names(world: None, name: str) -> None:
    reply = from_somewhere().post(LOGIN, {"login": name, "password": "wrong-password-1"})
    assert reply.status_code == 200 and (b"note error" in reply.content or b"fault" in reply.content)
