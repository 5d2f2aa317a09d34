"""Scopes at the token endpoint, and what an administrator lets a system have: less at once, more
by two.
"""

import json
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from joserfc import jws
from joserfc.jwk import ECKey

from alliance.auth.assertion import ASSERTION_TYPE
from alliance.auth.errors import Forbidden
from alliance.models import Client, Staff
from alliance.roles import Role
from alliance.services.clients import do_change_client, do_register_client, do_set_client_scopes
from alliance.services.proposals import do_agree_to_proposal, query_open_proposals
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import Api, Reply, make_patient
from tests.support.assertion import KEY, Asker, register
from tests.support.audit_lines import told
from tests.support.browser import signed_in

JSON = {"content_type": "application/json"}


class Door:
    def __init__(self, server: str, scopes: str = "system/*.cruds") -> None:
        self.server, self.at = server, alliance.make_hospital("granted")
        client, self.secret = do_register_client(
            self.at, name="HIS", acting=alliance.OPERATOR, scopes=scopes
        )
        self.id = client.client_id

    def token(self, *scope: str, secret: str = "") -> Reply:
        form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.id),
            ("client_secret", secret or self.secret),
            *(("scope", s) for s in scope),
        ]
        return Api(self.server, self.at.code).raw(
            "POST",
            "/oauth/token",
            urlencode(form).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )

    def api(self, reply: Reply) -> Api:
        return Api(self.server, self.at.code, token=reply.json["access_token"])


@pytest.fixture
def door(server: str) -> Door:
    return Door(server)


def test_granted_as_asked(door: Door) -> None:
    for scope in (
        "system/*.cruds",
        "system/Patient.rs",
        "system/Patient.read system/Observation.write",
        "system/*.*",
        "system/*.c",
    ):
        reply = door.token(scope)
        assert (
            reply.status == 200
            and reply.json["scope"] == scope
            and reply.headers["cache-control"].startswith("no-store")
        ), reply.body
    assert door.token().json["scope"] == "system/*.cruds", (
        "who asks for none gets all that it may have, and is told"
    )
    reading = door.api(door.token("system/Patient.rs"))
    assert (
        reading("GET", "Patient").status == 200
        and reading("POST", "Patient", make_patient()).status == 403
        and reading("GET", "Observation").status == 403
    )


def test_never_more_than_it_may_have(server: str) -> None:
    door = Door(server, "system/*.rs system/Observation.cu")
    assert door.token("system/*.cruds").json["scope"] == "system/*.rs system/Observation.crus"
    assert door.token("system/Patient.cruds").json["scope"] == "system/Patient.rs"
    assert door.token().json["scope"] == "system/*.rs system/Observation.crus"
    reply = door.token("system/Patient.cud")
    assert (
        reply.status == 400
        and reply.json["error"] == "invalid_scope"
        and "system/*.rs" in reply.json["error_description"]
    )
    assert door.api(door.token())("POST", "Patient", make_patient()).status == 403


@pytest.mark.parametrize(
    "scope",
    [
        "",
        " ",
        "nonsense/thing",
        "system/Patient.sr",
        "patient/*.rs",
        "launch",
        "system/Foo.rs",
        "system/Observation.rs?category=vital-signs",
        "system/*.rs foo",
    ],
)
def test_invalid_scopes_are_named(door: Door, scope: str) -> None:
    reply = door.token(scope)
    assert reply.status == 400 and reply.json["error"] == "invalid_scope", reply.body
    word = next((w for w in scope.split() if w != "system/*.rs"), "empty")
    assert (
        word.partition("?")[0] in reply.json["error_description"]
        and reply.json["error_description"].isascii()
    )
    assert any(
        e["reason"] == "scope" for e in told("", "alliance:token:issue") if e["actor"] == door.id
    )
    assert door.token("system/*.rs").status == 200


def test_what_is_published(door: Door) -> None:
    found = (
        Api(door.server, door.at.code)
        .raw("GET", f"/fhir/{door.at.code}/.well-known/smart-configuration")
        .json
    )
    assert {"permission-v1", "permission-v2"} <= set(found["capabilities"])
    for scope in found["scopes_supported"]:
        assert door.token(scope).json["scope"] == scope
    security = Api(door.server, door.at.code)("GET", "metadata").json["rest"][0]["security"]
    assert security["cors"] is True and "system/" in security["description"]


def test_less_at_once(door: Door) -> None:
    api = door.api(door.token())
    browser = signed_in(alliance.make_staff(door.at, Role.ADMINISTRATOR))
    page = browser.get(
        f"/alliance/clients/{door.id}/change/", headers={"Accept-Language": "en"}
    ).content.decode()
    assert re.search(r'value="all"[^>]*checked', page), "it shows what holds"
    assert api("POST", "Patient", make_patient()).status == 201
    wrong = browser.post(
        f"/alliance/clients/{door.id}/change/",
        {"may": "these", "scopes": "system/Patient.sr", "reason": "report"},
        headers={"Accept-Language": "en"},
    )
    assert b"system/Patient.sr is not known" in wrong.content
    assert (
        browser.post(
            f"/alliance/clients/{door.id}/change/", {"may": "read", "reason": "it reports only"}
        ).status_code
        == 302
    )
    assert Client.objects.get(client_id=door.id).scopes == "system/*.rs"
    assert api("GET", "Patient").status == 401, "its tokens ended"
    assert (
        door.api(door.token())("GET", "Patient").status == 200
        and door.api(door.token())("POST", "Patient", make_patient()).status == 403
    )
    [line] = told(f"client/{door.id}", "alliance:client:change")
    assert "system/*.cruds>system/*.rs" in line["detail"] and "it reports only" in line["detail"]
    assert "system/*.rs" in browser.get("/alliance/clients/").content.decode()


def test_more_by_two(server: str) -> None:
    door = Door(server, "system/*.rs")
    one, other = (
        alliance.make_staff(alliance.make_hospital("adm"), Role.ADMINISTRATOR, wide=True)
        for _ in range(2)
    )
    address = f"/alliance/clients/{door.id}/change/"
    local = signed_in(alliance.make_staff(door.at, Role.ADMINISTRATOR))
    assert "alliance" in local.post(
        address, {"may": "all", "reason": "more"}, headers={"Accept-Language": "en"}
    ).content.decode() and not query_open_proposals().filter(target=f"client/{door.id}")
    assert (
        signed_in(one).post(address, {"may": "all", "reason": "it writes now"}).status_code == 302
    )
    assert Client.objects.get(client_id=door.id).scopes == "system/*.rs", "proposed is not done"
    proposal = query_open_proposals().get(target=f"client/{door.id}")
    shown = (
        signed_in(other)
        .get(f"/alliance/proposals/{proposal.pk}/agree/", headers={"Accept-Language": "en"})
        .content.decode()
    )
    assert "system/*.cruds" in shown and "system/*.rs" in shown and "it writes now" in shown
    do_agree_to_proposal(proposal, acting=alliance.get_staff_principal(other))
    assert door.token().json["scope"] == "system/*.cruds"
    with pytest.raises(Forbidden):
        do_set_client_scopes(
            Client.objects.get(client_id=door.id),
            scopes="system/*.cruds",
            acting=alliance.get_staff_principal(one),
            proposer=alliance.get_staff_principal(one),
        )


def test_the_json_door(server: str) -> None:
    at, one = (
        alliance.make_hospital("json"),
        alliance.make_staff(alliance.make_hospital("adm"), Role.ADMINISTRATOR, wide=True),
    )
    browser = signed_in(one)
    assert (
        browser.post(
            "/api/clients/", {"hospital": at.code, "name": "LIS", "scopes": "foo"}, **JSON
        ).status_code
        == 400
    )
    made = browser.post(
        "/api/clients/",
        {
            "hospital": at.code,
            "name": "LIS",
            "scopes": "system/*.read",
            "origins": ["https://a.example"],
        },
        **JSON,
    ).json()
    assert (made["scopes"], made["origins"]) == ("system/*.rs", ["https://a.example"])
    address = f"/api/clients/{made['client_id']}/"
    assert browser.patch(address, {"scopes": "system/Patient.rs"}, **JSON).status_code == 400, (
        "without a reason"
    )
    assert (
        browser.patch(address, {"scopes": "system/Patient.rs", "reason": "less"}, **JSON).json()[
            "scopes"
        ]
        == "system/Patient.rs"
    )
    more = browser.patch(address, {"scopes": "system/*.rs", "reason": "more"}, **JSON)
    assert more.status_code == 202 and more.json()["values"]["scopes"] == "system/*.rs"
    assert (
        signed_in(alliance.make_staff(alliance.make_hospital("else"), Role.ADMINISTRATOR))
        .patch(address, {"scopes": "system/Patient.r", "reason": "not mine"}, **JSON)
        .status_code
        == 403
    )


def test_narrowing_is_for_those_who_administer_it(door: Door) -> None:
    client = Client.objects.get(client_id=door.id)
    for who in (
        alliance.make_staff(door.at, Role.CLINICIAN),
        alliance.make_staff(alliance.make_hospital("else"), Role.ADMINISTRATOR),
    ):
        with pytest.raises(Forbidden):
            do_change_client(
                client,
                scopes="system/*.r",
                origins=[],
                reason="x",
                acting=alliance.get_staff_principal(who),
            )
    assert (
        do_change_client(
            client,
            scopes="system/*.r",
            origins=[],
            reason="x",
            acting=alliance.get_staff_principal(fresh(door)),
        )
        is None
    )


def fresh(door: Door) -> Staff:
    return alliance.make_staff(door.at, Role.ADMINISTRATOR)


def test_the_command(server: str, tmp_path: Path) -> None:
    at = alliance.make_hospital("cmd")
    said = tmp_path / "said"
    with said.open("w") as out:
        call_command(
            "register_client",
            hospital=at.code,
            name="report",
            scope="system/*.read",
            origin=["https://app.example/"],
            stdout=out,
        )
    client = Client.objects.get(client_id=json.loads(said.read_text())["client_id"])
    assert (client.scopes, client.origins) == ("system/*.rs", ["https://app.example"])
    for wrong in ({"scope": "system/Foo.rs"}, {"origin": ["app.example"]}):
        with pytest.raises(CommandError):
            call_command("register_client", hospital=at.code, name="report", **wrong)


def assertion(asker: Asker, head: dict[str, Any], key: Any = KEY) -> str:
    claims = {
        "iss": asker.client,
        "sub": asker.client,
        "aud": asker.server + "/oauth/token",
        "exp": int(time.time()) + 240,
        "jti": draws.token_hex(8),
    }
    registry = jws.JWSRegistry(algorithms=["ES384"], strict_check_header=False)
    return jws.serialize_compact(
        {"alg": "ES384", "kid": key.kid} | head, json.dumps(claims), key, registry=registry
    )


def test_header_parameters_that_are_not_understood_are_ignored(server: str, tmp_path: Path) -> None:
    at = alliance.make_hospital("head")
    asker = Asker(server, at, register(at, tmp_path, KEY))
    for head in (
        {},
        {"kty": "EC"},
        {"x-anything": 1},
        {"typ": "JWT"},
        {"jku": "https://x.example/jwks"},
    ):
        assert asker.ask(assertion(asker, head)).status == 200, head
    forged = assertion(asker, {"x-anything": 1}, ECKey.generate_key("P-384", {"kid": "one"}))
    assert asker.ask(forged).status == 401
    critical = assertion(asker, {}).split(".")
    assert (
        asker.ask(
            ".".join(
                [
                    jws_head(
                        {"alg": "ES384", "kid": KEY.kid, "crit": ["x-anything"], "x-anything": 1}
                    ),
                    *critical[1:],
                ]
            )
        ).status
        == 401
    )


def jws_head(head: dict[str, Any]) -> str:
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(json.dumps(head).encode()).rstrip(b"=").decode()


def test_wrong_proofs_shut_no_right_one_out(server: str, tmp_path: Path) -> None:
    at = alliance.make_hospital("locked")
    asker, door = Asker(server, at, register(at, tmp_path, KEY)), Door(server)
    wrong = ECKey.generate_key("P-384", {"kid": "one"})
    ends = [asker.ask(asker.assertion(wrong)).status for _ in range(14)] + [
        door.token(secret="x" * 40).status for _ in range(14)
    ]
    assert 429 in ends[:14] and 429 in ends[14:], "who guesses waits"
    assert asker.ask(asker.assertion()).status == 200 == door.token().status, (
        "who has the proof does not"
    )
    assert asker.ask(asker.assertion(), type=ASSERTION_TYPE).status == 200
