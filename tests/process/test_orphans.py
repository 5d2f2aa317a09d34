"""Workers whose master was killed answer until those of the next one do, however long that takes
to come up; and they end where nobody is left who could follow them.
"""

import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from alliance.server.http_server.gunicorn_worker import ORPHANED, HttpWorker
from alliance.server.notify_socket import NotifySocket
from tests.process.installation import Installation
from tests.wait_until import wait_until


@pytest.fixture(scope="module")
def site() -> Iterator[Installation]:
    made = Installation(demo=False)
    made.environment |= {"XINGLIN_WORKERS": "1", "XINGLIN_THREADS": "4"}
    made.start()
    yield made
    made.remove()


def master(site: Installation) -> int:
    return min(
        (
            p
            for p, line in site.parts().items()
            if "gunicorn" in line and "manage.py serve" not in line
        ),
        default=0,
    )


def answers(site: Installation) -> bool:
    with urllib.request.urlopen(site.url + "/healthz", timeout=60) as reply:
        return bool(reply.status == 200)


def test_orphans_answer_until_the_next_web_does(site: Installation) -> None:
    first = master(site)
    [orphan] = site.children(first)
    supervisor = int(
        (Path("/proc") / str(first) / "stat").read_text().rpartition(")")[2].split()[1]
    )
    os.kill(first, signal.SIGKILL)
    wait_until(
        lambda: any(p != first and "gunicorn" in site.line(p) for p in site.children(supervisor)),
        "the next master is begun",
    )
    [second] = [p for p in site.children(supervisor) if "gunicorn" in site.line(p)]
    os.kill(second, signal.SIGSTOP)
    try:
        assert not site.children(second), "it has no workers, and gets none"
        wait_until(lambda: "FRONT001" in site.said(), "the orphan knows it")
        assert answers(site) and site.line(orphan), (
            "callers are answered meanwhile, by whom its death left behind"
        )
    finally:
        os.kill(second, signal.SIGCONT)
    wait_until(lambda: not site.line(orphan), "it leaves once the next ones answer")
    assert answers(site)


def test_they_end_where_nobody_is_left_who_could_follow_them(site: Installation) -> None:
    first = master(site)
    wait_until(lambda: len(site.children(first)) == 1, "it has its worker")
    [orphan] = site.children(first)
    supervisor = int(
        (Path("/proc") / str(first) / "stat").read_text().rpartition(")")[2].split()[1]
    )
    os.kill(supervisor, signal.SIGSTOP)  # so that it does not begin another one first
    os.kill(first, signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    wait_until(
        lambda: not site.line(orphan), "it ends, though its time is not over", seconds=ORPHANED / 4
    )
    wait_until(lambda: not site.parts(), "and so do the others")


def test_how_long_they_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGCHLD)
    ear = NotifySocket(tmp_path)
    monkeypatch.setenv("NOTIFY_SOCKET", ear.name)
    orphan = HttpWorker.__new__(HttpWorker)
    orphan.ppid, orphan.alive = os.getpid(), True  # not its parent's number
    try:
        for since, stays in (
            (0.0, True),
            (time.monotonic() - ORPHANED / 2, True),
            (time.monotonic() - ORPHANED - 1, False),
        ):
            orphan.orphaned, orphan.alive = since, True
            assert orphan.is_parent_alive() is orphan.alive is stays
    finally:
        ear.close()
        signal.signal(signal.SIGCHLD, before)
    orphan.orphaned, orphan.alive = 0.0, True
    assert not orphan.is_parent_alive() and not orphan.alive, "nobody listens any more"
    orphan.ppid, orphan.alive = os.getppid(), True
    assert orphan.is_parent_alive() and orphan.alive, "the control: one that has its master"
