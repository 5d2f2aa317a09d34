"""An installation of its own in a temporary directory, with durable commits and the demo, and a
member's system in it.
"""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.perf.load import Request, call
from tests.perf.session import sign_in

ROOT = Path(__file__).resolve().parents[2]
PORT = int(os.environ.get("BENCH_PORT", "8177"))
DEMO_PASSWORD = "xinglin-demo-2026"  # as the README prints it
MEMBER = "nanqiao"


@dataclass
class Installation:
    home: Path
    environment: dict[str, str]
    headers: dict[str, str]
    port: int = PORT

    def ask(
        self, path: str, body: bytes | None = None, method: str = "", **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        request: Request = (
            method or ("POST" if body is not None else "GET"),
            f"/fhir/{MEMBER}/{path}",
            body,
        )
        return call(self.port, request, self.headers | headers)

    def manage(self, *command: str) -> str:
        return subprocess.check_output(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=self.environment, text=True
        )

    def clinician(self) -> str:
        """The Cookie header of a signed-in doctor."""
        return sign_in(
            f"http://127.0.0.1:{self.port}", "lin", DEMO_PASSWORD, self.manage("demo_code").strip()
        )

    def sql(self, query: str) -> list[Any]:
        code = (
            f"from django.db import connection as c; k = c.cursor(); k.execute({query!r}); import"
            " json; print(json.dumps(k.fetchall(), default=str))"
        )
        return json.loads(self.manage("shell", "--no-imports", "-c", code).splitlines()[-1])  # type: ignore[no-any-return]


def wait(ready: Callable[[], bool]) -> None:
    for _ in range(600):
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the server did not come up")


@contextmanager
def installation() -> Iterator[Installation]:
    home = Path(tempfile.mkdtemp(prefix="xinglin-bench-"))
    home.chmod(0o711)
    environment = {
        **os.environ,
        "XINGLIN_HOME": str(home),
        "XINGLIN_DEMO": "1",
        "PORT": str(PORT),
        "XINGLIN_MAX_ENTRIES": "60000",
        "XINGLIN_FIND_SYSTEM": "10000000",
        "XINGLIN_MAX_BODY": str(256 << 20),
    }
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        wait(
            lambda: (
                call(PORT, ("GET", "/readyz", None), {})[0] == 200
                and (home / "demo-records").exists()
            )
        )
        made = Installation(home, environment, {})
        told = json.loads(
            made.manage(
                "register_client", "--hospital", MEMBER, "--name", "bench", "--secret"
            ).splitlines()[-1]
        )
        form = urllib.parse.urlencode({"grant_type": "client_credentials", **told}).encode()
        link = http.client.HTTPConnection("127.0.0.1", PORT)
        token = json.loads(
            call(
                PORT,
                ("POST", "/oauth/token", form),
                {"Content-Type": "application/x-www-form-urlencoded"},
                link,
            )[1]
        )
        made.headers = {
            "Authorization": f"Bearer {token['access_token']}",
            "Content-Type": "application/fhir+json",
        }
        yield made
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
        shutil.rmtree(home, ignore_errors=True)
