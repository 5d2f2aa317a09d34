"""A site behind a proxy that speaks TLS: what comes without it is sent there, cookies and
browsers are held to it; and what asks only whether the site lives is answered.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from tests.conftest import ROOT, free_port
from tests.factories import alliance
from tests.wait_until import wait_until

TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.9"}


@pytest.fixture(scope="module")
def fronted(world: None) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "--bind",
            f"127.0.0.1:{port}",
            "--worker-class",
            "gthread",
            "--threads",
            "2",
            "--no-control-socket",
            "--log-level",
            "error",
            "alliance.config.wsgi:application",
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "XINGLIN_PROCESS": "web",
            "XINGLIN_HTTPS": "1",
            "XINGLIN_PROXIES": "1",
            "XINGLIN_HOSTS": "records.example,127.0.0.1",
        },
    )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return requests.get(url + "/healthz", timeout=10).ok
        except OSError:
            return False

    wait_until(answers, "the site answers")
    yield url
    process.terminate()
    process.wait(90)


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/"),
        ("GET", "/account/login/"),
        ("POST", "/account/login/"),
        ("POST", "/oauth/token"),
        ("GET", "/fhir/alliance/metadata"),
        ("GET", "/static/x.css"),
        ("GET", "/nowhere/"),
    ],
)
def test_nothing_is_answered_without_tls(fronted: str, verb: str, path: str) -> None:
    for header in ({}, {"X-Forwarded-Proto": "http"}):
        plain = requests.request(
            verb, fronted + path, headers=header, allow_redirects=False, timeout=10
        )
        assert (
            plain.status_code == 301
            and plain.headers["Location"] == f"https://{fronted.removeprefix('http://')}{path}"
        ), (header, plain.status_code)
        assert "Set-Cookie" not in plain.headers and not plain.content
    behind = requests.request(verb, fronted + path, headers=TLS, allow_redirects=False, timeout=10)
    assert behind.status_code != 301 and behind.headers["Strict-Transport-Security"].startswith(
        "max-age=31536000"
    ), "the control"


def test_cookies_are_secure(fronted: str) -> None:
    who = alliance.make_staff(alliance.make_hospital("tls"))
    browser = requests.Session()
    page = browser.get(fronted + "/account/login/", headers=TLS, timeout=10)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token
    cookies = page.headers["Set-Cookie"]
    form = {
        "login": who.user.username,
        "password": alliance.PASSWORD,
        "csrfmiddlewaretoken": token[1],
    }
    kept = {"csrftoken": re.search(r"csrftoken=(\w+)", cookies)[1]}  # type: ignore[index]
    done = browser.post(
        fronted + "/account/login/",
        form,
        headers=TLS | {"Referer": fronted.replace("http", "https") + "/"},
        cookies=kept,
        allow_redirects=False,
        timeout=10,
    )
    assert done.status_code == 302
    given = re.split(r", (?=\w+=)", cookies + ", " + done.headers["Set-Cookie"])
    assert {c.split("=")[0] for c in given} >= {"csrftoken", "sessionid"} and all(
        "; Secure" in c and "HttpOnly" in c for c in given
    ), given


def test_whether_it_lives_is_told_to_the_machine_itself(fronted: str) -> None:
    assert requests.get(fronted + "/healthz", allow_redirects=False, timeout=10).json() == {
        "status": "ok"
    }
    ready = requests.get(fronted + "/readyz", allow_redirects=False, timeout=10)
    assert ready.status_code in (200, 503) and ready.json()["checks"]["keys"] == "ok"
    assert (
        requests.get(fronted + "/healthz/x", allow_redirects=False, timeout=10).status_code == 301
    ), "and nothing beside it"


def test_a_foreign_name_is_sent_nowhere(fronted: str) -> None:
    for path in ("/", "/fhir/alliance/metadata"):
        assert (
            requests.get(
                fronted + path, headers={"Host": "evil.example"}, allow_redirects=False, timeout=10
            ).status_code
            == 400
        )
        assert (
            requests.get(
                fronted + path,
                headers={"Host": "records.example"},
                allow_redirects=False,
                timeout=10,
            ).headers["Location"]
            == f"https://records.example{path}"
        ), "the control"
