"""private_key_jwt: the holder of a registered key gets a token; nobody else does, and an
assertion works once.
"""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.factories import alliance
from tests.factories.fhir import Api, make_patient
from tests.support.assertion import KEY, Asker, register

OTHER = ECKey.generate_key("P-384", {"kid": "one"})
RSA = RSAKey.generate_key(2048, {"kid": "two"})


@pytest.fixture
def asker(server: str, tmp_path: Path) -> Asker:
    at = alliance.make_hospital("keys")
    return Asker(server, at, register(at, tmp_path, KEY, RSA))


def test_the_holder_of_a_key_gets_a_token_that_works(asker: Asker) -> None:
    for made in (asker.assertion(), asker.assertion(RSA, "RS384")):
        reply = asker.ask(made)
        assert reply.status == 200, reply.body
        api = Api(asker.server, asker.api.base, token=reply.json["access_token"])
        assert api("POST", "Patient", make_patient()).status == 201
    assert (
        "private_key_jwt"
        in asker.api.raw("GET", f"/fhir/{asker.api.base}/.well-known/smart-configuration").json[
            "token_endpoint_auth_methods_supported"
        ]
    )


def test_an_assertion_works_once(asker: Asker) -> None:
    made = asker.assertion()
    assert asker.ask(made).status == 200
    again = asker.ask(made)
    assert again.status == 401 and "used before" in again.json["error_description"]


@pytest.mark.parametrize(
    "claims",
    [
        {"key": OTHER},
        {"iss": "another-client"},
        {"sub": "x"},
        {"aud": "https://elsewhere.example/token"},
        {"aud": None},
        {"exp": None},
        {"exp": 1},
        {"exp": int(time.time()) + 3600},
        {"exp": True},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 500},
        {"key": RSA, "alg": "RS256"},
    ],
)
def test_what_does_not_fit_is_refused(asker: Asker, claims: dict[str, Any]) -> None:
    reply = asker.ask(asker.assertion(**claims))
    assert reply.status == 401 and reply.json["error"] == "invalid_client"
    assert asker.ask(asker.assertion()).status == 200, "the control"


def test_forged_shapes(asker: Asker) -> None:
    head, body, tail = asker.assertion().split(".")
    none = "eyJhbGciOiJub25lIn0"
    shared = jwt.encode(
        {"alg": "HS384"},
        {"iss": asker.client},
        OctKey.import_key(json.dumps(KEY.as_dict(private=False))),
        algorithms=["HS384"],
    )
    for forged in (
        f"{none}.{body}.",
        f"{none}.{body}.{tail}",
        f"{head}.{body}.{tail[:-4]}AAAA",
        f"{head}.{body}",
        "x",
        "a.b.c",
        shared,
        "x" * 9000,
        "\x00.\x00.\x00",
    ):
        assert asker.ask(forged).status in (400, 401, 429), forged[:80]
    assert asker.ask(asker.assertion(), client_assertion_type="urn:x").status == 400


def test_a_client_with_keys_has_no_secret_and_the_other_way_round(
    server: str, asker: Asker
) -> None:
    for secret in ("", "x"):
        form = urlencode(
            {"grant_type": "client_credentials", "client_id": asker.client, "client_secret": secret}
        ).encode()
        assert (
            asker.api.raw(
                "POST", "/oauth/token", form, {"Content-Type": "application/x-www-form-urlencoded"}
            ).status
            == 401
        )
    at = alliance.make_hospital("secret")
    name, _ = alliance.make_credentials(at)
    assert Asker(server, at, name).ask(Asker(server, at, name).assertion()).status == 401


def test_keys_that_are_not_taken(world: None, tmp_path: Path) -> None:
    at = alliance.make_hospital("bad")
    wrong = [
        b"{}",
        b"no json",
        b'{"keys": []}',
        b'{"keys": [5]}',
        json.dumps({"keys": [KEY.as_dict(private=True)]}).encode(),
        b'{"keys": [{"kty": "oct", "k": "AAAA"}]}',
        json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}).encode(),
    ]
    for i, text in enumerate(wrong):
        path = tmp_path / f"{i}.json"
        path.write_bytes(text)
        with pytest.raises(CommandError, match=r"keys|JWK"):
            call_command("register_client", hospital=at.code, name="x", jwks=path)
    with pytest.raises(CommandError, match="No such file"):
        call_command("register_client", hospital=at.code, name="x", jwks=tmp_path / "none")
