"""Start the parts of one installation, restart what dies, stop all on Ctrl-C. The parts die with the supervisor, however it ends."""

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field

from alliance.config.environment import setting
from alliance.config.home import ROOT

PR_SET_PDEATHSIG = 1
WORKER = "alliance.config.front.worker.Worker"
PATIENCE = 30  # seconds a part may take to stop


def die_with_parent() -> None:
    """Between fork and exec: the kernel sends SIGTERM to this process when the supervisor is gone."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Part:
    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.command, cwd=ROOT, env={**os.environ, **self.environment}, preexec_fn=die_with_parent,
                                        start_new_session=True)

    def check(self) -> None:
        """Start again what has ended; wait longer each time that it ends early."""
        if self.process is None or self.process.poll() is None:
            return
        lived = time.monotonic() - self.started
        self.failures = 0 if lived > 60 else self.failures + 1
        wait = min(30, 2**self.failures - 1)
        if lived >= wait:
            print(f"{self.name} ended with {self.process.returncode}; starting it again", file=sys.stderr, flush=True)
            self.start()


def parts(address: str) -> list[Part]:
    python, manage = sys.executable, str(ROOT / "manage.py")
    return [
        Part("web", [python, "-m", "gunicorn", "--bind", address, "--workers", str(setting("XINGLIN_WORKERS")), "--worker-class", WORKER, "--threads",
                     str(setting("XINGLIN_THREADS")), "--timeout", "120", "--graceful-timeout", "20", "--max-requests", "50000",
                     "--max-requests-jitter", "5000", "--keep-alive", "30", "--worker-connections", "2000", "--no-control-socket", "--log-level", "warning",
                     "alliance.config.wsgi:application"], {"XINGLIN_PROCESS": "web"}),
        Part("worker", [python, manage, "procrastinate", "worker", "--concurrency", "2"], {"XINGLIN_PROCESS": "worker"}),
        Part("courier", [python, manage, "courier"], {"XINGLIN_PROCESS": "courier"}),
        Part("sealer", [python, manage, "audit_seal"], {"XINGLIN_PROCESS": "sealer"}),
    ]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def supervise(address: str, ready: Callable[[], None], keep: Callable[[], None]) -> None:
    """Run until SIGINT or SIGTERM; `ready` is called once, when the site answers, `keep` every few seconds."""
    running = parts(address)
    stop: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _: stop.append(n))
    for part in running:
        part.start()
    told, kept = False, time.monotonic()
    try:
        while not stop:
            for part in running:
                part.check()
            if time.monotonic() - kept > 3:
                keep()
                kept = time.monotonic()
            if not told and answers(f"http://{address}/healthz"):
                told = True
                ready()
            time.sleep(0.2 if not told else 0.5)
    finally:
        halt(running)


def halt(running: list[Part]) -> None:
    for part in running:
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
