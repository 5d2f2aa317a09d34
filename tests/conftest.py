"""One state directory, one migrated PostgreSQL database and one real server for a whole test run."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """The tests use the database itself, brought up by the command that operators use; each test makes its own hospitals."""
    from django.core.management import call_command

    with django_db_blocker.unblock():
        call_command("setup")
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


@pytest.fixture(scope="session")
def server(world: None) -> Iterator[str]:
    """gunicorn and the sealer as in production, gunicorn as the web role where there is one; yields its URL."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--worker-class", "gthread", "--threads", "4",
               "--no-control-socket", "--log-level", "error", "alliance.config.wsgi:application"]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "XINGLIN_PROCESS": "web"})
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            with urllib.request.urlopen(url + "/healthz", timeout=1):
                break
        except OSError:
            time.sleep(0.1)
    else:
        raise RuntimeError("the server did not start")
    sealer = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "audit_seal", "--every", "0.3"], cwd=ROOT, env={**os.environ, "XINGLIN_PROCESS": "sealer"})
    yield url
    for part in (process, sealer):
        part.terminate()
        part.wait(30)
