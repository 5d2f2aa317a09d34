"""setup on a database of its own server: two at once, first as a superuser and then as the
owner, and behind a long reader.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from alliance.database.connection_settings import owner_connection_string
from alliance.database.locks import SETUP_LOCK
from alliance.platform.environment import KEY_NAMES
from tests import draws
from tests.conftest import ROOT
from tests.wait_until import wait_until

CLEAN = {
    k: v for k, v in os.environ.items() if not k.startswith(("XINGLIN_", "DATABASE_", "DJANGO_"))
}


@dataclass
class Database:
    """An empty one, of an owner who is no superuser; nodes with homes of their own have the same
    keys.
    """

    home: Path
    name: str = field(default_factory=lambda: f"nodes_{draws.token_hex(4)}")
    keys: dict[str, str] = field(
        default_factory=lambda: {f"XINGLIN_{k.upper()}": draws.token_hex(32) for k in KEY_NAMES}
    )

    @property
    def owner(self) -> str:
        return f"{self.name}_owner"

    def url(self, role: str) -> str:
        return conninfo.make_conninfo(owner_connection_string(), user=role, dbname=self.name)

    def link(self, role: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.url(role), autocommit=True)

    def setup(self, role: str = "postgres", node: str = "a") -> "subprocess.Popen[str]":
        return self.manage("setup", role=role, node=node)

    def manage(
        self, *command: str, role: str = "postgres", node: str = "a"
    ) -> "subprocess.Popen[str]":
        environment = (
            CLEAN
            | self.keys
            | {
                "DATABASE_URL": self.url(role),
                "XINGLIN_HOME": str(self.home / node),
            }
        )
        return subprocess.Popen(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def database(world: None, tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path)
    with psycopg.connect(owner_connection_string(), autocommit=True) as link:
        link.execute(f"CREATE ROLE {made.owner} LOGIN")
        link.execute(f"CREATE DATABASE {made.name} OWNER {made.owner}")
        yield made
        link.execute(f"DROP DATABASE {made.name} WITH (FORCE)")
        link.execute(f"DROP ROLE {made.owner}")


def ended(process: "subprocess.Popen[str]") -> str:
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, (out, errors)
    return out


def test_two_nodes_then_the_owner(database: Database) -> None:
    """The second waits and says so, and finds nothing to do; both ran as a superuser, and the
    owner goes on with their tables.
    """
    with database.link() as link:
        link.execute(
            "SELECT pg_advisory_lock(%s)", [SETUP_LOCK]
        )  # as a first setup holds it: both come in while it is at work
        nodes = [database.setup(node=n) for n in "ab"]
        for node in nodes:
            assert node.stdout and "waits until it has ended" in node.stdout.readline()
        assert link.execute(
            "SELECT count(*) FROM pg_class WHERE relname = 'django_migrations'"
        ).fetchone() == (0,), "neither has begun"
    said = [ended(n) for n in nodes]
    assert sorted("database migrated" in s for s in said) == [False, True], "one does it all"
    assert sum(f"the tables belong to '{database.owner}'" in s for s in said) == 1
    with database.link() as link:
        strangers = """SELECT count(*) FROM pg_class c
          WHERE relnamespace = 'public'::regnamespace AND relowner <> %s::regrole
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"""
        assert link.execute(strangers, [database.owner]).fetchone() == (0,)
    ended(database.manage("migrate", "records", "0030_epoch", role=database.owner))
    assert "database migrated" in ended(database.setup(database.owner)), (
        "the owner's own setup, with a migration to do"
    )


def test_a_migration_behind_a_long_reader_is_tried_again(database: Database) -> None:
    ended(database.manage("migrate", "records", "0024_scopes"))
    with database.link() as link, database.link() as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM records_opinion")
        waiting = database.setup()
        wait_until(
            lambda: (
                link.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND"
                    " wait_event_type = 'Lock'"
                ).fetchone()
                == (1,)
            ),
            "it waits for the reader",
        )
        wait_until(
            lambda: (
                link.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND"
                    " wait_event_type = 'Lock'"
                ).fetchone()
                == (0,)
            ),
            "and gives up",
        )
        assert waiting.poll() is None, "for a moment"
        reader.execute("COMMIT")
        assert "database migrated" in ended(waiting)
