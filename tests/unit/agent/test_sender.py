"""The sender over real HTTP against a small server of the protocol: nothing lost, nothing doubled,
whatever the line and the platform do.
"""

import json
from pathlib import Path

import pytest

from records.agent.context import AgentContext, open_context
from records.agent.dead_letters import refresh_refusals
from records.agent.heartbeat import send_heartbeat
from records.agent.item_line import digest_of_item
from records.agent.notices import list_notices
from records.agent.outbox import Outbox
from records.agent.outbox_status import list_refused_groups
from records.agent.platform_away import PlatformAway, Trouble
from records.agent.sender import Sender
from tests.support.agent_items import make_item, make_items
from tests.support.sync_server import SyncPlatform, serve_sync, write_agent_home


@pytest.fixture
def platform() -> SyncPlatform:
    return SyncPlatform()


@pytest.fixture
def url(platform: SyncPlatform):
    with serve_sync(platform) as url:
        yield url


@pytest.fixture
def context(tmp_path: Path, url: str, platform: SyncPlatform):
    write_agent_home(tmp_path, url, platform)
    context = open_context(tmp_path)
    yield context
    context.close()


def send(context: AgentContext) -> None:
    Sender(context).run(until_empty=True)


def assert_all_there(context: AgentContext, platform: SyncPlatform) -> None:
    """Each record's newest content is the platform's newest, its versions arrived in order."""
    assert context.outbox.state().backlog == 0
    for source, kind, record, version in context.outbox.read(
        "SELECT source, type, record, newest_version FROM records"
    ).fetchall():
        versions = [v["version"] for v in platform.ledger[source, kind, record]]
        assert versions[-1] == version
        assert versions == sorted(set(versions))


def test_all_is_sent_once_and_in_order(context: AgentContext, platform: SyncPlatform) -> None:
    for text in ("first", "second", "third"):
        context.outbox.add_items(make_items(300, text))
    send(context)
    assert_all_there(context, platform)
    assert len(platform.arrived) == 900
    assert all(len(versions) == 3 for versions in platform.ledger.values())
    before = len(platform.requests)
    context.outbox.add_items(make_items(300, "third"))
    send(context)
    assert len(platform.requests) == before, "nothing new, nothing asked"


@pytest.mark.parametrize("order", ["cut", "cut-before", "503"])
def test_a_line_that_breaks_loses_and_doubles_nothing(
    context: AgentContext, platform: SyncPlatform, order: str
) -> None:
    context.outbox.add_items(make_items(400))
    platform.orders = [order] * 3
    for _ in range(4):
        try:
            send(context)
        except PlatformAway as away:
            assert away.trouble in (Trouble.NETWORK, Trouble.PLATFORM)
    assert_all_there(context, platform)
    assert len(platform.arrived) == 400


def test_accepted_batches_are_asked_for_until_their_receipt_is_there(
    context: AgentContext, platform: SyncPlatform
) -> None:
    context.outbox.add_items(make_items(400))
    platform.orders = ["202"] * 8
    send(context)
    assert_all_there(context, platform)
    assert sum(1 for method, _ in platform.requests if method == "GET") >= 8
    assert context.outbox.state().outcomes == {"stored": 400}


def test_refused_ones_are_kept_with_the_platforms_words(
    context: AgentContext, platform: SyncPlatform
) -> None:
    platform.refuse = {"R3": "code.unknown", "R4": "code.unknown"}
    context.outbox.add_items(make_items(40))
    send(context)
    (group,) = list_refused_groups(context.outbox)
    assert (group.count, group.why["zh"], group.mend["zh"]) == (2, "代码不认识", "请对码")
    assert set(group.places) == {"检验.csv 第3行", "检验.csv 第4行"}
    platform.refuse = {}
    assert context.outbox.requeue_refused("code.unknown") == (2, 0)
    send(context)
    assert not list_refused_groups(context.outbox)
    assert_all_there(context, platform)


def test_a_restored_platform_gets_again_what_it_lost(
    context: AgentContext, platform: SyncPlatform
) -> None:
    for text in ("first", "second", "third"):
        context.outbox.add_items(make_items(200, text))
        send(context)
    for stream in {stream for stream, _ in platform.batches}:
        platform.forget_from(stream, 2)
        platform.epoch[stream] = 2
    context.outbox.add_items(make_items(200, "fourth"))
    send(context)
    assert_all_there(context, platform)
    assert {len(versions) for versions in platform.ledger.values()} == {4}
    assert "restored" in {notice.name for notice in list_notices(context.outbox)}


def test_an_idle_agent_learns_of_a_restore_by_its_heartbeat(
    context: AgentContext, platform: SyncPlatform
) -> None:
    context.outbox.add_items(make_items(200))
    send(context)
    send_heartbeat(context)
    assert not context.outbox.doubtful, "the control"
    for stream in {stream for stream, _ in platform.batches}:
        platform.forget_from(stream, 1)
        platform.bodies[stream, 0] = b"[]"
    platform.batches = {
        (stream, 0): {} for stream in {s for s, _ in platform.bodies}
    }  # known, with nothing
    send_heartbeat(context)
    sender = Sender(context)
    assert len(context.outbox.doubtful) == len(platform.batches)
    for stream in sender.streams.values():
        stream.take_turn()
    send(context)
    assert_all_there(context, platform)
    assert platform.heartbeats[-1]["backlog"] == 0
    assert "version" in platform.heartbeats[-1]


def test_a_lost_outbox_goes_on_with_the_number_that_the_platform_says(
    tmp_path: Path, url: str, platform: SyncPlatform
) -> None:
    for home in ("first", "second"):
        write_agent_home(tmp_path / home, url, platform)
        context = open_context(tmp_path / home)
        context.outbox.add_items(make_items(300, home))
        send(context)
        assert_all_there(context, platform)
        context.close()
    assert all(len(versions) == 2 for versions in platform.ledger.values())
    assert {number for _, number in platform.batches} == {1, 2}


def test_an_outbox_that_was_put_back_from_a_copy_never_uses_a_number_twice(
    tmp_path: Path, url: str, platform: SyncPlatform
) -> None:
    write_agent_home(tmp_path, url, platform)
    context = open_context(tmp_path)
    context.outbox.add_items(make_items(300, "first"))
    send(context)
    context.close()
    copy = (tmp_path / "outbox.db").read_bytes()
    for text in ("second", "third"):
        context = open_context(tmp_path)
        context.outbox.add_items(make_items(300, text))
        send(context)
        context.close()
    first_receipts = {
        place: known["signature"] for place, known in platform.batches.items() if place[1] > 1
    }
    (tmp_path / "outbox.db").write_bytes(copy)
    context = open_context(tmp_path)
    context.outbox.add_items(make_items(300, "fourth"))
    send(context)
    assert_all_there(context, platform)
    assert {p: platform.batches[p]["signature"] for p in first_receipts} == first_receipts
    assert "copied" in {notice.name for notice in list_notices(context.outbox)}
    context.close()


def test_another_client_counts_its_own_numbers(
    tmp_path: Path, url: str, platform: SyncPlatform
) -> None:
    write_agent_home(tmp_path, url, platform)
    context = open_context(tmp_path)
    context.outbox.add_items(make_items(100))
    send(context)
    context.outbox.keep("client", "another")
    context.outbox.add_items(make_items(100, "second"))
    send(context)
    assert_all_there(context, platform)
    context.close()


def test_a_batch_that_is_too_large_is_sent_in_smaller_ones(
    context: AgentContext, platform: SyncPlatform
) -> None:
    platform.largest = 7
    context.outbox.add_items(make_items(300))
    send(context)
    assert_all_there(context, platform)
    assert max(known["receipt"]["items"] for known in platform.batches.values()) <= 7


def test_an_item_that_the_platform_cannot_read_is_set_aside_and_the_others_go(
    context: AgentContext, platform: SyncPlatform
) -> None:
    context.outbox.add_items(make_items(64))
    line = context.outbox.read("SELECT line FROM items WHERE seq = 5").fetchone()[0]
    context.outbox.write(
        lambda c: c.execute(
            "UPDATE items SET body = CAST('[]' AS BLOB), digest = ? WHERE seq = 5",
            (digest_of_item(line, b"[]"),),
        )
    )
    send(context)
    (group,) = list_refused_groups(context.outbox)
    assert (group.rule, group.count, group.why["zh"]) == ("batch.hash", 1, "摘要不符")
    assert context.outbox.state().backlog == 0
    assert len(platform.ledger) == 63


def test_a_receipt_that_another_signed_is_an_alarm_and_nothing_is_dropped(
    context: AgentContext, platform: SyncPlatform
) -> None:
    platform.sign = False
    context.outbox.add_items(make_items(10))
    with pytest.raises(PlatformAway) as told:
        send(context)
    assert told.value.trouble is Trouble.RECEIPT
    assert context.outbox.state().backlog == 10
    assert context.outbox.batches.drop_bodies(days=-1) == 0


def test_without_a_key_of_the_platform_nothing_counts_as_received(
    context: AgentContext, platform: SyncPlatform
) -> None:
    (context.home / "platform-keys.pem").unlink()
    context.outbox.add_items(make_items(10))
    with pytest.raises(PlatformAway) as told:
        send(context)
    assert told.value.trouble is Trouble.SETTINGS
    assert context.outbox.state().backlog == 10


def test_a_token_that_ended_is_renewed(context: AgentContext, platform: SyncPlatform) -> None:
    context.outbox.add_items(make_items(10))
    send(context)
    platform.tokens.append("another")
    context.outbox.add_items(make_items(10, "second"))
    send(context)
    assert_all_there(context, platform)


def test_the_order_of_deletion_and_recall_is_kept(
    context: AgentContext, platform: SyncPlatform
) -> None:
    gone, again = make_item(1, body=b"", action="delete"), make_item(1, "second")
    recalled = make_item(1, body=b"", action="recall")
    context.outbox.add_items([make_item(1), gone, again, recalled])
    send(context)
    actions = [v.get("action", "put") for v in platform.ledger["lis", "Observation", "R1"]]
    assert actions == ["put", "delete", "put", "recall"]
    ((*_, state, _),) = context.outbox.list_digests("lis")
    assert state == "recalled"


def test_a_receipt_is_kept_as_it_was_signed(context: AgentContext, platform: SyncPlatform) -> None:
    context.outbox.add_items(make_items(10))
    send(context)
    for receipt, signature in context.outbox.read("SELECT receipt, signature FROM batches"):
        platform.key.public_key().verify(bytes.fromhex(signature), receipt.encode())
        assert json.loads(receipt)["items"] >= 1


def test_two_outboxes_of_one_machine_do_not_mix(tmp_path: Path) -> None:
    first, second = Outbox(tmp_path / "a"), Outbox(tmp_path / "b")
    first.add_items(make_items(10))
    assert second.state().backlog == 0
    first.close()
    second.close()


def test_what_was_mended_on_the_platform_is_not_refused_any_more(
    context: AgentContext, platform: SyncPlatform
) -> None:
    platform.refuse = {f"R{n}": "code.unknown" for n in range(7)}
    context.outbox.add_items(make_items(40))
    send(context)
    assert refresh_refusals(context) == 0, "all are open still"
    by_record = {letter["record"]: letter for letter in platform.letters}
    by_record["R0"]["state"] = by_record["R1"]["state"] = "mended"
    by_record["R2"]["state"] = "dropped"
    by_record["R3"] |= {"state": "waiting", "rule": "reference.missing"}
    assert refresh_refusals(context) == 3
    states = {row[1]: row[5] for row in context.outbox.list_digests("lis")}
    assert [states[f"R{n}"] for n in range(5)] == [
        "stored",
        "stored",
        "dropped",
        "waiting",
        "refused",
    ]
    groups = {(g.outcome, g.rule): g.count for g in list_refused_groups(context.outbox)}
    assert groups == {("refused", "code.unknown"): 3, ("waiting", "reference.missing"): 1}
    kept = context.outbox.read("SELECT group_concat(words) FROM refusals").fetchone()[0]
    assert "小明" not in kept, "values are a patient's"


def test_what_waited_is_followed_though_a_later_one_of_its_record_was_refused(
    context: AgentContext, platform: SyncPlatform
) -> None:
    for text, rule in (("first", "reference.missing"), ("second", "code.unknown")):
        platform.refuse = {"R0": rule}
        context.outbox.add_items([make_item(0, text)])
        send(context)
        if text == "first":  # as the platform says it of what waits
            platform.letters[0]["state"] = "waiting"
            refresh_refusals(context)
    platform.letters[0]["state"] = "mended"  # it was done as soon as its patient came
    assert refresh_refusals(context) == 1
    ((_, _, _, digest, _, state, _),) = context.outbox.list_digests("lis")
    assert (digest, state) == (make_item(0, "first").hash, "stored")
    assert [(g.rule, g.count) for g in list_refused_groups(context.outbox)] == [("code.unknown", 1)]


def test_nothing_is_asked_where_nothing_was_refused(
    context: AgentContext, platform: SyncPlatform
) -> None:
    context.outbox.add_items(make_items(4))
    send(context)
    before = len(platform.requests)
    assert refresh_refusals(context) == 0
    assert len(platform.requests) == before
