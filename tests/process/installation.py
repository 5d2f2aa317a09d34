"""An installation of its own, run by `make run` as a user would."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from tests.conftest import ROOT, free_port
from tests.wait_until import wait_until


class Installation:
    """A state directory of its own, and `make run` on it; with the demo, as `make run` has it,
    or without.
    """

    def __init__(self, *, demo: bool = True) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="xinglin-run-"))
        self.home.chmod(0o711)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.environment = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("XINGLIN_", "DATABASE_", "DJANGO_"))
        }
        self.environment |= {"XINGLIN_HOME": str(self.home), "PORT": self.url.rpartition(":")[2]}
        if not demo:
            self.environment["XINGLIN_DEMO"] = "0"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.log = (self.home / "run.log").open("w+")
        self.process = subprocess.Popen(
            ["make", "run"],
            cwd=ROOT,
            env=self.environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        wait_until(self.ready, "the site answers")

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def said(self) -> str:
        return (self.home / "run.log").read_text()

    def manage(self, *command: str) -> str:
        return subprocess.check_output(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env={"XINGLIN_DEMO": "1"} | self.environment,
            text=True,
            stderr=subprocess.STDOUT,
        )

    def interrupt(self) -> None:
        """Ctrl-C: the terminal sends SIGINT to the whole foreground group."""
        assert self.process
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(60)

    def remove(self) -> None:
        """Stop it where it still runs, and leave nothing."""
        if self.process and self.process.poll() is None:
            self.interrupt()
        shutil.rmtree(self.home, ignore_errors=True)

    def parts(self) -> dict[int, str]:
        """{pid: command line} of every process that belongs to this installation."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if (
                        str(self.home).encode() in (entry / "environ").read_bytes()
                        or str(self.home) in line
                    ):
                        found[int(entry.name)] = line
                except OSError:
                    continue
        return found

    def line(self, pid: int) -> str:
        try:
            return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""

    def children(self, parent: int) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def register(self, hospital: str) -> tuple[str, str]:
        """A new system's id and secret."""
        told = json.loads(
            self.manage(
                "register_client", "--hospital", hospital, "--name", "test", "--secret"
            ).splitlines()[-1]
        )
        return told["client_id"], told["client_secret"]

    def postmaster(self) -> int:
        return int((self.home / "postgres/postmaster.pid").read_text().split()[0])

    def counts(self) -> dict[str, int]:
        """Rows of every table that people's work fills."""
        tables = (
            "alliance_hospital alliance_staff alliance_client records_person records_sourcepatient"
            " record_resource record_history consent_directive django_migrations"
        )
        query = " UNION ALL ".join(f"SELECT '{t}' AS t, count(*) FROM {t}" for t in tables.split())
        code = (
            f"from django.db import connection as c; k = c.cursor(); k.execute({query!r}); import"
            " json; print(json.dumps(dict(k.fetchall())))"
        )
        found: dict[str, int] = json.loads(
            self.manage("shell", "--no-imports", "-c", code).splitlines()[-1]
        )
        return found
