"""/metrics, /status and the page of the operation over a real site with two processes: for whom
they are there, that the numbers are those of what was asked, and that nobody is in them.
"""

import os
import re
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from alliance.models import Hospital
from alliance.operations.request_metrics import DOORS, PAGES
from alliance.platform.counters import CREDENTIAL_KINDS, MOST_SERIES
from alliance.roles import Role
from records.api.sync import urls as sync_urls
from records.requests.served_routes import list_metric_names
from tests import draws
from tests.environment import METRICS
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient
from tests.factories.web_session import WebSession
from tests.support.browser import signed_in
from tests.support.html import Browser
from tests.wait_until import wait_until

Labels = dict[str, str]
ALLOWED = {"Authorization": f"Bearer {METRICS}"}
PAGE = "/alliance/operations/"


def said(server: str) -> str:
    reply = requests.get(server + "/metrics", headers=ALLOWED, timeout=90)
    assert (
        reply.status_code == 200
        and reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        and reply.headers["Cache-Control"].startswith("no-store")
    )
    return reply.text


def samples(server: str) -> list[Any]:
    return [s for family in text_string_to_metric_families(said(server)) for s in family.samples]


def value(server: str, name: str, **labels: str) -> float:
    return float(
        sum(
            s.value
            for s in samples(server)
            if s.name == name and labels.items() <= s.labels.items()
        )
    )


def plain(page: str) -> str:
    """Without what each form has of its own."""
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", page)


@pytest.mark.parametrize("path", ["/metrics", "/status"])
def test_they_are_there_for_nobody_but_who_has_the_token(server: str, path: str) -> None:
    assert requests.get(server + path, headers=ALLOWED, timeout=90).status_code == 200, (
        "the control"
    )
    nowhere = plain(requests.get(server + "/nowhere", timeout=90).text)
    for headers in (
        {},
        {"Authorization": f"Bearer {METRICS}x"},
        {"Authorization": f"Bearer {METRICS[:-1]}"},
        {"Authorization": f"Basic {METRICS}"},
        {"Authorization": METRICS},
        {"X-Forwarded-For": "127.0.0.1"},
    ):
        reply = requests.get(server + path, headers=headers, timeout=90)
        assert reply.status_code == 404 and plain(reply.text) == nowhere, (
            "as an address that there is not"
        )
    assert requests.post(server + path, headers=ALLOWED, timeout=90).status_code in (
        403,
        404,
    ), "a form is not taken"


@pytest.mark.parametrize("path", ["/metrics", "/status"])
def test_by_token_and_by_address_besides(
    world: None, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def status(address: str, **more: Any) -> int:
        return Browser().get(path, REMOTE_ADDR=address, **more).status_code

    monkeypatch.delenv("XINGLIN_METRICS_TOKEN")
    assert (
        status("10.1.2.3") == 404
        and status("127.0.0.1") == 404
        and status("127.0.0.1", headers=ALLOWED) == 404
    ), "nothing is set: nobody"
    monkeypatch.setenv("XINGLIN_METRICS_FROM", "10.1.2.0/24,::1")
    assert status("10.1.2.3") == status("::1") == 404, (
        "an address alone opens nothing: a proxy that names no caller would have it"
    )
    monkeypatch.setenv("XINGLIN_METRICS_TOKEN", METRICS)
    assert status("10.1.2.3", headers=ALLOWED) == status("::1", headers=ALLOWED) == 200, (
        "the control"
    )
    assert (
        status("10.1.2.3")
        == status("10.1.3.3", headers=ALLOWED)
        == status("", headers=ALLOWED)
        == 404
    ), "both are asked for"
    for passed_on in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert status("10.1.2.3", headers=ALLOWED | {passed_on: "10.1.2.4"}) == 404, (
            "whoever comes through a proxy has nobody's address"
        )
    monkeypatch.delenv("XINGLIN_METRICS_FROM")
    assert status("10.1.2.3", headers=ALLOWED) == 200 and status("10.1.2.3") == 404


def test_the_numbers_are_those_of_what_was_asked(api: Api, stranger: Api, server: str) -> None:
    def count(interaction: str, status: str) -> float:
        return value(
            server,
            "xinglin_requests_total",
            door="fhir",
            interaction=interaction,
            member=api.base,
            status=status,
        )

    reads = value(server, "xinglin_request_seconds_count", door="fhir", interaction="read")
    tokens = value(server, "xinglin_refusals_total", what="token")
    about = api.create(make_patient())
    for _ in range(7):
        assert api("GET", about).status == 200
    assert (
        api("GET", "Patient/nobody").status == 404
        and api("GET", "Patient?_count=1").status == 200
        and api("POST", "Patient/_search").status in (200, 400, 415)
    )
    assert stranger("GET", about, base=api.base, Authorization="Bearer nobody").status == 401
    assert (
        count("create", "2xx"),
        count("read", "2xx"),
        count("read", "4xx"),
        count("update", "2xx"),
    ) == (1, 7, 1, 0), "of both processes together"
    assert count("search-type", "2xx") + count("search-type", "4xx") == 2
    assert (
        value(server, "xinglin_request_seconds_count", door="fhir", interaction="read") >= reads + 8
    )
    assert value(server, "xinglin_refusals_total", what="token") >= tokens + 1
    assert value(server, "xinglin_threads") == 8 and value(server, "xinglin_threads_busy") + 1 >= 1
    assert value(server, "xinglin_database_up") == 1 and value(
        server, "xinglin_release_number"
    ) == value(server, "xinglin_release_of_code")
    wait_until(
        lambda: (
            {s.labels["part"] for s in samples(server) if s.name == "xinglin_part_beat_age_seconds"}
            >= {"sealer"}
        ),
        "it is heard of",
    )


def test_what_the_front_refuses_is_counted(server: str) -> None:
    before, at = value(server, "xinglin_requests_refused_total", status="414"), urlsplit(server)
    with socket.create_connection((at.hostname, at.port), timeout=90) as wire:
        wire.sendall(b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.recv(100).startswith(b"HTTP/1.1 414")
    wait_until(
        lambda: value(server, "xinglin_requests_refused_total", status="414") == before + 1,
        "it is counted",
    )


def test_nobody_is_in_them(api: Api, server: str) -> None:
    """What is asked for, stored and typed stands in no name, label or value; labels come from
    lists.
    """
    mark = draws.token_hex(5)
    made = make_patient(f"欧阳{mark}", mrn=f"N{mark}")
    assert api("PUT", f"Patient/odd-{mark}", {**made, "id": f"odd-{mark}"}).status == 201
    assert (
        api("GET", f"Patient?name={mark}").status == 200
        and api("GET", f"X{mark}/Y{mark}/${mark}").status == 404
    )
    api.create(make_observation(f"Patient/odd-{mark}"))
    for path in (
        f"/{mark}/",
        f"/person/{mark}/",
        f"/fhir/{mark}/Patient",
        f"/oauth/{mark}",
        f"/static/{mark}.css",
        f"/alliance/{mark}/",
        f"/api/{mark}/",
    ):
        requests.request(
            "GET", server + path, headers={"X-Request-Id": mark, "User-Agent": mark}, timeout=90
        )
    WebSession(server).post("/account/login/", {"login": f"login-{mark}", "password": mark})
    told = said(server) + requests.get(server + "/status", headers=ALLOWED, timeout=90).text
    assert mark not in told and "欧阳" not in told
    assert api.base in told, "the control: a member is named by its code"
    members = {"", "other", "alliance", *Hospital.with_sandboxes.values_list("code", flat=True)}
    lists: dict[str, Any] = {
        "door": {*DOORS.values(), "page"},
        "interaction": {
            *list_metric_names(),
            *(p.name for p in sync_urls.urlpatterns),
            *PAGES,
            *DOORS,
            "other",
            "definitions",
        },
        "member": members,
        "what": set(CREDENTIAL_KINDS),
        "status": {
            "1xx",
            "2xx",
            "3xx",
            "4xx",
            "5xx",
            "429",
            "503",
            "400",
            "408",
            "414",
            "417",
            "431",
            "500",
            "501",
        },
        "part": {"worker", "courier", "sealer"},
        "place": {"home", "data", "temporary", "backup"},
        "wall": {"keys", "database_role", "log_grants", "row_security", "sm2_signature"},
        "result": {"told", "failed"},
        "state": {"requested", "active", "error", "off", "lost", "taking", "waiting", "running"},
        "cause": {"busy", "unreachable", "line_lost", "not_served", "08", "25", "53", "57", "58"},
    }
    found = samples(server)
    for sample in found:
        assert all(
            v in lists[k]
            for k, v in sample.labels.items()
            if k not in ("le", "standby", "slot", "certificate")
        ), sample
    assert sum(s.name == "xinglin_requests_total" for s in found) < 2 * MOST_SERIES
    assert {s.name for s in found} >= {
        f"xinglin_{name}"
        for name in ("disk_free_bytes", "audit_unsealed_lines", "subscriptions", "wall_standing")
    }
    assert not re.search(r"/[a-z]+/", re.sub(r"# HELP.*", "", said(server))), "no path"


def test_the_members_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from alliance.platform import counters

    def count(member: str) -> float:
        return counters.request_counter.labels("fhir", "read", member, "2xx")._value.get()  # type: ignore[no-any-return]

    monkeypatch.setattr(counters, "MOST_SERIES", len(counters.counted_series) + 1)
    for member in ("first-bounded", "second-bounded", "second-bounded"):
        counters.count_request("fhir", "read", member, 200, 0.1)
    assert [key for key in counters.counted_series if "second-bounded" in key] == [] and (
        count("first-bounded"),
        count("other"),
    ) == (1, 2)


def test_status_is_for_administrators_of_the_alliance_too(world: None) -> None:
    at = alliance.make_hospital("stat")
    reply = signed_in(alliance.make_staff(at, Role.ADMINISTRATOR, wide=True)).get("/status")
    assert (
        reply.status_code == 200
        and {v["about"] for v in reply.json()["verdicts"]} >= {"database", "seal", "disk_home"}
        and reply.json()["numbers"]["database_up"] == 1
    )
    assert all(
        v["level"] in ("ok", "look", "act") and bool(v.get("do")) is (v["level"] != "ok")
        for v in reply.json()["verdicts"]
    )
    for who in (
        alliance.make_staff(at, Role.ADMINISTRATOR),
        alliance.make_staff(at, Role.CLINICIAN, wide=True),
        alliance.make_staff(at, Role.AUDITOR, wide=True),
    ):
        assert signed_in(who).get("/status").status_code == 404
    assert Browser().get("/status").status_code == 404


def test_the_page_is_for_administrators_of_the_alliance(world: None) -> None:
    at = alliance.make_hospital("oper")
    admin = signed_in(alliance.make_staff(at, Role.ADMINISTRATOR, wide=True))
    for language, words in (
        ("en", ("Disk of the site", "Audit log", "manage.py doctor")),
        ("zh-hans", ("网站所在磁盘", "审计日志", "manage.py doctor")),
    ):
        page = admin.get(PAGE, headers={"Accept-Language": language}).content.decode()
        assert all(word in page for word in words) and f'href="{PAGE}"' in page
    local = signed_in(alliance.make_staff(at, Role.ADMINISTRATOR))
    assert (
        local.get(PAGE).status_code == 403
        and PAGE not in local.get("/alliance/hospitals/").content.decode()
    )
    assert Browser().get(PAGE).status_code == 302 and admin.post(PAGE).status_code == 405


def test_without_a_token_in_its_settings_a_site_tells_nothing(
    world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XINGLIN_METRICS_TOKEN")
    assert "XINGLIN_METRICS_FROM" not in os.environ
    assert [
        Browser().get(path, headers=ALLOWED).status_code for path in ("/metrics", "/status")
    ] == [404, 404]
