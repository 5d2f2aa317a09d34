"""One state directory, one migrated PostgreSQL database, one real server and one Chromium for a
whole test run.
"""

import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.utils import translation

from alliance.server.supervisor import LOGGER, WORKER
from tests.environment import HOME
from tests.factories.fhir import INVENTED, make_unique_name
from tests.wait_until import wait_until

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
FOLDER_TURNS = {"process": 0, "chaos": 0, "leaks": 0, "browser": 0, "unit": 2}  # others: 1
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure() -> None:
    """Hundreds of accounts are made; that a password is dear to guess is the server's business."""
    settings.PASSWORD_HASHERS = [
        "tests.support.quick_hashes.QuickScrypt",
        *settings.PASSWORD_HASHERS[1:],
    ]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Folders whose files take minutes come first, that of seconds last: so two workers that take
    file by file (`make test`) end together.
    """
    items.sort(key=lambda item: FOLDER_TURNS.get(item.path.parent.name, 1))


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """The tests use the database itself, brought up by the command that operators use; each test
    makes its own hospitals.
    """
    from django.core.management import call_command

    with django_db_blocker.unblock():
        call_command("setup")
        yield


@pytest.fixture(autouse=True)
def language_of_the_installation() -> Iterator[None]:
    """Each test begins in it: Django's own client leaves this process in the language of the
    last page that it asked for.
    """
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(scope="session")
def world(django_db_setup, django_db_blocker) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """Database access with real commits, for tests that speak to the server."""
    with django_db_blocker.unblock():
        yield


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/healthz", timeout=10) as response:
            return bool(response.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="session")
def server(world: None) -> Iterator[str]:
    """gunicorn and the sealer as in production, gunicorn as the web role where there is one;
    yields its URL.
    """
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "2",
        "--worker-class",
        WORKER,
        "--threads",
        "4",
        "--no-control-socket",
        "--log-level",
        "error",
        "--logger-class",
        LOGGER,
        "alliance.config.wsgi:application",
    ]
    said = Path(HOME) / "server.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "XINGLIN_PROCESS": "web"}, stdout=log, stderr=log
        )
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: is_healthy(url), "the server answers")
        except AssertionError:
            print(said.read_text())
            raise
        sealer = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "audit_seal", "--every", "0.3"],
            cwd=ROOT,
            env={**os.environ, "XINGLIN_PROCESS": "sealer"},
            stdout=log,
            stderr=log,
        )
    yield url
    with suppress(urllib.error.HTTPError):
        urllib.request.urlopen(
            f"{url}/readyz?name={quote(make_unique_name())}", timeout=60
        )  # no worker is at work: 503, which is told
    for part in (process, sealer):
        part.terminate()
    for part in (process, sealer):
        part.wait(90)  # gunicorn gives requests that are under way thirty seconds
    nobody_in(said)


def nobody_in(log: Path) -> None:
    """No line of all that the server and the sealer said has a name or number of anybody whom
    the tests have invented, however their requests went.
    """
    text = log.read_text()
    assert "REQUEST503 probe readyz" in text, "the control: requests that failed are told"
    found = [
        (who, next(line for line in text.splitlines() if who in line))
        for who in INVENTED
        if who in text
    ]
    assert INVENTED and not found, f"the log names patients: {found[:5]}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (.ci/run installs it)")
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright runs an event loop in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
