"""Databases of their own on the tests' server, for what nobody may do to the one that all tests
share.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection, connections


def find_pg_tools() -> Path:
    """Where a pg_dump of the server's version lies."""
    from alliance.database.embedded_postgres import EmbeddedCluster

    major = connection.cursor().connection.info.server_version // 10000
    folders = [Path(p) for p in os.environ.get("PATH", "").split(os.pathsep)]
    try:
        folders.insert(0, EmbeddedCluster.binaries_folder())
    except RuntimeError:
        pass
    for folder in folders:
        if (folder / "pg_dump").exists() and f" {major}." in subprocess.check_output(
            [folder / "pg_dump", "--version"], text=True
        ):
            return folder
    pytest.skip(f"no pg_dump of the server's version {major} is installed")


@contextmanager
def connected_to_database(database: str) -> Iterator[None]:
    """This process's connections go to another database of the server."""
    told = connections.settings["default"]
    before = told["NAME"]
    connection.close()
    told["NAME"] = connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        told["NAME"] = connection.settings_dict["NAME"] = before


def mark_copy_current(name: str) -> None:
    """The copy is the database to go on with, and nobody has to record that (docs/adr/0041)."""
    with connected_to_database(name), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alliance_epoch SET database = (SELECT oid FROM pg_database WHERE datname ="
            " current_database())"
        )


def make_database(name: str, template: str) -> None:
    with connected_to_database("postgres"), connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    if template != "template0":
        mark_copy_current(name)


def drop_database(name: str) -> None:
    with connected_to_database("postgres"), connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def restore_database(name: str, dump: Path) -> None:
    """A new database from the dump of another, which may be in use."""
    make_database(name, "template0")
    told = connection.settings_dict
    where = [
        "-h",
        told["HOST"],
        *(["-p", told["PORT"]] if told["PORT"] else []),
        "-U",
        told["USER"],
    ]
    environment = {**os.environ, **({"PGPASSWORD": told["PASSWORD"]} if told["PASSWORD"] else {})}
    if not dump.exists():
        subprocess.run(
            [find_pg_tools() / "pg_dump", *where, "-Fc", "-f", dump, told["NAME"]],
            check=True,
            capture_output=True,
            env=environment,
        )
    subprocess.run(
        [find_pg_tools() / "pg_restore", *where, "-d", name, dump],
        check=True,
        capture_output=True,
        env=environment,
    )
    mark_copy_current(name)
