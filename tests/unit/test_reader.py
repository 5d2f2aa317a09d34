"""What is read for the metrics is read seldom, whoever asks, by one process for all; and a
reading that hangs holds nobody.
"""

import threading
from pathlib import Path
from typing import Any

import pytest

from alliance.operations import background_reader
from alliance.operations.background_reader import BackgroundReader
from tests.wait_until import wait_until


class Source:
    def __init__(self) -> None:
        self.times, self.cuts, self.go = 0, 0, threading.Event()
        self.go.set()

    def read(self) -> dict[str, Any]:
        self.times += 1
        assert self.go.wait(60)
        return {"times": self.times}

    def cut(self) -> None:
        self.cuts += 1


def test_many_ask_and_it_is_read_once() -> None:
    source = Source()
    one = BackgroundReader(source.read)
    asked: list[Any] = []
    threads = [threading.Thread(target=lambda: asked.append(one.read_latest())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [({"times": 1}, True)] * 8 and source.times == 1


def test_one_process_reads_for_all(tmp_path: Path) -> None:
    here, there = Source(), Source()
    assert BackgroundReader(here.read, kept=lambda: tmp_path / "kept").read_latest() == (
        {"times": 1},
        True,
    )
    wait_until(lambda: (tmp_path / "kept").exists(), "it is kept")
    assert (
        BackgroundReader(there.read, kept=lambda: tmp_path / "kept").read_latest()
        == ({"times": 1}, True)
        and there.times == 0
    )
    (tmp_path / "kept").write_text("[1e18, {}]")
    assert (
        BackgroundReader(there.read, kept=lambda: tmp_path / "kept").read_latest()[1]
        and there.times == 1
    ), "of a time to come: the machine was started again"


def test_a_reading_that_hangs_holds_nobody_and_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source()
    one = BackgroundReader(source.read, source.cut)
    assert one.read_latest() == ({"times": 1}, True), "the control"
    monkeypatch.setattr(background_reader, "PATIENCE", 0.05)
    monkeypatch.setattr(background_reader, "EVERY", 0.0)
    source.go.clear()
    one.read_latest()
    wait_until(lambda: one.read_latest() == ({"times": 1}, False), "the last one counts no more")
    assert source.times == 2 and source.cuts > 0, "no second one beside it"
    source.go.set()
    monkeypatch.setattr(background_reader, "EVERY", 60.0)
    monkeypatch.setattr(background_reader, "PATIENCE", 5.0)
    wait_until(lambda: one.read_latest()[1] and one.found["times"] >= 2, "it goes on")


def test_a_reading_that_fails_leaves_what_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> dict[str, Any]:
        raise ValueError("a patient's name")

    one = BackgroundReader(fails)
    assert one.read_latest() == ({}, False)
