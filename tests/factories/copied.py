"""Databases of their own on the tests' server, for what nobody may do to the one that all tests share."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection, connections


def tools() -> Path:
    """Where a pg_dump of the server's version lies."""
    from alliance.config.embedded import Cluster

    major = connection.cursor().connection.info.server_version // 10000
    folders = [Path(p) for p in os.environ.get("PATH", "").split(os.pathsep)]
    try:
        folders.insert(0, Cluster.binaries())
    except RuntimeError:
        pass
    for folder in folders:
        if (folder / "pg_dump").exists() and f" {major}." in subprocess.check_output([folder / "pg_dump", "--version"], text=True):
            return folder
    pytest.skip(f"no pg_dump of the server's version {major} is installed")


@contextmanager
def on(database: str) -> Iterator[None]:
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


def make(name: str, template: str) -> None:
    with on("postgres"), connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")


def drop(name: str) -> None:
    with on("postgres"), connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def restore(name: str, dump: Path) -> None:
    """A new database from the dump of another, which may be in use."""
    make(name, "template0")
    told = connection.settings_dict
    where = ["-h", told["HOST"], *(["-p", told["PORT"]] if told["PORT"] else []), "-U", told["USER"]]
    environment = {**os.environ, **({"PGPASSWORD": told["PASSWORD"]} if told["PASSWORD"] else {})}
    if not dump.exists():
        subprocess.run([tools() / "pg_dump", *where, "-Fc", "-f", dump, told["NAME"]], check=True, capture_output=True, env=environment)
    subprocess.run([tools() / "pg_restore", *where, "-d", name, dump], check=True, capture_output=True, env=environment)
