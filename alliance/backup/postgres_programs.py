"""PostgreSQL's own programs, of the server's own major version: pg_basebackup of another one
refuses, and a server of another one does not open the data.
"""

import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from alliance.backup.errors import BackupRefused
from alliance.database.embedded_postgres import EmbeddedCluster, PostgresFailed
from alliance.platform import connection_string
from alliance.platform.process_control import die_with_parent
from alliance.platform.state_files import state_folder

PROGRAM_FOLDERS = (
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/usr/libexec/postgresql{}",
)  # of Debian, of PostgreSQL's own packages for openEuler and the like, of Alpine
quit_with_parent = partial(die_with_parent, signal.SIGQUIT)  # PostgreSQL ends at once


def subprocess_account() -> dict[str, Any]:
    """For subprocess: PostgreSQL refuses to run as root, so root lends it the account of the
    embedded server, to which the backup folder belongs then.
    """
    if os.geteuid():
        return {}
    account = EmbeddedCluster(state_folder()).server_account()
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def give_to_postgres(path: Path) -> None:
    """Give it to the account that PostgreSQL runs as, with all below."""
    if os.geteuid():
        return
    account = EmbeddedCluster(state_folder()).server_account()
    for place in (path, *path.rglob("*")):
        if (found := place.lstat()).st_uid != account.pw_uid or found.st_gid != account.pw_gid:
            os.chown(place, account.pw_uid, account.pw_gid, follow_symlinks=False)


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """folder: with pg_basebackup, pg_ctl, … of this major version."""

    folder: Path
    major: int

    @classmethod
    def find(cls, major: int) -> "PostgresPrograms":
        """Raises Refused where there are none."""
        for folder in list_program_folders(major):
            if (
                (folder / "pg_basebackup").exists()
                and (folder / "postgres").exists()
                and read_program_version(folder) == major
            ):
                return cls(folder, major)
        raise BackupRefused(
            f"The database is PostgreSQL {major}, and its programs (pg_basebackup, postgres) of"
            f" that version are not on this machine. Install them: apt install postgresql-{major}"
            f" (Debian, Ubuntu), or dnf install postgresql{major}-server."
        )

    def run(
        self,
        program: str,
        *arguments: str,
        check: bool = True,
        environment: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Raises Refused with what it said."""
        done = subprocess.run(
            [str(self.folder / program), *arguments],
            env=clean_environment(environment),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            cwd="/",
            check=False,
            preexec_fn=quit_with_parent,
            **subprocess_account(),
        )
        if check and done.returncode:
            raise BackupRefused(
                f"{program} ended with {done.returncode}: {last_lines(done.stderr or done.stdout)}"
            )
        return done

    def start(
        self, program: str, *arguments: str, log: Path, environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Beside this process, and not longer than it. log: of what it says; made."""
        with log.open("ab") as out:
            return subprocess.Popen(
                [str(self.folder / program), *arguments],
                env=clean_environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                start_new_session=True,
                preexec_fn=quit_with_parent,
                **subprocess_account(),
            )


def list_program_folders(major: int) -> list[Path]:
    found = []
    try:
        found.append(EmbeddedCluster.binaries_folder())
    except PostgresFailed:
        pass
    found += [Path(place.format(major)) for place in PROGRAM_FOLDERS]
    if there := shutil.which("pg_basebackup"):
        found.append(Path(there).resolve().parent)
    return found


def read_program_version(folder: Path) -> int:
    said = subprocess.run(
        [str(folder / "pg_basebackup"), "--version"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    ).stdout
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


def clean_environment(more: dict[str, str] | None) -> dict[str, str]:
    """Nothing of the caller's environment but where programs are: neither keys nor PG…
    variables.
    """
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C",
        "TZ": "UTC",
        "HOME": os.environ.get("HOME", "/"),
    } | (more or {})


def last_lines(said: str) -> str:
    return " / ".join(said.strip().splitlines()[-3:])[-600:] or "it said nothing"


def split_connection(said: str) -> tuple[str, dict[str, str]]:
    """(line, environment) for a program: the password is in no argument, which everybody on the
    machine may read.
    """
    found = connection_string.parse_connection_string(
        connection_string.complete_connection_string(said)
    )
    if "sslpassword" in found:
        raise BackupRefused(
            "sslpassword in the line to the database would stand among the arguments of a program:"
            " use a key file without one that only this account may read."
        )
    secret = {"PGPASSWORD": found["password"]} if found.get("password") else {}
    return connection_string.complete_connection_string(said, password=None), secret
