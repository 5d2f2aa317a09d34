"""Start the parts of one installation, restart what dies or hangs, stop all on Ctrl-C. The parts die with the supervisor, however it ends. The socket of the site is the
supervisor's: while one web process follows another, callers wait in it and nobody is refused (docs/adr/0038)."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field

from alliance.config import beat
from alliance.config.ear import Ear
from alliance.config.environment import setting
from alliance.config.home import ROOT, home

PR_SET_PDEATHSIG = 1
WORKER = "alliance.config.front.worker.Worker"
LOGGER = "alliance.config.front.log.Log"
PATIENCE = 30  # seconds a part may take to stop
SILENT, FIRST = 60, 120  # seconds for which a part that is watched may tell nothing; before it tells anything for the first time
KEEPING = 600  # seconds that an embedded server may take to come back
BACKLOG = 2048  # connections that wait for a web process
WELL = 60  # seconds after which the end of a part is no failure to start


def die_with_parent() -> None:
    """Between fork and exec: the kernel sends SIGTERM to this process when the supervisor is gone."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Part:
    """watched: it tells each round that it lives."""

    name: str
    command: list[str]
    watched: bool = False
    passed: tuple[int, ...] = ()  # open files that it gets
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    beaten: float = 0.0  # when it told last; 0: not yet
    failures: int = 0
    ready: bool = False  # one of its processes has told that it can answer
    due: float = 0.0  # when it is started again, once it has ended
    orphans: list[int] = field(default_factory=list)  # process groups whose first process was killed; they work on until the next one does

    def start(self, notify: str) -> None:
        self.started, self.beaten, self.due, self.ready = time.monotonic(), 0.0, 0.0, False
        self.process = subprocess.Popen(self.command, cwd=ROOT, env={**os.environ, "XINGLIN_PROCESS": self.name, "NOTIFY_SOCKET": notify},
                                        preexec_fn=die_with_parent, start_new_session=True, pass_fds=self.passed)

    def check(self, notify: str) -> None:
        """Start again what has ended: at once, and where that ends early as well, after a time that gets longer."""
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
            print(f"{self.name} ended with {self.process.returncode}; starting it again", file=sys.stderr, flush=True)
            self.start(notify)

    def end_if_silent(self, now: float) -> None:
        assert self.process
        if self.watched and now - (self.beaten or self.started) > (SILENT if self.beaten else FIRST):
            print(f"{self.name} has told nothing for {now - (self.beaten or self.started):.0f} s: it hangs, and is ended", file=sys.stderr, flush=True)
            self.process.kill()
            self.process.wait()

    def hear(self, pid: int, lines: set[bytes]) -> None:
        """What it, or one of its processes, has told."""
        if self.process is None or group(pid) != self.process.pid:
            return
        if b"WATCHDOG=1" in lines and pid == self.process.pid:
            self.beaten = time.monotonic()
        if b"READY=1" in lines and pid != self.process.pid:
            self.ready = True
            self.release()

    def release(self) -> None:
        """What an earlier one left behind ends in order: it finishes what is under way."""
        for orphan in self.orphans:
            signal_group(orphan, signal.SIGTERM)
        self.orphans.clear()


def group(pid: int) -> int:
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


def parts(site: int) -> list[Part]:
    """site: the open file of its socket."""
    python, manage = sys.executable, str(ROOT / "manage.py")
    return [
        Part("web", [python, "-m", "gunicorn", "--bind", f"fd://{site}", "--workers", str(setting("XINGLIN_WORKERS")), "--worker-class", WORKER, "--threads",
                     str(setting("XINGLIN_THREADS")), "--timeout", "120", "--graceful-timeout", "20", "--max-requests", "50000",
                     "--max-requests-jitter", "5000", "--keep-alive", "30", "--worker-connections", "2000", "--no-control-socket", "--log-level", "warning",
                     "--logger-class", LOGGER, "alliance.config.wsgi:application"], passed=(site,)),
        Part("worker", [python, manage, "job_worker"], watched=True),
        Part("courier", [python, manage, "courier"], watched=True),
        Part("sealer", [python, manage, "audit_seal"], watched=True),
    ]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def supervise(site: socket.socket, ready: Callable[[], None], keep: Callable[[], None]) -> None:
    """Run until SIGINT or SIGTERM. site: bound; `ready` is called once, when it answers, `keep` every few seconds."""
    running, ear = parts(site.fileno()), Ear(home())
    address = "{}:{}".format(*site.getsockname())
    stop: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _: stop.append(n))
    site.listen(BACKLOG)
    for part in running:
        part.start(ear.name)
    told, kept = False, time.monotonic()
    looked = kept
    try:
        while not stop:
            slept, looked = time.monotonic() - looked > SILENT / 4, time.monotonic()
            for pid, lines in ear.heard():
                for part in running:
                    part.hear(pid, lines)
            for part in running:
                if slept:  # the supervisor, or the machine: what it did not hear it cannot blame on its parts
                    part.beaten = looked
                part.check(ear.name)
            if time.monotonic() - kept > 3:
                with beat.during(KEEPING):
                    keep()
                kept = time.monotonic()
            if not told and running[0].ready and answers(f"http://{address}/healthz"):
                told = True
                beat.ready()
                ready()
            beat.beat()
            ear.wait(0.5)
    finally:
        site.close()
        halt(running)
        ear.close()


def halt(running: list[Part]) -> None:
    for part in running:
        part.release()
        if part.process and part.process.poll() is None:
            part.process.terminate()
    limit = time.monotonic() + PATIENCE
    for part in running:
        if part.process:
            try:
                part.process.wait(max(0.1, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()
