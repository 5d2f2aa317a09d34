"""Two releases made from this checkout beside each other, as an operator lays them, `current`
leading to one of them; and a load that remembers every answer.
"""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg

from alliance.database.embedded_postgres import EmbeddedCluster
from alliance.database.index_version import VERSION
from tests.conftest import ROOT
from tests.wait_until import wait_until

ACTIVATE = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_PID=str(os.getpid()),"
    " LISTEN_FDS='1'); os.execv(sys.argv[2], sys.argv[2:])"
)
MIGRATION = '''"""More, which the last release does not read."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "{last}")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE record_resource ADD COLUMN spare smallint NOT NULL DEFAULT 0",
            "ALTER TABLE record_resource DROP COLUMN spare",
        )
    ]
'''


class Releases:
    """Folders `last` and `next` below one, and `broken`: as `next`, but its web does not start.
    The next one keeps other tokens for codes: without their dashes.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="xinglin-releases-"))
        self.folder.chmod(0o711)
        self.home = self.folder / "home"
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)  # systemd's
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("XINGLIN_", "DATABASE_", "DJANGO_"))
        }
        self.environment |= {
            "XINGLIN_HOME": str(self.home),
            "PORT": str(self.port),
            "XINGLIN_WORKERS": "2",
            "XINGLIN_THREADS": "4",
        }
        for name in ("last", "next", "broken"):
            tree = self.folder / name
            for part in ("alliance", "consent", "records"):
                shutil.copytree(ROOT / part, tree / part)
            shutil.copy2(ROOT / "manage.py", tree)
            (tree / ".venv").symlink_to((ROOT / ".venv").resolve())
        for name in ("next", "broken"):
            self.change(
                name,
                "alliance/database/index_version.py",
                f"\nVERSION = {VERSION}",
                f"\nVERSION = {VERSION + 1}",
            )
            self.change(
                name,
                "records/search/kinds/token.py",
                'index.tokens.add(index_hash(*name, "code", code))',
                'index.tokens.add(index_hash(*name, "code", code.replace("-", "")))',
            )
            migrations = self.folder / name / "records/migrations"
            last = max(p.stem for p in migrations.glob("0*.py"))
            (migrations / f"{int(last[:4]) + 1:04}_spare.py").write_text(
                MIGRATION.format(last=last)
            )
        self.change(
            "broken",
            "alliance/server/http_server/gunicorn_worker.py",
            "    import django\n",
            '    raise RuntimeError("broken on purpose")\n',
        )
        self.lead("last")
        self.process: subprocess.Popen[bytes] | None = None

    def change(self, name: str, file: str, old: str, new: str) -> None:
        path = self.folder / name / file
        text = path.read_text()
        assert text.count(old) == 1, (file, old)
        path.write_text(text.replace(old, new))

    def lead(self, name: str) -> None:
        """As `ln -sfn` and `mv -T` do it."""
        link = self.folder / "new"
        link.symlink_to(name)
        link.replace(self.folder / "current")

    def command(self, name: str, *arguments: str) -> list[str]:
        return [
            str(self.folder / name / ".venv/bin/python"),
            str(self.folder / name / "manage.py"),
            *arguments,
        ]

    def manage(self, name: str, *arguments: str, code: int | None = 0) -> str:
        done = subprocess.run(
            self.command(name, *arguments),
            env=self.environment,
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert code is None or done.returncode == code, done.stdout
        return done.stdout

    def start(self) -> None:
        """As systemd starts a service that has a socket."""
        self.home.mkdir(exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    ACTIVATE,
                    str(self.socket.fileno()),
                    *self.command("current", "serve"),
                ],
                env=self.environment,
                cwd="/",
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(self.socket.fileno(),),
            )
        wait_until(self.ready, "the site is ready")

    def ready(self) -> bool:
        assert self.process and self.process.poll() is None, self.said()
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def said(self) -> str:
        return (self.folder / "log").read_text()

    def sql(self, query: str) -> Any:
        """The first value."""
        with psycopg.connect(EmbeddedCluster(self.home).uri("postgres"), autocommit=True) as link:
            return link.execute(query).fetchone()[0]  # type: ignore[index]

    def stop(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(90)

    def remove(self) -> None:
        if self.process and self.process.poll() is None:
            self.stop()
        self.socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Caller(threading.Thread):
    """Calls again and again, on a connection that is kept as long as the server keeps it, and
    remembers (when the answer was there, status, what the answer gave).
    """

    def __init__(
        self, url: str, token: str, call: Callable[["Caller"], object], pause: float = 0.05
    ) -> None:
        super().__init__(daemon=True)
        self.at, self.token, self.call, self.pause = urlsplit(url), token, call, pause
        self.link = http.client.HTTPConnection(self.at.hostname or "", self.at.port, timeout=600)
        self.answers: list[tuple[float, int, object]] = []
        self.longest, self.over = 0.0, False
        self.start()

    def ask(self, method: str, path: str, resource: object = None) -> tuple[int, dict[str, object]]:
        headers = {"Authorization": f"Bearer {self.token}"} | (
            {"Content-Type": "application/fhir+json"} if resource else {}
        )
        self.link.request(
            method,
            quote(path, safe="/?&=%:|,$_"),
            json.dumps(resource) if resource else None,
            headers,
        )
        reply = self.link.getresponse()
        body = reply.read()
        return reply.status, json.loads(body) if body else {}

    def run(self) -> None:
        while not self.over:
            began = time.monotonic()
            try:
                status, given = self.call(self)  # type: ignore[misc]
            except (OSError, http.client.HTTPException) as error:
                status, given = 0, repr(error)
                self.link.close()
            now = time.monotonic()
            self.longest = max(self.longest, now - began)
            self.answers.append((now, status, given))
            time.sleep(self.pause)

    def end(self) -> None:
        self.over = True
        self.join(90)


def identifier(told: str, name: str) -> str:
    found = re.search(rf'"{name}": *"([^"]+)"', told)
    assert found, told
    return found.group(1)
