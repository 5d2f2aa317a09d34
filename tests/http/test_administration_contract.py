"""Each status that the OpenAPI document of the administration API names is answered by the server,
with a body of the shape that stands there.
"""

from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator, FormatChecker

from alliance.models import Staff
from alliance.services.membership import do_suspend_hospital
from tests import draws
from tests.factories import alliance
from tests.factories.administrator_clients import Script, make_administrator, make_script

JSON = "application/json"


@pytest.fixture(scope="module")
def described(server: str) -> dict[str, Any]:
    told = requests.get(f"{server}/api/schema/", timeout=60)
    assert told.status_code == 200 and told.headers["Content-Type"].startswith(JSON)
    return dict(told.json())


def as_json_schema(schema: Any) -> Any:
    """Of OpenAPI 3.0, whose `nullable` JSON Schema does not know; no more than is named."""
    if isinstance(schema, list):
        return [as_json_schema(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    made = {k: as_json_schema(v) for k, v in schema.items() if k != "nullable"}
    if schema.get("nullable") and "type" in made:
        made["type"] = [made["type"], "null"]
    if "properties" in made and isinstance(made["properties"], dict):
        made.setdefault("additionalProperties", False)
    return made


class Contract:
    """Asks, and holds each answer to the document; `seen`: (method, path, status) of all."""

    def __init__(self, described: dict[str, Any]) -> None:
        self.described, self.seen = described, set[tuple[str, str, str]]()

    def hold(self, answer: requests.Response, method: str, path: str, status: int) -> Any:
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        told = self.described["paths"][path][method.lower()]["responses"]
        assert str(status) in told, (method, path, status)
        self.seen.add((method, path, str(status)))
        if "content" not in told[str(status)]:
            assert not answer.content
            return None
        schema = as_json_schema(told[str(status)]["content"][JSON]["schema"])
        whole = {**schema, "components": as_json_schema(self.described["components"])}
        whole["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        Draft202012Validator(whole, format_checker=FormatChecker()).validate(answer.json())
        return answer.json()


@pytest.fixture
def contract(described: dict[str, Any]) -> Contract:
    return Contract(described)


def test_each_documented_answer_is_answered_so(server: str, contract: Contract) -> None:
    who, hold = make_administrator(wide=True), contract.hold
    script, local = make_script(server, who), make_script(server, make_administrator())
    ask_hospitals(script, local, hold)
    ask_proposals(script, local, hold)
    ask_clients(script, local, who, hold)
    for path, methods in contract.described["paths"].items():
        for method in methods:
            stranger = Script(server, "", "", token="unknown")
            filled = path.format(code="x", proposal_id=1, client_id="x")
            hold(stranger(method.upper(), filled, {}), method.upper(), path, 401)
    documented = {
        (method.upper(), path, status)
        for path, methods in contract.described["paths"].items()
        for method, call in methods.items()
        for status in call["responses"]
    }
    assert not documented - contract.seen, "documented, and never answered here"
    assert len(documented) > 35


def ask_hospitals(script: Script, local: Script, hold: Any) -> None:
    path, one = "/api/hospitals/", "/api/hospitals/{code}/suspension/"
    code = f"c-{draws.token_hex(4)}"
    body = {"code": code, "name_zh": "新院", "name_en": "New", "tier": "community"}
    made = hold(script("POST", path, body), "POST", path, 201)
    assert made["code"] == code
    hold(script("POST", path, body), "POST", path, 400)
    hold(local("POST", path, {**body, "code": f"d-{draws.token_hex(4)}"}), "POST", path, 403)
    hold(script("GET", path), "GET", path, 200)
    hold(make_poor(script)("GET", path), "GET", path, 403)
    at = one.format(code=code)
    stop, go = {"suspended": True, "reason": "leak"}, {"suspended": False, "reason": "mended"}
    hold(script("PUT", at, stop), "PUT", one, 200)
    hold(script("PUT", at, {"suspended": True}), "PUT", one, 400)
    hold(local("PUT", at, stop), "PUT", one, 403)
    hold(script("PUT", one.format(code="none-such"), stop), "PUT", one, 404)
    hold(script("PUT", at, go), "PUT", one, 202)
    hold(script("PUT", at, go), "PUT", one, 409)


def ask_proposals(script: Script, local: Script, hold: Any) -> None:
    path, one = "/api/proposals/", "/api/proposals/{proposal_id}/"
    waits = hold(script("GET", path), "GET", path, 200)["results"][0]
    hold(local("GET", path), "GET", path, 403)
    at, refused = one.format(proposal_id=waits["id"]), {"agreed": False, "reason": "not yet"}
    hold(script("PUT", at, {"agreed": False}), "PUT", one, 400)
    hold(script("PUT", at, {"agreed": True}), "PUT", one, 403)
    hold(script("PUT", one.format(proposal_id=2**31 - 7), refused), "PUT", one, 404)
    assert hold(script("PUT", at, refused), "PUT", one, 200)["outcome"] == "refused"
    hold(script("PUT", at, refused), "PUT", one, 409)


def ask_clients(script: Script, local: Script, who: Staff, hold: Any) -> None:
    path, one = "/api/clients/", "/api/clients/{client_id}/"
    body = {"hospital": who.hospital.code, "name": "HIS", "scopes": "system/*.rs"}
    made = hold(script("POST", path, body), "POST", path, 201)
    assert made["client_secret"]
    hold(script("POST", path, body), "POST", path, 400)
    hold(local("POST", path, body), "POST", path, 403)
    listed = hold(script("GET", f"{path}?limit=1"), "GET", path, 200)
    assert len(listed["results"]) == 1 and "client_secret" not in listed["results"][0]
    hold(make_poor(script)("GET", path), "GET", path, 403)
    at = one.format(client_id=made["client_id"])
    less = {"scopes": "system/Patient.rs", "reason": "less"}
    more = {"scopes": "system/*.cruds", "reason": "more"}
    assert hold(script("PATCH", at, less), "PATCH", one, 200)["scopes"] == "system/Patient.rs"
    hold(script("PATCH", at, {"scopes": "system/Patient.rs"}), "PATCH", one, 400)
    hold(local("PATCH", at, less), "PATCH", one, 403)
    hold(script("PATCH", one.format(client_id="none"), less), "PATCH", one, 404)
    hold(script("PATCH", at, more), "PATCH", one, 202)
    hold(script("PATCH", at, more), "PATCH", one, 409)
    why = {"reason": "replaced"}
    hold(script("DELETE", at, {}), "DELETE", one, 400)
    hold(local("DELETE", at, why), "DELETE", one, 403)
    hold(script("DELETE", one.format(client_id="none"), why), "DELETE", one, 404)
    hold(script("DELETE", at, why), "DELETE", one, 204)


def make_poor(script: Script) -> Script:
    """The same client with a token that lists nothing that is asked for here."""
    token = Script(script.server, script.client_id, script.secret)
    scope = "administration/proposals.read"
    token.token = token.ask_token(scope=scope).json()["access_token"]
    return token


def test_what_is_sent_stands_there(contract: Contract) -> None:
    for path, method, required in (
        ("/api/clients/", "post", {"hospital", "name"}),
        ("/api/clients/{client_id}/", "patch", {"reason"}),
        ("/api/clients/{client_id}/", "delete", {"reason"}),
        ("/api/hospitals/{code}/suspension/", "put", {"suspended", "reason"}),
    ):
        call = contract.described["paths"][path][method]
        name = call["requestBody"]["content"][JSON]["schema"]["$ref"].rpartition("/")[2]
        shape = contract.described["components"]["schemas"][name]
        written = {f for f in shape["required"] if not shape["properties"][f].get("readOnly")}
        assert written == required, (path, method)
    lists = contract.described["paths"]["/api/clients/"]["get"]["parameters"]
    assert {p["name"] for p in lists} == {"limit", "offset"}


def test_who_is_let_in_stands_there(contract: Contract) -> None:
    schemes = contract.described["components"]["securitySchemes"]
    flow = schemes["administratorClient"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "/oauth/token" and schemes["session"]["in"] == "cookie"
    for methods in contract.described["paths"].values():
        for call in methods.values():
            [scopes] = [
                s["administratorClient"] for s in call["security"] if len(s) and "session" not in s
            ]
            assert scopes and set(scopes) <= flow["scopes"].keys()
            assert {"session": []} in call["security"]


def test_a_suspended_hospital_is_told_so(server: str, contract: Contract) -> None:
    who = make_administrator()
    script = make_script(server, who)
    contract.hold(script("GET", "/api/hospitals/"), "GET", "/api/hospitals/", 200)
    do_suspend_hospital(who.hospital, reason="test", acting=alliance.OPERATOR)
    contract.hold(script("GET", "/api/hospitals/"), "GET", "/api/hospitals/", 401)
