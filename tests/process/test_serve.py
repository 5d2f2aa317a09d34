"""`make run` as a whole: what it prints, what a second run changes, Ctrl-C, and kill -9 of every part in the middle of writes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, free_port
from tests.factories.fhir import Api, patient


class Installation:
    """A state directory of its own, and `make run` on it."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="xinglin-run-"))
        self.home.chmod(0o711)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("XINGLIN_", "DATABASE_", "DJANGO_"))}
        self.environment |= {"XINGLIN_HOME": str(self.home), "PORT": self.url.rpartition(":")[2]}
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.log = (self.home / "run.log").open("w+")
        self.process = subprocess.Popen(["make", "run"], cwd=ROOT, env=self.environment, stdout=self.log, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        until(self.ready, "the site answers")

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def said(self) -> str:
        return (self.home / "run.log").read_text()

    def manage(self, *command: str) -> str:
        return subprocess.check_output([sys.executable, "manage.py", *command], cwd=ROOT, env=self.environment | {"XINGLIN_DEMO": "1"}, text=True, stderr=subprocess.STDOUT)

    def interrupt(self) -> None:
        """Ctrl-C: the terminal sends SIGINT to the whole foreground group."""
        assert self.process
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(60)

    def parts(self) -> dict[int, str]:
        """{pid: command line} of every process that belongs to this installation."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if str(self.home).encode() in (entry / "environ").read_bytes() or str(self.home) in line:
                        found[int(entry.name)] = line
                except OSError:
                    continue
        return found

    def postmaster(self) -> int:
        return int((self.home / "postgres/postmaster.pid").read_text().split()[0])

    def counts(self) -> dict[str, int]:
        """Rows of every table that people's work fills."""
        tables = "alliance_hospital alliance_staff alliance_client records_person records_sourcepatient record_resource record_history consent_directive django_migrations"
        query = " UNION ALL ".join(f"SELECT '{t}' AS t, count(*) FROM {t}" for t in tables.split())
        code = f"from django.db import connection as c; k = c.cursor(); k.execute({query!r}); import json; print(json.dumps(dict(k.fetchall())))"
        found: dict[str, int] = json.loads(self.manage("shell", "--no-imports", "-c", code).splitlines()[-1])
        return found


def until(true: Callable[[], bool], what: str, seconds: float = 90) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, what
        time.sleep(0.2)


@pytest.fixture(scope="module")
def made() -> Iterator[Installation]:
    installation = Installation()
    installation.start()
    yield installation
    if installation.process and installation.process.poll() is None:
        installation.interrupt()
    shutil.rmtree(installation.home, ignore_errors=True)


@pytest.fixture(scope="module")
def credentials(made: Installation) -> tuple[str, str]:
    until(lambda: (made.home / "demo-records").exists(), "the demo is loaded")
    told = json.loads(made.manage("register_client", "--hospital", "donghu", "--name", "test", "--secret").splitlines()[-1])
    return told["client_id"], told["client_secret"]


class Writer(threading.Thread):
    """Creates Patients one after the other and remembers which were acknowledged; a broken answer is no acknowledgement."""

    def __init__(self, api: Api) -> None:
        super().__init__(daemon=True)
        self.api, self.acknowledged, self.stopping = api, [], False  # type: ignore[var-annotated]
        self.start()

    def run(self) -> None:
        while not self.stopping:
            try:
                reply = self.api("POST", "Patient", patient("试验"))
                if reply.status == 201:
                    self.acknowledged.append(reply.json["id"])
            except OSError:
                time.sleep(0.1)
            except Exception:  # an answer that broke off in the middle
                time.sleep(0.1)


def test_it_says_where_and_who(made: Installation, credentials: tuple[str, str]) -> None:
    assert made.url in made.said() and "chen" in made.said() and "make code" in made.said()
    assert "62 registrations" in made.said()


@pytest.mark.parametrize("victim", ["make run", "gunicorn master", "gunicorn worker", "postmaster", "sealer"])
def test_kill_9_loses_nothing_that_was_acknowledged(made: Installation, credentials: tuple[str, str], victim: str) -> None:
    api = Api(made.url, "donghu", credentials=credentials)
    writer = Writer(api)
    until(lambda: len(writer.acknowledged) > 20, "writes go through")
    parts = made.parts()
    web = sorted(p for p, line in parts.items() if "gunicorn" in line and "serve" not in line)
    supervisor = min(p for p, line in parts.items() if line.rstrip().endswith("manage.py serve"))
    target = {"make run": supervisor, "gunicorn master": web[0], "gunicorn worker": web[1], "postmaster": made.postmaster(),
              "sealer": next(p for p, line in parts.items() if "audit_seal" in line)}[victim]
    os.kill(target, signal.SIGKILL)
    if victim == "make run":
        until(lambda: not [line for line in made.parts().values() if "gunicorn" in line or "audit_seal" in line], "its parts end with it")
        made.start()
    before = len(writer.acknowledged)
    until(lambda: len(writer.acknowledged) > before + 20, f"writes go through again after kill -9 of {victim}")
    writer.stopping = True
    writer.join(30)
    missing = [i for i in writer.acknowledged if api("GET", f"Patient/{i}").status != 200]
    assert not missing, f"{len(missing)} of {len(writer.acknowledged)} acknowledged resources are gone"
    until(lambda: bool([line for line in made.parts().values() if "audit_seal" in line]), "the sealer is back")
    assert "intact" in made.manage("audit_verify")


def test_a_second_run_is_fast_and_changes_nothing_and_ctrl_c_stops_all(made: Installation, credentials: tuple[str, str]) -> None:
    before = made.counts()
    assert before["record_resource"] > 1000
    made.interrupt()
    until(lambda: not made.parts(), f"nothing is left running: {made.parts()}", 40)
    assert not (made.home / "postgres/postmaster.pid").exists()
    made.start()
    until(lambda: "serves" in made.said(), "it says so")
    assert made.counts() == before
    assert "building" not in made.said() and "writing the demo" not in made.said()
