"""The settings of the site, kept with each backup: settings.json in the clear, those that are
secret in the envelope. A restore writes them into a file to look at, and applies none of them.
"""

import datetime as dt
import os
import shlex
from pathlib import Path
from typing import Any

from alliance.backup.errors import BackupRefused
from alliance.backup.folder import read_json_file
from alliance.platform.environment import KEY_NAMES, PUBLIC_SETTINGS

NAME, FORMAT = "settings.json", 1
SETTINGS_FILE = "settings.env"
KEY_SETTINGS = {
    f"XINGLIN_{name.upper()}" for name in (*KEY_NAMES, "body_key_next")
}  # they go with the keys
SETTINGS_HEADER = """# Settings of the site as of {made}, from its backup. Nothing reads this \
file: compare it with /etc/xinglin/xinglin.env of this machine, and take over what is to hold here.
# Paths, host names and DATABASE_… may be others here.
"""


def read_site_settings(secret: bool) -> dict[str, str]:
    """{name: value} of what is set in this process's environment."""
    return {
        s.name: os.environ[s.name]
        for s in PUBLIC_SETTINGS
        if s.name in os.environ and s.secret is secret and s.name not in KEY_SETTINGS
    }


def settings_document() -> dict[str, Any]:
    """Of settings.json."""
    return {
        "format": FORMAT,
        "made": dt.datetime.now().astimezone().isoformat(timespec="seconds"),
        "settings": read_site_settings(secret=False),
    }


def lay_out_settings(backup: Path, wrapped: dict[str, str], to: Path) -> Path | None:
    """Write those of a backup below `to`, a new folder; None where it holds none. wrapped: what
    the envelope holds. Raises Refused where they are damaged.
    """
    there = backup / NAME
    said = read_json_file(there) if there.exists() else {"settings": {}}
    plain, made = said.get("settings"), said.get("made", "")
    if (
        not isinstance(plain, dict)
        or not isinstance(made, str)
        or not all(isinstance(value, str) for value in plain.values())
    ):
        raise BackupRefused(
            f"{there}: it is damaged: it holds no settings. Take another copy of the folder, or an"
            " earlier backup."
        )
    found = plain | wrapped
    if not found:
        return None
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(
        os.open(to / SETTINGS_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
    ) as file:
        file.write(SETTINGS_HEADER.format(made=made.splitlines()[0] if made else "an unknown time"))
        file.writelines(
            f"{name}={shlex.quote(value)}\n"
            for name, value in sorted(found.items())
            if name.isidentifier()
        )
    return to / SETTINGS_FILE
