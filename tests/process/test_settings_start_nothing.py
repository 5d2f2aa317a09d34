"""Reading the settings starts nothing and writes nothing: a command that asks no database leaves an
empty home empty, one that asks says that there is none, and setup alone begins one.
"""

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from tests.support.homes import BEGIN, CLEAN
from tests.support.sources import ROOT

ASK_NOTHING = (
    "help",
    "version",
    "check",
    "check --deploy",
    "diffsettings",
    "makemigrations --check",
    "findstatic --first once.js",
    "help setup",
    "migrate --help",
    "serve --help",
    "showmigrations --help",
)
ASK = (
    "showmigrations",
    "check --database default",
    "shell -c pass",
    "createcachetable",
    "audit_verify",
    "audit_seal --once",
    "reindex",
)


@pytest.fixture
def place() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="xinglin-empty-"))
    made.chmod(0o711)
    yield made
    rmtree(made, ignore_errors=True)


def run(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=CLEAN | {"XINGLIN_HOME": str(home)} | more,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def is_untouched(place: Path) -> bool:
    return not list(place.iterdir())


@pytest.mark.parametrize("process", ["", "web", "worker"])
def test_importing_the_settings_touches_nothing(place: Path, process: str) -> None:
    done = run(place / "home", "-c", "import alliance.config.settings", XINGLIN_PROCESS=process)
    assert done.returncode == 0 and is_untouched(place), done.stderr


@pytest.mark.parametrize("command", ASK_NOTHING)
def test_a_command_that_asks_no_database_makes_none(place: Path, command: str) -> None:
    for home in (place / "home", place):  # one that is not there, and one that is empty
        done = run(home, "manage.py", *shlex.split(command))
        assert done.returncode == 0 and is_untouched(place), done.stdout + done.stderr


@pytest.mark.parametrize("command", ASK)
def test_a_command_that_asks_one_says_that_there_is_none(place: Path, command: str) -> None:
    done = run(place / "home", "manage.py", *shlex.split(command))
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 1 and len(lines) == 1 and is_untouched(place), done.stderr
    assert "there is no database here" in lines[0] and str(place / "home") in lines[0]


def test_the_doctor_names_the_missing_database_beside_what_it_can_look_at(place: Path) -> None:
    done = run(place / "home", "manage.py", "doctor")
    assert done.returncode == 1 and is_untouched(place), done.stdout
    assert "there is no database here" in done.stdout and "ok     settings" in done.stdout


def test_setup_begins_one_and_the_site_asks_it(place: Path) -> None:
    """The control: with the first connection the embedded server is there, for each of them."""
    home = place / "home"
    done = run(home, "manage.py", "setup", XINGLIN_PG_OPTIONS="fsync=off")
    assert done.returncode == 0 and "keys made" in done.stdout, done.stderr
    assert (home / "postgres" / "PG_VERSION").exists()
    site = run(home, "-c", BEGIN, XINGLIN_PROCESS="web", XINGLIN_PG_OPTIONS="fsync=off")
    assert site.returncode == 0, site.stderr
    listed = run(home, "manage.py", "showmigrations", "--plan", XINGLIN_PG_OPTIONS="fsync=off")
    assert listed.returncode == 0 and "[X]  alliance.0001_initial" in listed.stdout, listed.stderr
    assert not (home / "postgres" / "postmaster.pid").exists(), "whoever leaves last stops it"
