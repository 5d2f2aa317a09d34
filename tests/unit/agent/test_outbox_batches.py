"""Batches of the outbox: formed once, limited, and what their receipts say of each record."""

from pathlib import Path

from records.agent.outbox import AddedCounts, Outbox
from records.agent.outbox_status import list_refused_groups
from tests.support.agent_items import make_item, make_items
from tests.support.outbox_batches import answer, form, lines_of


def test_a_formed_batch_has_the_same_bytes_after_a_crash(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, streams=1)
    outbox.add_items(make_items(30))
    sent = lines_of(outbox, form(outbox, 0, most_items=20))
    outbox.add_items([make_item(1, "second")])
    again = Outbox(tmp_path)  # the first was not closed
    (batch,) = again.batches.open_batches(0)
    assert lines_of(again, batch) == sent
    assert sent.count(b"\n") == 41
    outbox.close()
    again.close()


def test_a_batch_is_limited_by_items_and_by_bytes(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, streams=1)
    outbox.add_items(make_items(30))
    size = outbox.read("SELECT max(size) FROM items").fetchone()[0]
    assert form(outbox, 0, most_items=4).items == 4
    assert form(outbox, 0, most_bytes=3 * size).items == 3
    assert form(outbox, 0, most_bytes=1).items == 1, "one goes alone, however long"
    outbox.close()


def test_a_receipt_says_what_became_of_each_record(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, streams=1)
    outbox.add_items(make_items(3))
    batch = form(outbox, 0)
    outbox.batches.note_receipt(batch, answer(refused=(1,), items=3))
    outbox.batches.note_receipt(batch, answer(items=3))
    states = {row[1]: row[5] for row in outbox.list_digests("lis")}
    assert states == {"R0": "stored", "R1": "refused", "R2": "stored"}
    assert outbox.state().outcomes == {"stored": 2, "refused": 1}, "a second time changes nothing"
    (group,) = list_refused_groups(outbox)
    assert (group.rule, group.count, group.places) == ("code.unknown", 1, ("检验.csv 第1行",))
    assert group.why["zh"] == "代码不认识"
    assert outbox.state().refused_by_source == {"lis": 1}

    assert outbox.requeue_refused() == (1, 0)
    outbox.batches.note_receipt(form(outbox, 0), answer(items=1))
    assert not list_refused_groups(outbox)
    assert outbox.state().backlog == 0
    outbox.close()


def test_digests_are_of_the_newest_version_answered_for(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, streams=1)
    assert not list(outbox.list_digests("lis"))
    outbox.add_items([make_item(1)])
    outbox.batches.note_receipt(form(outbox, 0), answer(items=1))
    outbox.add_items([make_item(1, "second")])
    ((kind, record, _, digest, day, state, at),) = outbox.list_digests("lis")
    assert (kind, record, day, state) == ("Observation", "R1", "2026-05-03", "stored")
    assert digest == make_item(1).hash, "the second has no receipt yet"
    assert at == "检验.csv 第1行"
    assert not list(outbox.list_digests("his"))
    outbox.close()


def standing(outbox: Outbox) -> list[tuple[str, str]]:
    """(hash, state) of each record."""
    return [(row[3], row[5]) for row in outbox.list_digests("lis")]


def test_what_stands_there_is_compared_though_a_newer_version_was_refused(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, streams=1)
    for text, refused in (("first", ()), ("second", (0,))):
        outbox.add_items([make_item(1, text)])
        outbox.batches.note_receipt(form(outbox, 0), answer(refused=refused, items=1))
    first = (make_item(1, "first").hash, "stored")
    assert standing(outbox) == [first]
    assert [g.count for g in list_refused_groups(outbox)] == [1], "and the clerk is told"
    outbox.add_items([make_item(1, "third")])
    outbox.batches.note_receipt(form(outbox, 0), answer(items=1))
    assert standing(outbox) == [(make_item(1, "third").hash, "stored")]
    assert not list_refused_groups(outbox)
    outbox.close()


def test_an_older_version_that_comes_late_stands_where_a_newer_one_was_refused(
    tmp_path: Path,
) -> None:
    outbox = Outbox(tmp_path, streams=1)
    outbox.add_items([make_item(1, "newer", version=9)])
    outbox.batches.note_receipt(form(outbox, 0), answer(refused=(0,), items=1))
    assert [state for _, state in standing(outbox)] == ["refused"]
    outbox.add_items([make_item(1, "older", version=3)])
    outbox.batches.note_receipt(form(outbox, 0), answer(items=1))
    assert standing(outbox) == [(make_item(1, "older").hash, "stored")]
    assert [g.count for g in list_refused_groups(outbox)] == [1], "the newer one is refused still"
    outbox.close()


def test_bodies_go_after_some_days_digests_and_refused_ones_stay(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, streams=1)
    outbox.add_items(make_items(10))
    outbox.batches.note_receipt(form(outbox, 0), answer(refused=(3,), items=10))
    outbox.add_items([make_item(99)])
    assert outbox.batches.drop_bodies(days=1) == 0, "not yet"
    assert outbox.batches.drop_bodies(days=-1) == 9
    assert outbox.batches.drop_bodies(days=-1) == 0
    assert len(list(outbox.list_digests("lis"))) == 10
    assert not outbox.requeue("lis", "Observation", "R1")
    assert outbox.requeue("lis", "Observation", "R3")
    assert outbox.requeue("lis", "Observation", "R99")
    assert not outbox.requeue("lis", "Observation", "never")
    assert outbox.add_items(make_items(3)) == AddedCounts(0, 3), "the same again is known still"
    outbox.close()


def test_after_the_platform_was_restored_its_batches_are_formed_again(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, streams=1)
    sent = []
    for text in ("first", "second", "third"):
        outbox.add_items(make_items(10, text))
        batch = form(outbox, 0)
        sent.append(lines_of(outbox, batch))
        outbox.batches.note_receipt(batch, answer(items=10))
    assert outbox.batches.rewind(0, 2, 2) == 0
    assert outbox.state().backlog == 20
    again = form(outbox, 0, most_items=10)
    assert again.number == 2
    assert lines_of(outbox, again) == sent[1]
    outbox.close()


def test_what_has_no_body_any_more_may_be_added_again_after_a_restore(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, streams=1)
    outbox.add_items(make_items(10))
    outbox.batches.note_receipt(form(outbox, 0), answer(items=10))
    outbox.batches.drop_bodies(days=-1)
    outbox.add_items(make_items(5, "second"))
    outbox.batches.note_receipt(form(outbox, 0), answer(items=5))
    assert outbox.batches.rewind(0, 1, 1) == 5, "the other five have a newer version with a body"
    assert {r[5] for r in outbox.list_digests("lis") if r[1] > "R4"} == {"lost"}
    assert outbox.add_items(make_items(5, first=5)) == AddedCounts(5, 0)
    assert form(outbox, 0).number == 1
    outbox.close()
