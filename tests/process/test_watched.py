"""The supervisor and its parts: who tells nothing any more is ended and started again, who tells
goes on; the end of a part is answered at once, and each time later where it ends at once again.
"""

import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alliance.server.notify_socket import NotifySocket
from alliance.server.part import Part
from tests.wait_until import wait_until

BEAT = "import time; from alliance.platform.heartbeat import send_heartbeat"
HANGS = f"{BEAT}; send_heartbeat(); time.sleep(600)"
TELLS = f"{BEAT}\nwhile True: send_heartbeat(); time.sleep(0.1)"
MUTE = "import time; time.sleep(600)"
ENDS = "raise SystemExit(3)"


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[NotifySocket]:
    before = signal.getsignal(signal.SIGCHLD)
    found = NotifySocket(tmp_path)
    yield found
    found.close()
    signal.signal(signal.SIGCHLD, before)
    assert list(tmp_path.glob("notify-*")) == []


def part(name: str, code: str, ear: NotifySocket, *, watched: bool = True) -> Part:
    made = Part(name, [sys.executable, "-c", code], watched=watched)
    made.start(ear.name)
    return made


def pid(one: Part) -> int:
    assert one.process
    return one.process.pid


def look(ear: NotifySocket, *parts: Part) -> None:
    for sender, lines in ear.read_messages():
        for one in parts:
            one.note_message(sender, lines)
    for one in parts:
        one.restart_if_ended(ear.name)


def end(*parts: Part) -> None:
    for one in parts:
        assert one.process
        one.process.kill()
        one.process.wait()


def test_who_hangs_is_started_again_and_who_tells_goes_on(
    ear: NotifySocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alliance.server.part.SILENT", 5)
    hangs, tells, unwatched = (
        part("sealer", HANGS, ear),
        part("courier", TELLS, ear),
        part("web", MUTE, ear, watched=False),
    )
    first, second, third = pid(hangs), pid(tells), pid(unwatched)

    def again() -> bool:
        look(ear, hangs, tells, unwatched)
        return pid(hangs) != first

    wait_until(again, "the one that hangs is another")
    assert (pid(tells), pid(unwatched)) == (second, third) and tells.beaten
    end(hangs, tells, unwatched)


def test_who_never_tells_anything_is_given_longer(
    ear: NotifySocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alliance.server.part.SILENT", 0)
    monkeypatch.setattr("alliance.server.part.FIRST", 2)
    mute = part("worker", MUTE, ear)
    first = pid(mute)
    look(ear, mute)
    assert pid(mute) == first, "the control"
    wait_until(lambda: look(ear, mute) or pid(mute) != first, "it is another")
    end(mute)


def test_nobody_else_tells_for_a_part(ear: NotifySocket) -> None:
    mute = part("worker", MUTE, ear)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto(b"WATCHDOG=1\nREADY=1\nMAINPID=%d" % pid(mute), ear.name)
    look(ear, mute)
    assert not mute.beaten and not mute.ready
    tells = part("worker", TELLS, ear)
    wait_until(lambda: look(ear, tells) or bool(tells.beaten), "the control: it is heard itself")
    end(mute, tells)


def test_the_first_end_is_answered_at_once_and_early_ones_later(ear: NotifySocket) -> None:
    one = part("worker", MUTE, ear)
    first = pid(one)
    end(one)
    look(ear, one)
    assert pid(one) != first
    one.command = [sys.executable, "-c", ENDS]
    end(one)
    second = pid(one)
    look(ear, one)
    assert pid(one) == second and one.due, "it waits"
    wait_until(lambda: look(ear, one) or pid(one) != second, "and is started after a while")
    end(one)


def test_a_deep_folder_gets_a_name_of_its_own(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    before = signal.getsignal(signal.SIGCHLD)
    ear = NotifySocket(deep)
    tells = part("worker", TELLS, ear)
    wait_until(lambda: look(ear, tells) or bool(tells.beaten), "it is heard")
    end(tells)
    ear.close()
    signal.signal(signal.SIGCHLD, before)
