"""Start the parts of one installation, restart what dies or hangs, stop all on Ctrl-C. The parts
die with the supervisor, however it ends. The socket of the site is the supervisor's: while one web
process follows another, callers wait in it and nobody is refused (docs/adr/0038). On SIGHUP the
parts of the release that the start command names now follow those that run
(alliance.server.reload).
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from alliance.operations import supervisor_watch
from alliance.platform import heartbeat
from alliance.platform.environment import read_setting
from alliance.platform.state_files import ROOT, state_folder
from alliance.server.notify_socket import NotifySocket
from alliance.server.part import PATIENCE, SILENT, Part, process_group, real_program_path
from alliance.server.reload import Reload, report_file

log = logging.getLogger("xinglin.supervisor")
WORKER = "alliance.server.http_server.gunicorn_worker.HttpWorker"
LOGGER = "alliance.server.http_server.gunicorn_logger.GunicornLogger"
HELD = 5  # seconds that a part that was killed may take to be gone
KEEPING = 600  # seconds that an embedded server may take to come back


def list_parts(site: int) -> list[Part]:
    """site: the open file of its socket."""
    python, manage = str(real_program_path(Path(sys.executable))), str(ROOT / "manage.py")
    # Not watched: where its folder is a share of a network that hangs it hangs with it, and nobody
    # waits for it.
    archiver = (
        [Part("archiver", [python, manage, "archive_wal"])]
        if read_setting("XINGLIN_BACKUP_DIR")
        else []
    )
    return [
        Part(
            "web",
            [
                python,
                "-m",
                "gunicorn",
                "--bind",
                f"fd://{site}",
                "--workers",
                str(read_setting("XINGLIN_WORKERS")),
                "--worker-class",
                WORKER,
                "--threads",
                str(read_setting("XINGLIN_THREADS")),
                "--timeout",
                "120",
                "--graceful-timeout",
                "20",
                "--max-requests",
                "50000",
                "--max-requests-jitter",
                "5000",
                "--keep-alive",
                "30",
                "--worker-connections",
                "2000",
                "--no-control-socket",
                "--log-level",
                "warning",
                "--logger-class",
                LOGGER,
                "alliance.config.wsgi:application",
            ],
            passed=(site,),
        ),
        Part("worker", [python, manage, "job_worker"], watched=True),
        Part("courier", [python, manage, "courier"], watched=True),
        Part("sealer", [python, manage, "audit_seal"], watched=True),
        *archiver,
    ]


def is_answering(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@dataclass(slots=True)
class ReloadProgress:
    """The reload that is under way, if one is, and where its end is told: one after the other,
    each with its number.
    """

    file: Path
    number: int = 0
    asked: bool = False
    reload: Reload | None = None
    steps: Iterator[None] = field(default_factory=lambda: iter(()))

    def begin(self, reload: Reload) -> None:
        self.asked, self.number, self.reload, self.steps = (
            False,
            self.number + 1,
            reload,
            reload.steps(),
        )
        self.write_report("running", "")

    def loading_parts(self) -> list[Part]:
        return self.reload.next_parts if self.reload else []

    def take_step(self) -> None:
        """The next step. What goes wrong is told and ends the reload, never the site."""
        try:
            next(self.steps)
        except StopIteration:
            self.end("done", self.reload.outcome() if self.reload else "")
        except Exception as error:
            self.end("failed", str(error) or type(error).__name__)

    def end(self, state: str, says: str) -> None:
        if self.reload:
            self.reload.end_leftovers()
        self.reload = None
        log.log(
            logging.ERROR if state == "failed" else logging.INFO,
            "PART003 reload %d %s: %s",
            self.number,
            state,
            says,
        )
        self.write_report(state, says)

    def write_report(self, state: str, says: str) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(
            json.dumps(
                {"supervisor": os.getpid(), "number": self.number, "state": state, "says": says}
            )
        )
        new.replace(self.file)


def run_supervisor(
    site: socket.socket,
    ready: Callable[[], None],
    keep: Callable[[], None],
    tree: Path = ROOT,
    python: Path = Path(sys.executable),
) -> None:
    """Run until SIGINT or SIGTERM. site: it listens; `ready` is called once, when it answers,
    `keep` every few seconds. tree, python: as the start command names them, looked up anew by each
    reload.
    """
    supervisor_watch.record_supervisor(os.environ.get("NOTIFY_SOCKET", ""))
    running, ear = list_parts(site.fileno()), NotifySocket(state_folder())
    address = "{}:{}".format(*site.getsockname())
    reloading = ReloadProgress(report_file(site.getsockname()[1]))
    stop: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _: stop.append(n))
    signal.signal(signal.SIGHUP, lambda *_: setattr(reloading, "asked", True))
    for part in running:
        part.start(ear.name)
    reloading.write_report("none", "")
    told, kept = False, time.monotonic()
    looked = kept
    try:
        while not stop:
            slept, looked = time.monotonic() - looked > SILENT / 4, time.monotonic()
            for pid, lines in ear.read_messages():
                for part in {id(p): p for p in (*running, *reloading.loading_parts())}.values():
                    part.note_message(pid, lines)
                if reloading.reload:
                    reloading.reload.note_loaded(process_group(pid), lines)
            for part in running:
                # the supervisor, or the machine: what it did not hear it cannot blame on its parts
                if slept:
                    part.beaten = looked
                part.restart_if_ended(ear.name)
            if reloading.reload:
                reloading.take_step()
            elif reloading.asked:
                reloading.begin(Reload(running, site.fileno(), ear.name, tree, python))
            if time.monotonic() - kept > 3:
                with heartbeat.heartbeat_during(KEEPING):
                    keep()
                kept = time.monotonic()
            if (
                not told
                and running
                and running[0].ready
                and is_answering(f"http://{address}/healthz")
            ):
                told = True
                heartbeat.send_ready()
                ready()
            heartbeat.send_heartbeat()
            ear.wait_for_message(0.05 if reloading.reload else 0.5)
    finally:
        if reloading.reload:
            reloading.end("failed", "The supervisor was stopped meanwhile.")
        site.close()
        stop_parts(running)
        reloading.file.unlink(missing_ok=True)
        ear.close()


def stop_parts(running: list[Part]) -> None:
    for part in running:
        part.end_orphans()
        if part.process and part.process.poll() is None:
            part.process.terminate()
    limit = time.monotonic() + PATIENCE
    for part in running:
        if part.process:
            try:
                part.process.wait(max(0.1, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                part.process.kill()
                with suppress(
                    subprocess.TimeoutExpired
                ):  # the kernel holds who waits for a share that hangs
                    part.process.wait(HELD)
