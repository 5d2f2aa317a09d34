"""The import contracts (importlinter.toml) know every room: one that is in none could import what
it likes.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
APPS = ("alliance", "consent", "records")
CONTRACTS = tomllib.loads((ROOT / "importlinter.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
# The address of the settings is a text that Django and gunicorn are told; no import.
CONFIG_AS_TEXT = {"alliance.config.settings", "alliance.config.wsgi", "alliance.config.urls"}


def list_rooms() -> set[str]:
    """Packages and modules right below an app. Migrations are Django's own, and stand alone
    (test_migrations_stand_alone).
    """
    return {
        f"{app}.{path.stem}"
        for app in APPS
        for path in (ROOT / app).iterdir()
        if (path.suffix == ".py" and path.stem != "__init__")
        or ((path / "__init__.py").exists() and path.name != "migrations")
    }


def rooms_of_floors() -> list[str]:
    return [
        room.strip()
        for line in next(c for c in CONTRACTS if c["type"] == "layers")["layers"]
        for room in line.split("|")
    ]


def test_each_room_stands_on_one_floor() -> None:
    rooms, named = list_rooms(), rooms_of_floors()
    assert {"records.store", "consent.gate", "alliance.platform"} <= rooms, "the control"
    assert sorted(named) == sorted(rooms)


def test_the_composition_is_named_nowhere_but_where_django_and_gunicorn_are_told_of_it() -> None:
    named = {
        found
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if not path.is_relative_to(ROOT / "alliance/config")
        for found in re.findall(r"alliance\.config\.\w+", path.read_text())
    }
    assert named, "the control: what gunicorn loads"
    assert named <= CONFIG_AS_TEXT
