"""Browser apps: what everyone may read, from everywhere; the rest from the origins of registered
systems alone, refusals too, and never with cookies.
"""

import pytest

from alliance.auth.origins import BadOrigin, parse_origins
from alliance.models import Client
from alliance.services.clients import do_register_client, do_revoke_client
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import Api

HOST = f"https://app-{draws.token_hex(4)}.example"
APP, OTHER = f"{HOST}:8443", "https://evil.example"
ASKED = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "authorization"}


@pytest.fixture
def api(server: str) -> Api:
    at = alliance.make_hospital("cors")
    client, secret = do_register_client(at, name="app", acting=alliance.OPERATOR, origins=[APP])
    return Api(server, at.code, credentials=(client.client_id, secret))


@pytest.mark.parametrize("path", ["metadata", ".well-known/smart-configuration"])
def test_what_everyone_may_read(api: Api, path: str) -> None:
    nobody = Api(f"http://{api.at.netloc}", api.base)
    for method in ("GET", "HEAD"):
        reply = nobody(method, path, Origin=OTHER)
        assert (
            reply.status == 200
            and reply.headers["access-control-allow-origin"] == "*"
            and "access-control-allow-credentials" not in reply.headers
        )
        assert bool(reply.body) == (method == "GET")
    for more in ({"Origin": OTHER, **ASKED}, {}):
        reply = nobody("OPTIONS", path, **more)
        assert (
            reply.status == 204
            and reply.headers["access-control-allow-origin"] == "*"
            and reply.headers["allow"] == "GET, HEAD, OPTIONS"
        )


def test_preflights_of_registered_origins_alone(api: Api) -> None:
    nobody = Api(f"http://{api.at.netloc}", api.base)
    for path in ("Patient", "Patient/x", "", "../../oauth/token"):
        address = f"/fhir/{api.base}/{path}" if not path.startswith("..") else "/oauth/token"
        sent = {k.replace("_", "-"): v for k, v in ASKED.items()}
        reply = nobody.raw("OPTIONS", address, None, sent | {"Origin": APP})
        assert (
            reply.status == 204
            and reply.headers["access-control-allow-origin"] == APP
            and "Authorization" in reply.headers["access-control-allow-headers"]
        ), reply.status
        assert (
            "POST" in reply.headers["access-control-allow-methods"]
            and "access-control-allow-credentials" not in reply.headers
            and "Origin" in reply.headers["vary"]
        )
        for origin in (OTHER, "null", HOST, APP + "0", APP + ".evil.example", "x" * 5000, "*"):
            reply = nobody.raw("OPTIONS", address, None, sent | {"Origin": origin})
            assert reply.status >= 400 and "access-control-allow-origin" not in reply.headers, (
                origin
            )


def test_answers_and_refusals_can_be_read(api: Api) -> None:
    for reply, status in (
        (api("GET", "Patient", Origin=APP), 200),
        (Api(f"http://{api.at.netloc}", api.base)("GET", "Patient", Origin=APP), 401),
        (api("GET", "Patient/x", Origin=APP), 404),
        (
            api(
                "POST",
                "Patient",
                {"resourceType": "Patient"},
                base=alliance.make_hospital("far").code,
                Origin=APP,
            ),
            403,
        ),
    ):
        assert (
            reply.status == status
            and reply.headers["access-control-allow-origin"] == APP
            and "ETag" in reply.headers["access-control-expose-headers"]
        )
        assert "Origin" in reply.headers["vary"]
    closed = api("GET", "Patient", Origin=OTHER)
    assert closed.status == 200 and "access-control-allow-origin" not in closed.headers, (
        "a token is a token; the page of another origin may not read it"
    )
    plain = api("GET", "Patient")
    assert "access-control-allow-origin" not in plain.headers


def test_it_ends_with_the_system(api: Api) -> None:
    assert api("GET", "Patient", Origin=APP).headers.get("access-control-allow-origin") == APP
    do_revoke_client(
        Client.objects.get(hospital__code=api.base), reason="gone", acting=alliance.OPERATOR
    )
    others = Client.objects.filter(origins__contains=[APP], revoked_at=None)
    others.update(origins=[])
    assert "access-control-allow-origin" not in api("GET", "Patient", Origin=APP).headers


def test_pages_of_the_site_are_for_no_other_origin(api: Api) -> None:
    for path in ("/", "/account/login/", "/healthz", "/api/clients/"):
        assert (
            "access-control-allow-origin" not in api.raw("GET", path, None, {"Origin": APP}).headers
        )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://A.example/", ["https://a.example"]),
        ("https://a.example:443", ["https://a.example"]),
        ("http://localhost:3000", ["http://localhost:3000"]),
        (
            "https://b.example, https://a.example https://b.example",
            ["https://a.example", "https://b.example"],
        ),
        ("", []),
        ("http://127.0.0.1", ["http://127.0.0.1"]),
    ],
)
def test_origins_as_browsers_write_them(text: str, kept: list[str]) -> None:
    assert parse_origins(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "null",
        "a.example",
        "http://a.example",
        "https://a.example/path",
        "https://u@a.example",
        "ftp://a.example",
        "https://*.example",
        "https://a.example?x",
        "https://a_b.example",
        "https://a.example:0",
    ],
)
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(BadOrigin):
        parse_origins(text)
