"""The doors for secrets and passwords: guesses are slowed down, tokens are bounded, odd input is
refused.
"""

import contextlib
import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from alliance.auth import throttle
from alliance.auth.guess_limits import (
    TOKEN_ADDRESS_LIMIT,
    TOKEN_ISSUE_LIMIT,
    TOKEN_PROOF_LIMIT,
)
from alliance.auth.tokens import MAX_LIVE_TOKENS
from alliance.models import AccessToken, Client, GuessCount
from consent.audit.event import AuditOutcome, EventCode
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.support.browser import LOGIN, from_somewhere


def test_guessing_a_secret_is_slowed_down(server: str) -> None:
    at = alliance.make_hospital("guess")
    name, secret = alliance.make_credentials(at)
    api = Api(server, at.code)

    def ask(client: str, value: str) -> Any:
        form = f"grant_type=client_credentials&client_id={client}&client_secret={value}".encode()
        return api.raw(
            "POST", "/oauth/token", form, {"Content-Type": "application/x-www-form-urlencoded"}
        )

    def lines() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM consent_audit_event WHERE code = %s AND outcome = %s",
                [EventCode.TOKEN_ISSUE, AuditOutcome.REFUSED],
            )
            return int(cursor.fetchone()[0])

    assert ask(name, secret).status == 200
    assert [ask(name, "wrong").status for _ in range(TOKEN_PROOF_LIMIT.free)] == [
        401
    ] * TOKEN_PROOF_LIMIT.free
    refused, before = ask(name, "wrong"), lines()
    assert refused.status == 429 and int(refused.headers["retry-after"]) > 0
    assert {ask(name, "wrong").status for _ in range(20)} == {429} and lines() < before + 5, (
        "counted, and not written one by one"
    )
    assert ask(name, secret).status == 200, "who guesses shuts nobody out"
    assert ask(alliance.make_credentials(at)[0], "wrong").status == 401, (
        "the control: another client"
    )


def test_strangers_cannot_ask_for_tokens_as_fast_as_they_like(server: str) -> None:
    at = alliance.make_hospital("strangers")
    api = Api(server, at.code)
    bucket = throttle.GuessBucket(TOKEN_ADDRESS_LIMIT, throttle.hash_parts("token", "127.0.0.1"))

    def ask(client: str, value: str = "x") -> int:
        form = f"grant_type=client_credentials&client_id={client}&client_secret={value}".encode()
        return api.raw(
            "POST", "/oauth/token", form, {"Content-Type": "application/x-www-form-urlencoded"}
        ).status

    try:
        assert ask("nobody-0") == 401, "the control"
        with contextlib.suppress(throttle.TooManyGuesses):
            while True:
                throttle.count_guess([bucket])
        assert ask("nobody-1") == 429, "each under another name"
        assert ask(*alliance.make_credentials(at)) == 200, "the right one passes"
    finally:
        GuessCount.objects.filter(pk=bucket.key).delete()


def test_the_tokens_of_a_client_are_bounded(server: str) -> None:
    at = alliance.make_hospital("bounded")
    name, secret = alliance.make_credentials(at)
    first = Api(server, at.code, credentials=(name, secret))
    assert first("GET", "Patient").status == 200
    client = Client.objects.get(client_id=name)
    later = timezone.now() + dt.timedelta(hours=2)
    AccessToken.objects.bulk_create(
        AccessToken(digest=draws.token_bytes(32), client=client, expires_at=later)
        for _ in range(MAX_LIVE_TOKENS - 2)
    )
    second = Api(server, at.code, credentials=(name, secret))
    assert first("GET", "Patient").status == 200, "the control: so many may live"
    third = Api(server, at.code, credentials=(name, secret))
    assert [a("GET", "Patient").status for a in (first, second, third)] == [
        401,
        200,
        200,
    ], "one more ends the oldest"
    bucket = throttle.GuessBucket(TOKEN_ISSUE_LIMIT, throttle.hash_parts("tokens", name))
    with contextlib.suppress(throttle.TooManyGuesses):
        while True:
            throttle.count_guess([bucket])
    form = f"grant_type=client_credentials&client_id={name}&client_secret={secret}".encode()
    refused = third.raw(
        "POST", "/oauth/token", form, {"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (
        refused.status == 429
        and refused.headers["retry-after"]
        and "keep it" in refused.json["error_description"]
    )
    assert third("GET", "Patient").status == 200, "with the token that it has, it goes on"
    assert (
        Api(server, at.code, credentials=alliance.make_credentials(at))("GET", "Patient").status
        == 200
    ), "and so does another client of the hospital"


@pytest.mark.parametrize(
    "form",
    [
        b"",
        b"grant_type=client_credentials",
        b"grant_type=client_credentials&client_id=%00&client_secret=%00",
        b"grant_type=client_credentials&client_id=" + b"x" * 5000 + b"&client_secret=y",
        b"grant_type=%ff%fe&client_id=%ff",
        b"grant_type=password",
    ],
)
def test_odd_token_requests(server: str, form: bytes) -> None:
    api = Api(server, "x")
    reply = api.raw(
        "POST", "/oauth/token", form, {"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert reply.status in (400, 401, 429) and reply.json["error_description"], reply.body


@pytest.mark.parametrize(
    "header", ["Basic", "Basic %%%", "Basic AAAA", "Basic " + "A" * 4000, "Bearer x"]
)
def test_odd_token_headers(server: str, header: str) -> None:
    reply = Api(server, "x").raw(
        "POST",
        "/oauth/token",
        b"grant_type=client_credentials",
        {"Content-Type": "application/x-www-form-urlencoded", "Authorization": header},
    )
    assert reply.status in (401, 429) and reply.json["error_description"]


@pytest.mark.parametrize("name", ["\x00", "x" * 5000, "' OR 1=1 --", "张"])
def test_odd_user_names(world: None, name: str) -> None:
    reply = from_somewhere().post(LOGIN, {"login": name, "password": "wrong-password-1"})
    assert reply.status_code == 200 and (
        b"note error" in reply.content or b"fault" in reply.content
    )
