"""As much of systemd as the shipped units need: read a unit with the drop-ins of its prefix,
start its command with its environment and its socket, hear it, start it again by its own rule.
"""

import os
import shlex
import socket
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from alliance.server.notify_socket import NotifySocket
from tests.conftest import ROOT

FOLDER = ROOT / "docs/operations/systemd"
PLACES = {
    "/srv/xinglin/current/.venv/bin/python": sys.executable,
    "/srv/xinglin/current": str(ROOT),
}
Unit = dict[
    str, list[str]
]  # {"Section.Key": its values, in order; an empty one takes back those before it}


def read(name: str) -> Unit:
    found: Unit = defaultdict(list)
    for path in (
        FOLDER / name,
        *sorted(
            (FOLDER / f"{name.partition('-')[0]}-.service.d").glob("*.conf")
            if name.endswith(".service")
            else ()
        ),
    ):
        section = ""
        for line in path.read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and not line.startswith("#"):
                key, equals, value = line.partition("=")
                assert equals, (name, line)
                found[f"{section}.{key}"] = [*found[f"{section}.{key}"], value] if value else []
    return found


class Running:
    """One service unit at work. etc: where the settings lie; home: $XINGLIN_HOME."""

    def __init__(
        self,
        name: str,
        etc: Path,
        home: Path,
        ear: NotifySocket | None = None,
        site: socket.socket | None = None,
    ) -> None:
        self.name, self.unit, self.ear, self.site = name, read(f"{name}.service"), ear, site
        self.environment = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("XINGLIN_", "DATABASE_", "DJANGO_", "LISTEN_"))
        }
        for file in self.unit["Service.EnvironmentFile"]:
            self.environment |= dict(
                line.split("=", 1) for line in (etc / Path(file).name).read_text().splitlines()
            )
        for said in self.unit["Service.Environment"]:
            self.environment |= dict(pair.split("=", 1) for pair in shlex.split(said))
        self.environment["XINGLIN_HOME"] = str(home)
        if ear:
            self.environment["NOTIFY_SOCKET"] = ear.name
        self.process: subprocess.Popen[bytes] | None = None
        self.ready = False
        self.beats = 0

    def command(self) -> list[str]:
        [said] = self.unit["Service.ExecStart"]
        words = shlex.split(said)
        return [PLACES.get(words[0], words[0]), *words[1:]]

    def start(self) -> None:
        self.ready, self.beats = False, 0
        [folder] = self.unit["Service.WorkingDirectory"]
        self.process = start(self.command(), PLACES[folder], self.environment, self.site)

    def look(self, pid: int, lines: set[bytes]) -> None:
        """NotifyAccess: main or all of its processes."""
        assert self.process
        mine = (
            pid == self.process.pid
            if self.unit["Service.NotifyAccess"] == ["main"]
            else group(pid) == self.process.pid
        )
        if mine:
            self.ready = self.ready or b"READY=1" in lines
            self.beats += b"WATCHDOG=1" in lines

    def again(self) -> None:
        """By Restart=, where it has ended; what its group left behind goes first
        (KillMode=mixed).
        """
        assert self.process
        if self.process.poll() is not None and self.unit["Service.Restart"] == ["always"]:
            end_group(self.process.pid, 9)
            self.start()


def start(
    command: list[str],
    folder: str,
    environment: dict[str, str],
    site: socket.socket | None = None,
    **said: Any,
) -> subprocess.Popen[Any]:
    """site: passed as by sd_listen_fds(3), as the third open file, with the number of the
    process that it is for.
    """
    if site is None:
        return subprocess.Popen(
            command, cwd=folder, env=environment, start_new_session=True, **said
        )
    number = site.fileno()
    return subprocess.Popen(
        ["sh", "-c", 'export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"', "sh", *command],
        cwd=folder,
        env=environment,
        start_new_session=True,
        preexec_fn=lambda: os.dup2(number, 3),
        pass_fds=(3,),
        **said,
    )


def group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def end_group(leader: int, number: int) -> None:
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        pass
