"""How the agent runs: speed by the hour, back-off, one process a home, loops that are started
again, signals and systemd.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from records.agent.back_off import BackOff
from records.agent.context import AgentContext, open_context
from records.agent.notices import list_notices
from records.agent.process_lock import AlreadyRunning, ProcessLock, is_running
from records.agent.settings import SettingsFault, read_settings
from records.agent.supervisor import run_loops
from records.agent.throttle import Hours, Throttle, read_hours
from tests.support.agent_items import make_items
from tests.support.sources import ROOT
from tests.support.sync_server import SyncPlatform, serve_sync, write_agent_home
from tests.wait_until import wait_until


def hours_of(tmp_path: Path, lines: str) -> tuple[Hours, ...]:
    (tmp_path / "agent.ini").write_text(f"[hours]\n{lines}\n", encoding="utf-8")
    return read_hours(read_settings(tmp_path))


def at(hour: int, minute: int = 0) -> time.struct_time:
    return time.struct_time((2026, 5, 3, hour, minute, 0, 6, 123, 0))


def test_speed_is_that_of_the_hour(tmp_path: Path) -> None:
    lines = "07:30-11:30 = 200 KB/s\n07:00-07:30 = 1 MB/s\n22:00-02:00=0"
    throttle = Throttle(hours_of(tmp_path, lines))
    speeds = [throttle.speed_now(at(*when)) for when in ((7, 15), (7, 30), (11, 29), (11, 30))]
    assert speeds == [1024 * 1024, 200 * 1024, 200 * 1024, None]
    assert [throttle.speed_now(at(hour)) for hour in (21, 22, 1, 2)] == [None, 0, 0, None]
    assert hours_of(tmp_path, "") == ()


@pytest.mark.parametrize("line", ["7-11 = 200", "07:30-11:30 = fast", "25:00-26:00 = 1", "x ="])
def test_hours_that_cannot_be_read_are_told(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsFault, match="hours"):
        hours_of(tmp_path, line)


def test_what_was_sent_is_paid_for_before_the_next(tmp_path: Path) -> None:
    throttle, stopping = Throttle((Hours(0, 1440, 1000.0),)), threading.Event()
    assert throttle.wait_turn(stopping)
    throttle.note_sent(10)
    assert throttle.wait_turn(stopping)
    throttle.note_sent(10**9)
    threading.Timer(0.1, stopping.set).start()
    assert not throttle.wait_turn(stopping), "that is paid in days"


def test_back_off_grows_to_its_end_and_keeps_to_retry_after() -> None:
    back_off = BackOff(first=1, longest=8)
    waits = []
    for _ in range(6):
        waits.append(back_off.failed())
        back_off._until = 0.0
    assert all(
        step / 2 <= wait <= step for wait, step in zip(waits, (1, 2, 4, 8, 8, 8), strict=True)
    )
    assert back_off.failed(retry_after=40) >= 40
    assert back_off.failed() >= 39, "a failure meanwhile is the same one"
    back_off.succeeded()
    assert back_off.remaining() == 0


def test_settings_as_an_old_notepad_saves_them(tmp_path: Path) -> None:
    text = "[platform]\nhospital = nanqiao\nproxy = http://信息科:a%b=c@10.0.0.1:3128\n"
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        (tmp_path / "agent.ini").write_bytes(text.encode(encoding))
        settings = read_settings(tmp_path)
        assert settings["platform"]["proxy"] == "http://信息科:a%b=c@10.0.0.1:3128"
        assert settings["outbox"]["streams"] == "8"
    (tmp_path / "agent.ini").write_text("hospital = x")
    with pytest.raises(SettingsFault, match="section"):
        read_settings(tmp_path)


def test_only_one_process_of_a_home_sends(tmp_path: Path) -> None:
    assert not is_running(tmp_path)
    code = (
        "import sys; from pathlib import Path; from records.agent.process_lock import ProcessLock\n"
        "with ProcessLock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert other.stdout.readline() == b"held\n"
    assert is_running(tmp_path)
    with pytest.raises(AlreadyRunning, match=str(other.pid)):
        ProcessLock(tmp_path).__enter__()
    other.kill()
    other.communicate()
    with ProcessLock(tmp_path):
        assert is_running(tmp_path)
    assert not is_running(tmp_path)


CALLS: list[str] = []


def fail_twice(context: AgentContext) -> None:
    CALLS.append("fails")
    if len(CALLS) < 3:
        raise ValueError("the value of a patient")
    context.stopping.set()


def test_a_loop_that_fails_is_told_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import records.agent.supervisor as supervisor

    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "BackOff", lambda **_: BackOff(0.001, 0.01))
    monkeypatch.setattr(supervisor, "load_function", lambda _: fail_twice)
    context = open_context(tmp_path)
    assert run_loops(context, (("fails", "here"),))
    assert len(CALLS) == 3
    (notice,) = list_notices(context.outbox)
    assert (notice.name, notice.ok) == ("loop.fails", False)
    assert "ValueError (test_running.py:" in notice.en
    assert "patient" not in notice.en + notice.zh
    context.close()


def test_run_sends_tells_systemd_and_ends_by_a_signal(tmp_path: Path) -> None:
    platform = SyncPlatform()
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(tmp_path / "notify"))
    told.settimeout(30)
    with serve_sync(platform) as url:
        write_agent_home(tmp_path / "home", url, platform)
        with (tmp_path / "home/agent.ini").open("a") as file:
            file.write("[status]\nport = 0\n")
        environment = {
            **os.environ,
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
            "WATCHDOG_USEC": "3000000",
        }
        agent = subprocess.Popen(
            [sys.executable, "-m", "records.agent", "--home", str(tmp_path / "home"), "run"],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
        )
        try:
            assert told.recv(100) == b"READY=1"
            assert told.recv(100) == b"WATCHDOG=1"
            wait_until(lambda: bool(platform.heartbeats), "a heartbeat")
            added = open_context(tmp_path / "home")
            added.outbox.add_items(make_items(100))
            added.close()
            wait_until(lambda: len(platform.arrived) == 100, "all items")
        finally:
            agent.send_signal(signal.SIGTERM)
            _, log = agent.communicate(timeout=60)
    told.close()
    assert agent.returncode == 0, log
    assert b"a new outbox was made" in log
    assert not (tmp_path / "home/outbox.db-wal").exists(), "closed as it should be"
