"""A home with a database of its own, for tests of starts and commands."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.sources import ROOT

CLEAN = {
    k: v for k, v in os.environ.items() if not k.startswith(("XINGLIN_", "DATABASE_", "DJANGO_"))
}
BEGIN = "import alliance.config.wsgi"  # what gunicorn loads


class Home:
    """A folder with a database that `setup` has made."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="xinglin-starts-"))
        self.path.chmod(0o711)
        # A process that stays holds the embedded server up, so that the tests do not start it again
        # and again.
        self.holder = subprocess.Popen(
            [
                sys.executable,
                "-c",
                (
                    "import sys;"
                    " from alliance.database.connection_settings import owner_connection_string;"
                    " owner_connection_string(); print('up', flush=True); sys.stdin.read()"
                ),
            ],
            cwd=ROOT,
            env=self.environment(XINGLIN_PG_OPTIONS="fsync=off"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.holder.stdout and self.holder.stdout.readline() == b"up\n"

    def environment(self, **more: str) -> dict[str, str]:
        return CLEAN | {"XINGLIN_HOME": str(self.path)} | more

    @property
    def owner(self) -> str:
        return f"postgresql://postgres@/xinglin?host={self.path}/socket"

    def manage(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            check=False,
        )

    def site(self, **more: str) -> subprocess.CompletedProcess[str]:
        """The web process, as far as it goes before it listens."""
        return subprocess.run(
            [sys.executable, "-c", BEGIN],
            cwd=ROOT,
            env=self.environment(XINGLIN_PROCESS="web", **more),
            capture_output=True,
            text=True,
            check=False,
        )

    def sql(self, query: str) -> None:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                (
                    f"import psycopg; psycopg.connect({self.owner!r},"
                    f" autocommit=True).execute({query!r})"
                ),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def refused(done: subprocess.CompletedProcess[str], *says: str) -> None:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert (
        done.returncode in (1, 4)
        and len(lines) == 1
        and lines[0].startswith("Xinglin does not start. ")
    ), (done.returncode, done.stderr)
    assert all(text in lines[0] for text in says), lines[0]


def went_through(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
