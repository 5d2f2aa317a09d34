"""The outbox's file: nothing silently begun anew, damage and a full disk are told."""

from pathlib import Path

import pytest

from records.agent.outbox import Outbox
from records.agent.outbox_faults import DiskFull, OutboxDamaged, OutboxMissing, OutboxNewer
from records.agent.outbox_renewal import check_outbox, renew_outbox
from records.agent.outbox_schema import connect_outbox
from tests.support.agent_items import make_item, make_items
from tests.support.outbox_batches import answer, form


def test_a_missing_outbox_is_told(tmp_path: Path) -> None:
    Outbox(tmp_path).close()
    Outbox(tmp_path).close()
    (tmp_path / "outbox.db").unlink()
    with pytest.raises(OutboxMissing) as told:
        Outbox(tmp_path)
    assert "xinglin-agent outbox --anew" in told.value.words["zh"]
    assert not (tmp_path / "outbox.db").exists()
    assert renew_outbox(tmp_path, 8) == (None, 0)
    Outbox(tmp_path).close()


@pytest.mark.parametrize("place", [0, 40, 4096])
def test_a_damaged_outbox_is_told_and_left_as_it_is(tmp_path: Path, place: int) -> None:
    outbox = Outbox(tmp_path)
    outbox.add_items(make_items(500))
    outbox.close()
    path = tmp_path / "outbox.db"
    data = bytearray(path.read_bytes())
    data[place : place + 64] = b"\xff" * 64
    path.write_bytes(data)
    with pytest.raises(OutboxDamaged):
        if faults := check_outbox(tmp_path):
            raise OutboxDamaged(path, faults[0])
    assert path.read_bytes() == data


def test_another_outbox_in_its_place_is_told(tmp_path: Path) -> None:
    Outbox(tmp_path / "a").close()
    Outbox(tmp_path / "b").close()
    (tmp_path / "b/outbox.db").replace(tmp_path / "a/outbox.db")
    with pytest.raises(OutboxDamaged, match=r"outbox\.id"):
        Outbox(tmp_path / "a")


def test_an_outbox_of_a_newer_agent_is_left_to_it(tmp_path: Path) -> None:
    Outbox(tmp_path).close()
    connection = connect_outbox(tmp_path / "outbox.db")
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(OutboxNewer):
        Outbox(tmp_path)


def test_renewal_takes_over_what_was_not_sent(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, streams=1)
    outbox.add_items(make_items(10))
    outbox.batches.note_receipt(form(outbox, 0), answer(items=10))
    outbox.add_items(make_items(1500, "second"))
    versions = outbox.read("SELECT record, newest_version FROM records ORDER BY 1").fetchall()
    outbox.close()
    aside, saved = renew_outbox(tmp_path, 8)
    assert aside is not None
    assert aside.exists()
    assert saved == 1500
    again = Outbox(tmp_path)
    assert again.state().backlog == 1500
    assert (
        again.read("SELECT record, newest_version FROM records ORDER BY 1").fetchall() == versions
    )
    again.close()


def test_a_full_disk_acknowledges_nothing_and_frees_the_ballast(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.add_items(make_items(10))
    assert outbox.room.ballast.stat().st_size == 16 * 1024 * 1024
    pages = outbox.read("PRAGMA page_count").fetchone()[0]
    outbox.write(lambda c: c.execute(f"PRAGMA max_page_count={pages + 5}").fetchall())
    with pytest.raises(DiskFull) as told:
        outbox.add_items(make_items(500, first=100))
    assert "磁盘满了" in told.value.words["zh"]
    assert not outbox.room.ballast.exists()
    assert outbox.state().backlog == 10
    outbox.write(lambda c: c.execute("PRAGMA max_page_count=1000000").fetchall())
    assert outbox.add_items(make_items(500, first=100)).added == 500, "room again"
    assert outbox.room.ballast.exists()
    outbox.close()


def test_a_disk_that_is_nearly_full_takes_no_more_but_is_sent_from(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, streams=1)
    outbox.add_items(make_items(10))
    outbox.room.least_free = 2**62
    with pytest.raises(DiskFull):
        outbox.add_items(make_items(1, "second"))
    assert outbox.state().full
    outbox.batches.note_receipt(form(outbox, 0), answer(items=10))
    assert outbox.state().backlog == 0
    outbox.close()


def test_room_of_dropped_bodies_goes_back_to_the_disk(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, streams=1)
    outbox.add_items(make_item(n, "x" * 5000) for n in range(400))
    outbox.batches.note_receipt(form(outbox, 0), answer(items=400))
    outbox.give_back_space(0)
    before = outbox.path.stat().st_size
    outbox.batches.drop_bodies(days=-1)
    outbox.give_back_space(10_000)
    assert outbox.path.stat().st_size < before / 4
    assert outbox.path.with_name("outbox.db-wal").stat().st_size == 0
    outbox.close()
