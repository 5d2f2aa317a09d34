"""Backup, drill, restore and doctor where there is nothing, or where the database is away: one
clear message and an exit code.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, free_port
from tests.process.servers import Server

CLEAN = {
    k: v for k, v in os.environ.items() if not k.startswith(("XINGLIN_", "DATABASE_", "DJANGO_"))
}
COMMANDS = (["backup", "--without-keys"], ["drill"], ["doctor"])


def manage(home: Path, *command: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=CLEAN | {"XINGLIN_HOME": str(home)} | more,
        capture_output=True,
        text=True,
        check=False,
    )


def refused(done: "subprocess.CompletedProcess[str]", *says: str) -> None:
    told = done.stdout + done.stderr
    assert (
        done.returncode == 1
        and "Traceback" not in told
        and "Error)" not in told
        and all(text in told for text in says)
    ), (done.returncode, told)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir(mode=0o700)
    return tmp_path / "backups"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server().make()
    yield made
    made.remove()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_where_nobody_has_installed_anything(
    command: list[str], place: Path, tmp_path: Path
) -> None:
    refused(
        manage(tmp_path / "home", *command, XINGLIN_BACKUP_DIR=str(place)),
        "there is no database here",
        "manage.py setup",
    )
    assert not (tmp_path / "home").exists() and not list(place.iterdir()), "and nothing was made"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_where_the_database_is_away(command: list[str], place: Path, tmp_path: Path) -> None:
    away = f"postgresql://postgres@127.0.0.1:{free_port()}/xinglin"
    (place / "xinglin-backup.json").write_text('{"format": 1, "system": "1"}')
    refused(
        manage(tmp_path / "home", *command, XINGLIN_BACKUP_DIR=str(place), DATABASE_URL=away),
        "cannot be reached",
        "Connection refused",
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_where_the_database_is_empty(
    command: list[str], place: Path, tmp_path: Path, server: Server
) -> None:
    (place / "xinglin-backup.json").write_text('{"format": 1, "system": "1"}')
    refused(
        manage(
            tmp_path / "home",
            *command,
            XINGLIN_BACKUP_DIR=str(place),
            DATABASE_URL=f"postgresql://postgres@127.0.0.1:{server.port}/xinglin",
        ),
        "empty",
        "manage.py setup",
    )


def test_a_drill_without_a_folder(tmp_path: Path, server: Server) -> None:
    refused(
        manage(
            tmp_path / "home",
            "drill",
            DATABASE_URL=f"postgresql://postgres@127.0.0.1:{server.port}/xinglin",
        ),
        "make drill FROM=DIR",
        "manage.py backup --to DIR",
    )


def test_a_restore_from_nothing(place: Path, tmp_path: Path) -> None:
    for source, says in (
        (tmp_path / "away", "there is no such folder"),
        (place, "there is no backup here"),
    ):
        refused(manage(tmp_path / "home", "restore", "--from", str(source)), says)
    refused(
        manage(
            tmp_path / "home",
            "restore",
            "--from",
            str(place),
            "--recovery-key",
            str(tmp_path / "none"),
        ),
        "the recovery key cannot be read (No such file or directory)",
    )
    refused(
        manage(tmp_path / "home", "restore", "--from", str(place), "--at", "yesterday"),
        "this is no time",
    )
    refused(
        manage(
            tmp_path / "home", "restore", "--from", str(place), "--at", "0001-01-01T00:00:00+08:00"
        ),
        "no backup in that year",
    )
    assert not (tmp_path / "home").exists()
