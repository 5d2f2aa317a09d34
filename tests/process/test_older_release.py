"""A database of an older release is brought up by `setup`, and gives the answers that its own
release gave. Each dump of tests/fixtures/older was made by the release of that number, with what
asked.py asks and hears there; no patient in it is real, and its keys open nothing else.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import conninfo

from alliance.database.connection_settings import owner_connection_string
from tests import draws
from tests.conftest import ROOT
from tests.factories.database_copies import find_pg_tools

OLDER = ROOT / "tests/fixtures/older"
CLEAN = {
    k: v for k, v in os.environ.items() if not k.startswith(("XINGLIN_", "DATABASE_", "DJANGO_"))
}


class Brought:
    """An installation of this release on what the dump of an older one held, with its keys."""

    def __init__(self, dump: Path, home: Path, name: str) -> None:
        self.told: dict[str, Any] = json.loads(dump.with_suffix(".json").read_text())
        self.line = conninfo.make_conninfo(owner_connection_string(), dbname=name)
        keys = {f"XINGLIN_{key.upper()}": value for key, value in self.told["keys"].items()}
        self.environment = (
            CLEAN
            | keys
            | {
                "DATABASE_URL": self.line,
                "XINGLIN_HOME": str(home),
                "XINGLIN_DEMO": "0",
            }
        )
        subprocess.run(
            [
                find_pg_tools() / "pg_restore",
                "--no-owner",
                "--exit-on-error",
                "-d",
                self.line,
                dump,
            ],
            check=True,
            capture_output=True,
        )

    def run(self, *command: str, given: str = "") -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(params=sorted(OLDER.glob("*.dump")), ids=lambda p: p.stem)
def brought(world: None, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Brought]:
    name = f"older_{draws.token_hex(4)}"
    with psycopg.connect(owner_connection_string(), autocommit=True) as link:
        if link.info.server_version // 10000 < 18:
            pytest.skip("the dumps are PostgreSQL 18's")
        link.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield Brought(request.param, tmp_path, name)
        finally:
            link.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_it_gives_the_same_answers(brought: Brought) -> None:
    assert "database migrated" in brought.run("manage.py", "setup")
    brought.run(
        "manage.py", "record_restore", "--reason", "brought to this release", "--nothing-lost"
    )
    heard = json.loads(
        brought.run(str(OLDER / "asked.py"), "ask", given=json.dumps(brought.told["systems"]))
    )["answers"]
    known = brought.told["answers"]
    assert heard.keys() == known.keys() and any(len(a) > 2 and a[2] for a in known.values())
    differing = [q for q in known if heard[q] != known[q]]
    assert not differing, "\n".join(f"{q}\n  then {known[q]}\n  now  {heard[q]}" for q in differing)
    brought.run("manage.py", "audit_seal", "--once")
    brought.run("manage.py", "audit_verify")  # the log that the older release began
