"""The outbox: durable when it says so, nothing twice."""

import json
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from records.agent.item_line import ItemFault, stream_of_item
from records.agent.outbox import AddedCounts, Outbox
from records.agent.outbox_renewal import check_outbox
from records.agent.outbox_schema import connect_outbox
from tests.support.agent_items import make_item, make_items
from tests.support.sources import ROOT


def test_what_was_added_is_there_for_another_process(outbox: Outbox) -> None:
    assert outbox.add_items(make_items(1200)) == AddedCounts(1200, 0)
    with connect_outbox(outbox.path) as other:
        assert other.execute("SELECT count(*) FROM items").fetchone() == (1200,)
        assert other.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_same_content_again_is_unchanged_and_another_content_is_a_greater_version(
    outbox: Outbox,
) -> None:
    outbox.add_items(make_items(3))
    assert outbox.add_items(make_items(3)) == AddedCounts(0, 3)
    assert outbox.add_items([make_item(1, "second")]) == AddedCounts(1, 0)
    assert outbox.add_items([make_item(1, "first")]) == AddedCounts(1, 0), "back again is a change"
    versions = [
        json.loads(line)["version"]
        for (line,) in outbox.read("SELECT line FROM items ORDER BY seq").fetchall()
        if json.loads(line)["record"] == "R1"
    ]
    assert len(versions) == 3
    assert versions == sorted(set(versions))


def test_a_deletion_and_what_comes_after_it_are_changes(outbox: Outbox) -> None:
    gone = make_item(1, body=b"", action="delete")
    assert outbox.add_items([make_item(1), gone, gone, make_item(1)]) == AddedCounts(3, 1)


def test_versions_of_the_source_are_kept(outbox: Outbox) -> None:
    outbox.add_items([make_item(1, version=7), make_item(1, "second", version=9)])
    lines = outbox.read("SELECT line FROM items ORDER BY seq").fetchall()
    assert [json.loads(line)["version"] for (line,) in lines] == [7, 9]


def test_counted_versions_are_beyond_those_of_a_lost_outbox_and_follow_the_platforms_clock(
    tmp_path: Path,
) -> None:
    first, second = Outbox(tmp_path / "first"), Outbox(tmp_path / "second")
    first.add_items(make_items(2000))
    last = first.read("SELECT max(newest_version) FROM records").fetchone()[0]
    second.clock_offset = 3600
    second.add_items(make_items(1))
    assert second.read("SELECT newest_version FROM records").fetchone()[0] > last + 3_000_000_000
    first.close()
    second.close()


def test_what_threads_add_at_once_shares_a_commit(outbox: Outbox) -> None:
    outbox.keep("open", "1")
    held, begun = threading.Event(), threading.Event()

    def hold(_: sqlite3.Connection) -> None:
        begun.set()
        held.wait(30)

    holder = threading.Thread(target=outbox.write, args=(hold,))
    holder.start()
    begun.wait(30)
    before = outbox.commits
    threads = [threading.Thread(target=outbox.add_items, args=([make_item(n)],)) for n in range(20)]
    for thread in threads:
        thread.start()
    while outbox._writer._queue.qsize() < 20:
        time.sleep(0.001)
    held.set()
    for thread in [*threads, holder]:
        thread.join()
    assert outbox.commits == before + 2, "the held one, and one for all twenty"
    assert outbox.state().backlog == 20


def test_one_fault_takes_back_its_own_work_alone(outbox: Outbox) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO kept VALUES ('half', '1')")
        raise KeyError("no")

    with pytest.raises(KeyError):
        outbox.write(fail)
    assert outbox.kept("half") is None
    outbox.keep("whole", "1")
    assert outbox.kept("whole") == "1"


def test_items_of_a_patient_are_in_one_stream_whatever_system_they_are_from(
    outbox: Outbox,
) -> None:
    outbox.add_items(make_items(400))
    outbox.add_items([make_item(5, source="his", type="Encounter", record="E5")])
    patient = make_item(0, type="Patient", record=make_item(5).patient, patient="")
    assert stream_of_item(patient, 8) == stream_of_item(make_item(5), 8)
    streams: dict[str, set[int]] = {}
    for stream, line in outbox.read("SELECT stream, line FROM items").fetchall():
        streams.setdefault(json.loads(line)["patient"], set()).add(stream)
    assert all(len(found) == 1 for found in streams.values())
    assert len({tuple(found) for found in streams.values()}) > 4, "spread"


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "HIS"},
        {"record": ""},
        {"record": "a\nb"},
        {"record": "x" * 201},
        {"type": "observation"},
        {"body": b""},
        {"body": b"{}\n{}"},
        {"action": "drop"},
        {"version": 2**63},
        {"day": "2026/5/3"},
        {"patient": "a\x00"},
    ],
)
def test_what_no_line_may_say_is_refused(outbox: Outbox, fields: dict[str, object]) -> None:
    with pytest.raises(ItemFault):
        outbox.add_items([make_item(1, **fields)])
    outbox.add_items([make_item(1, record="门诊　A-1")])


def test_a_reader_ends_with_its_thread(outbox: Outbox) -> None:
    def look() -> None:
        outbox.state()
        outbox.close_reader()

    for _ in range(20):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    outbox.state()
    assert len(outbox._readers) == 1


ADDING = """
import sys
from pathlib import Path
from records.agent.outbox import Outbox
from tests.support.agent_items import make_items
outbox, first = Outbox(Path(sys.argv[1])), 0
while True:
    outbox.add_items(make_items(7, first=first))
    first += 7
    print(first, flush=True)
"""


@pytest.mark.parametrize("acknowledged", [7, 70, 490])
def test_what_was_acknowledged_before_a_kill_is_there(tmp_path: Path, acknowledged: int) -> None:
    adding = subprocess.Popen(
        [sys.executable, "-c", ADDING, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert adding.stdout
    last = 0
    while last < acknowledged:
        last = int(adding.stdout.readline())
    adding.kill()
    last = int((adding.stdout.read().split() or [last])[-1])
    adding.wait(60)
    outbox = Outbox(tmp_path)
    found = {row[0] for row in outbox.read("SELECT record FROM records").fetchall()}
    assert {f"R{number}" for number in range(last)} <= found
    assert outbox.state().backlog == len(found)
    outbox.close()
    assert check_outbox(tmp_path) == []
