"""What every address answers, whoever asks: nothing is kept by caches, HEAD has no body, a
foreign name is refused, and the walls are told.
"""

import http.client
import re
import socket
from urllib.parse import urlsplit

import pytest
import requests
from django.urls import URLPattern, URLResolver, get_resolver

from alliance.roles import Role
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient
from tests.factories.web_session import WebSession
from tests.support.world import World, w

__all__ = ["w"]
SAMPLES = {
    "uuid": "00000000-0000-0000-0000-000000000000",
    "int": "1",
    "slug": "x",
    "str": "x",
    "path": "x",
    "type": "Patient",
    "types": "*",
    "id": "x",
    "fhir_id": "x",
}
VARIABLE = re.compile(r"<(?:(\w+):)?\w+>")


def addresses(resolver: URLResolver, before: str = "/") -> list[str]:
    """One address for each pattern of the site."""
    found = []
    for entry in resolver.url_patterns:
        route = str(entry.pattern)
        if not hasattr(entry.pattern, "_route"):
            continue  # patterns of libraries that are regular expressions; ours are none
        route = VARIABLE.sub(lambda m: SAMPLES[m[1] or "str"], route)
        if isinstance(entry, URLResolver):
            found += addresses(entry, before + route)
        elif isinstance(entry, URLPattern):
            found.append(before + route)
    return found


ALL = addresses(get_resolver())


@pytest.mark.parametrize("role", [None, Role.CLERK, Role.ADMINISTRATOR, Role.AUDITOR])
def test_no_address_lets_anything_be_kept(world: None, server: str, role: Role | None) -> None:
    web = WebSession(
        server,
        (
            None
            if role is None
            else alliance.make_staff(alliance.make_hospital("walk"), role, wide=True)
        ),
    )
    assert len(ALL) > 70
    statuses = set()
    for path in ALL:
        if path.startswith("/account/logout"):
            continue
        answer = web.get(path, allow_redirects=False)
        statuses.add(answer.status_code)
        assert answer.headers.get("Cache-Control") == "no-store, private", path
        assert answer.status_code < 500 or path == "/readyz", path
    assert len(statuses) > 2
    assert web.get("/static/nothing.css").headers.get("Cache-Control") != "no-store, private", (
        "the control: static files are another matter"
    )


def raw(server: str, text: str) -> bytes:
    """All that the server sends on one connection."""
    at = urlsplit(server)
    with socket.create_connection((at.hostname, at.port), timeout=10) as link:  # type: ignore[arg-type]
        link.sendall(text.encode())
        got = b""
        while part := link.recv(65536):
            got += part
    return got


def test_head_has_the_head_of_get_and_no_body(w: World, server: str) -> None:
    api: Api = w.hold
    about = api.create(make_patient())
    token = f"Bearer {api.token}"
    for path in (
        "/account/login/",
        "/healthz",
        "/nowhere/",
        f"/fhir/{w.b.code}/{about}",
        f"/fhir/{w.b.code}/Patient/none",
        f"/fhir/{w.b.code}/metadata",
        "/api/clients/",
    ):
        head = f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n"
        answer = raw(
            server, head + "\r\n" + head.replace("HEAD", "GET") + "Connection: close\r\n\r\n"
        )
        first, _, rest = answer.partition(b"\r\n\r\n")
        assert rest.startswith(b"HTTP/1.1 "), f"{path}: a body came after {first!r}"
        second, _, body = rest.partition(b"\r\n\r\n")
        assert first.split()[1] == second.split()[1] and body, (path, "the control: GET has one")


def test_a_foreign_name_is_refused_at_every_door(w: World, server: str) -> None:
    token = f"Bearer {w.hold.token}"
    at = urlsplit(server)
    for path in (
        f"/fhir/{w.b.code}/metadata",
        f"/fhir/{w.b.code}/Patient",
        f"/fhir/{w.b.code}/.well-known/smart-configuration",
        "/account/login/",
        "/api/schema/",
    ):
        for name, right in (("evil.example", False), ("localhost", True)):
            link = http.client.HTTPConnection(at.hostname or "", at.port)
            link.request("GET", path, headers={"Host": name, "Authorization": token})
            answer = link.getresponse()
            assert (answer.status == 400) is not right and answer.status < 500, (
                path,
                name,
                answer.status,
            )
            assert right or b"evil" not in answer.read()


def test_the_description_of_the_api_is_for_everybody_and_in_english(
    world: None, server: str
) -> None:
    told = requests.get(server + "/api/schema/", headers={"Accept-Language": "zh-hans"}, timeout=60)
    assert told.status_code == 200 and told.json()["openapi"].startswith("3.")
    assert told.text.isascii(), "no word of the installation's language"
    assert requests.get(server + "/api/hospitals/", timeout=60).status_code == 401, "the control"


def test_readiness_tells_the_walls(server: str) -> None:
    told = requests.get(server + "/readyz", timeout=10).json()["checks"]
    assert {told[k] for k in ("keys", "database role", "log grants", "row security")} == {"ok"}
