"""One state directory, one migrated PostgreSQL database, one real server and one Chromium for a whole test run."""

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from alliance.config.supervisor import LOGGER, WORKER
from tests.until import until

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """The tests use the database itself, brought up by the command that operators use; each test makes its own hospitals."""
    from django.core.management import call_command

    with django_db_blocker.unblock():
        call_command("setup")
        yield


@pytest.fixture(autouse=True)
def language_of_the_installation() -> Iterator[None]:
    """Each test begins in it: Django's own client leaves this process in the language of the last page that it asked for."""
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


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/healthz", timeout=10) as response:
            return bool(response.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="session")
def server(world: None) -> Iterator[str]:
    """gunicorn and the sealer as in production, gunicorn as the web role where there is one; yields its URL."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--worker-class", WORKER, "--threads", "4",
               "--no-control-socket", "--log-level", "error", "--logger-class", LOGGER, "alliance.config.wsgi:application"]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "XINGLIN_PROCESS": "web"})
    url = f"http://127.0.0.1:{port}"
    until(lambda: answers(url), "the server answers")
    sealer = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "audit_seal", "--every", "0.3"], cwd=ROOT, env={**os.environ, "XINGLIN_PROCESS": "sealer"})
    yield url
    for part in (process, sealer):
        part.terminate()
    for part in (process, sealer):
        part.wait(90)  # gunicorn gives requests that are under way thirty seconds


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
