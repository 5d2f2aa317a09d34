"""A part of the site: a process that the supervisor starts, watches and starts again."""

import logging
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from alliance.platform.process_control import die_with_parent
from alliance.platform.state_files import ROOT

log = logging.getLogger("xinglin.supervisor")
PATIENCE = 30  # seconds a part may take to stop
SILENT = 60  # seconds for which a part that is watched may tell nothing
FIRST = 120  # the same before it tells anything for the first time
WELL = 60  # seconds after which the end of a part is no failure to start


def real_program_path(program: Path) -> Path:
    """The program in the folder that its path leads to now: a link that is set to another
    release must not give the code of one the libraries of the other.
    """
    return program.parent.resolve() / program.name


@dataclass(slots=True)
class Part:
    """watched: it tells each round that it lives."""

    name: str
    command: list[str]
    watched: bool = False
    passed: tuple[int, ...] = ()  # open files that it gets
    tree: str = str(ROOT)  # its release
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    beaten: float = 0.0  # when it told last; 0: not yet
    failures: int = 0
    ready: bool = False  # one of its processes has told that it can answer
    gate: int = 0  # the end of a pipe for which it waits (alliance.server.start_barrier)
    due: float = 0.0  # when it is started again, once it has ended
    orphans: list[int] = field(
        default_factory=list
    )  # process groups whose first process was killed; they work on until the next one does

    def start(self, notify: str, *, waiting: bool = False) -> None:
        """waiting: it loads, and begins when it is let go."""
        self.started, self.beaten, self.due, self.ready = time.monotonic(), 0.0, 0.0, False
        read, self.gate = os.pipe() if waiting else (0, 0)
        kept = {"XINGLIN_GATE": str(read)} if waiting else {}
        self.process = subprocess.Popen(
            self.command,
            cwd=self.tree,
            env={**os.environ, "XINGLIN_PROCESS": self.name, "NOTIFY_SOCKET": notify} | kept,
            preexec_fn=die_with_parent,
            start_new_session=True,
            pass_fds=(*self.passed, *[read] * waiting),
        )
        if waiting:
            os.close(read)

    def let_go(self) -> None:
        if self.gate:
            os.close(self.gate)
        self.gate = 0

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def terminate(self) -> None:
        if self.process and not self.has_ended():
            self.process.terminate()

    def kill(self) -> None:
        if self.process and not self.has_ended():
            signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.let_go()

    def restart_if_ended(self, notify: str) -> None:
        """Start again what has ended: at once, and where that ends early as well, after a time
        that gets longer.
        """
        if self.process is None:
            return
        now = time.monotonic()
        if self.process.poll() is None:
            self.end_if_silent(now)
        elif not self.due:
            self.failures = 0 if now - self.started > WELL else self.failures + 1
            self.due = now + min(30, 2 ** max(0, self.failures - 1) - 1)
            if self.passed:
                self.orphans.append(self.process.pid)
        if self.due and now >= self.due:
            log.warning(
                "PART001 %s ended with %s; starting it again", self.name, self.process.returncode
            )
            self.start(notify)

    def end_if_silent(self, now: float) -> None:
        assert self.process
        if self.watched and now - (self.beaten or self.started) > (
            SILENT if self.beaten else FIRST
        ):
            log.error(
                "PART002 %s has told nothing for %.0f s: it hangs, and is ended",
                self.name,
                now - (self.beaten or self.started),
            )
            self.process.kill()
            self.process.wait()

    def note_message(self, pid: int, lines: set[bytes]) -> None:
        """What it, or one of its processes, has told."""
        if self.process is None or process_group(pid) != self.process.pid:
            return
        if b"WATCHDOG=1" in lines and pid == self.process.pid:
            self.beaten = time.monotonic()
        if b"READY=1" in lines and pid != self.process.pid:
            self.ready = True
            self.end_orphans()

    def end_orphans(self) -> None:
        """What an earlier one left behind ends in order: it finishes what is under way."""
        for orphan in self.orphans:
            signal_group(orphan, signal.SIGTERM)
        self.orphans.clear()


def process_group(pid: int) -> int:
    """0 where there is no such process."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def signal_group(leader: int, number: int) -> None:
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        pass
