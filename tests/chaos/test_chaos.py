"""The oracles see what is wrong when it is put before them; the stage's proxy does what it says;
and a short run of a fixed seed finds nothing.
"""

import io
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.chaos import oracle
from tests.chaos.client import Client, Reply, code, judge
from tests.chaos.event import EVENTS, PAIR, DidNotHappen, show
from tests.chaos.follower import Follower
from tests.chaos.ledger import Entry, Ledger, digest
from tests.chaos.load import Load
from tests.chaos.proxy import Proxy
from tests.chaos.report import Report, Round
from tests.chaos.run import Run
from tests.chaos.trace import AWAY, GOOD, SILENT, WRONG, Asked, Poll, Trace

SEED = 47
SHORT = (
    (
        PAIR,
        (
            "kill web worker",
            "kill sealer",
            "lines cut",
            "the primary dies, its copy is promoted",
            "an old cursor is taken up again",
        ),
    ),
)


def entry(key: str = "Observation/a", version: int = 1, content: str = "x") -> Entry:
    return Entry(key, version, content, 0.0)


def reply(status: int, body: object = None, **headers: str) -> Reply:
    return Reply(
        status,
        {k.replace("_", "-"): v for k, v in headers.items()},
        json.dumps(body).encode(),
        "r-1",
        time.monotonic(),
    )


def test_a_write_that_is_gone() -> None:
    assert (
        oracle.lost([entry()], {"Observation/a": 1})
        == []
        == oracle.lost([entry()], {"Observation/a": 2})
    )
    assert "nothing is there" in oracle.lost([entry()], {})[0]
    assert "version 1 is the newest" in oracle.lost([entry(version=2)], {"Observation/a": 1})[0]


def test_a_gap_in_the_feed_and_another_content() -> None:
    seen = {("Observation/a", 1): "x", ("Observation/a", 2): "y"}
    assert oracle.missing_in_feed([entry(), entry(version=2, content="y")], seen) == []
    assert "passed over" in oracle.missing_in_feed([entry(), entry("Observation/b")], seen)[0]
    assert "another than was written" in oracle.missing_in_feed([entry(content="z")], seen)[0]


def test_versions_out_of_order() -> None:
    assert oracle.out_of_order([("a", 1, ""), ("b", 1, ""), ("a", 2, "")]) == []
    assert len(oracle.out_of_order([("a", 2, ""), ("a", 1, "")])) == 2
    assert oracle.out_of_order([("a", 1, ""), ("a", 3, "")]), "a version that was left out"


def test_an_order_that_is_there_twice() -> None:
    assert oracle.twice({"7": {"Observation/a"}}) == []
    assert "twice" in oracle.twice({"7": {"Observation/a", "Observation/b"}})[0]


def test_half_a_transaction() -> None:
    groups = {"t": ("a", "b", "c")}
    assert oracle.torn(groups, {}) == [] == oracle.torn(groups, {"a": 1, "b": 1, "c": 1})
    assert "2 of 3" in oracle.torn(groups, {"a": 1, "c": 1})[0]


def test_an_answer_without_a_line() -> None:
    assert oracle.unproven({"r1"}, {"r1", "r2"}) == []
    assert "r3" in oracle.unproven({"r1", "r3"}, {"r1"})[0]


def test_a_head_that_was_cut() -> None:
    assert oracle.heads_cut(None, {}) == [] == oracle.heads_cut((5, "aa"), {5: "aa", 9: "bb"})
    assert "is gone" in oracle.heads_cut((9, "bb"), {5: "aa"})[0]
    assert "another root" in oracle.heads_cut((5, "aa"), {5: "cc"})[0]


def test_a_subscriber_who_was_not_told() -> None:
    assert oracle.untold([entry()], ["Observation/a", "Observation/a"]) == []
    assert oracle.untold([entry()], [])


def writes(*moments: float, result: str = GOOD) -> list[Asked]:
    return [Asked("write", m - 0.1, m, result) for m in moments]


def test_the_longest_outage() -> None:
    asked = writes(9.0, 10.5, 11.0, 14.0, 14.5) + writes(12.0, 13.0, result=AWAY)
    assert oracle.longest_gap(asked, "write", 10.0, 15.0) == 3.0
    assert oracle.outages(asked, 10.0, 15.0)["read"] == 5.0, "nobody read"


def test_readyz_that_says_yes_in_vain() -> None:
    dead = writes(1.0, 40.0) + writes(*range(2, 39), result=AWAY)
    assert oracle.ready_in_vain([Poll(0, 20.0, 20.1, 200)], dead, 41.0)
    assert (
        oracle.ready_in_vain([Poll(0, 20.0, 20.1, 503)], dead, 41.0)
        == []
        == oracle.ready_in_vain([Poll(0, 9.0, 9.1, 200)], dead, 41.0)
    )
    assert oracle.ready_in_vain([Poll(0, 20.0, 20.1, 200)], writes(*range(40)), 41.0) == []


def test_readyz_that_says_no_in_vain() -> None:
    well = writes(*(i / 2 for i in range(40)))
    no = [Poll(0, i / 2, i / 2 + 0.1, 503, "worker") for i in range(4, 20)]
    assert "worker" in oracle.unready_in_vain(no, well)[0]
    assert oracle.unready_in_vain(no[:6], well) == [], "for a moment it may"
    assert (
        oracle.unready_in_vain(no, well + writes(*(i / 2 + 0.2 for i in range(40)), result=SILENT))
        == []
    )


def test_what_an_answer_may_be() -> None:
    assert judge(reply(201)) == GOOD and judge(reply(503, retry_after="5")) == AWAY
    assert [
        judge(r) for r in (reply(500, retry_after="5"), reply(503), reply(404), reply(302))
    ] == [WRONG] * 4


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    trace, ledger = Trace(), Ledger(tmp_path / "ledger")
    yield Load(Client([1], "donghu", ("", ""), trace), ledger, trace, 1)
    ledger.close()


def test_an_answer_against_what_was_acknowledged(load: Load) -> None:
    made = {"resourceType": "Observation", "id": "a", "status": "final"}
    load.ledger.acknowledge(("Observation/a", 2, digest(made)))
    right = made | {"meta": {"versionId": "2"}}
    load.hold("search", reply(200), [right], {"Observation/a": 2})
    assert load.trace.wrong == [] and load.trace.answered == {"r-1"}
    load.hold("search", reply(200), [], {"Observation/a": 2})
    load.hold("read", reply(200), [made | {"meta": {"versionId": "1"}}], {"Observation/a": 2})
    load.hold("read", reply(200), [right | {"status": "amended"}], {"Observation/a": 2})
    assert [w.partition("(")[0].strip() for w in load.trace.wrong] == [
        "search: Observation/a was acknowledged, and is not in the answer",
        "read: Observation/a has version 1, and 2 was acknowledged",
        "read: Observation/a has content that nobody has sent",
    ]
    assert load.trace.many("search") == 1


def test_a_500_is_never_passed_over(load: Load) -> None:
    assert (
        load.asked("write", lambda: reply(500, "oops")) is None
        and load.asked("write", lambda: reply(503, retry_after="5")) is None
    )
    assert len(load.trace.wrong) == 1 and "write: 500" in load.trace.wrong[0]


def test_what_the_ledger_has_is_on_the_disk(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.acknowledge(("Observation/a", 1, "x"), condition="7")
    assert json.loads((tmp_path / "ledger").read_text()) == {
        "key": "Observation/a",
        "version": 1,
        "digest": "x",
        "condition": "7",
    }
    ledger.acknowledge(("Observation/a", 2, "y"))
    found = ledger.some(random.Random(1))
    assert found and found.version == 2 and ledger.conditions == {"7": "Observation/a"}
    assert (
        digest({"id": "a", "status": "final", "meta": {"versionId": "3"}})
        == digest({"status": "final"})
        != digest({"status": "amended"})
    )
    ledger.close()


def test_what_comes_twice_in_the_feed_is_seen_once(load: Load) -> None:
    def page(*versions: int) -> dict[str, object]:
        rows = [
            {"resource": {"resourceType": "Observation", "id": "a", "meta": {"versionId": str(v)}}}
            for v in versions
        ]
        return {
            "entry": rows,
            "link": [
                {"relation": "next", "url": f"http://x/fhir/donghu/_history?_cursor={versions[-1]}"}
            ],
        }

    follower = Follower(load.client, load.trace)
    follower.take(page(1, 2))
    follower.take(page(2, 3))
    assert (
        [v for _, v, _ in follower.seen] == [1, 2, 3]
        and follower.repeated == 1
        and follower.next.endswith("_cursor=3")
    )


def test_the_second_factor_of_rfc_6238() -> None:
    assert code(59.0) == code(31.0) != code(61.0)


def test_an_event_that_did_not_happen() -> None:
    show(True, "it did")
    with pytest.raises(DidNotHappen, match="it did not"):
        show(False, "it did not")


def test_a_round_that_is_wrong_is_told(tmp_path: Path) -> None:
    report = Report(1, tmp_path, io.StringIO())
    report.add(Round(1, "pair", "lines cut", outages={"write": 1.5}))
    report.stage_over(stage="0 pair", acknowledged=3, answered=4, lines=5, wrong=[])
    assert (
        report.wrong() == []
        and "3 writes acknowledged, 0 lost" in report.summary()
        and "| lines cut | 1 |" in report.table()
    )
    report.add(Round(2, "pair", "lines cut", wrong=["lost: a"]))
    assert report.wrong() == ["round 2 (lines cut): lost: a"] and "1 lost" in report.summary()
    assert len((tmp_path / "rounds.jsonl").read_text().splitlines()) == 3


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that says everything back."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def say(link: socket.socket) -> None:
            with link, suppress(OSError):
                while piece := link.recv(100):
                    link.sendall(piece)

        def serve() -> None:
            while True:
                try:
                    link, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=say, args=(link,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def test_the_proxy_carries_cuts_swallows_and_refuses(echo: int) -> None:
    proxy = Proxy(echo)

    def line() -> socket.socket:
        return socket.create_connection(("127.0.0.1", proxy.port), timeout=10)

    def said(link: socket.socket) -> bytes:
        link.sendall(b"hello")
        return link.recv(100)

    with line() as link:
        assert said(link) == b"hello"
        assert proxy.cut() == 2
        with pytest.raises(OSError):
            said(link)
            said(link)
    with line() as link:
        proxy.swallow()
        link.settimeout(0.3)
        with pytest.raises(TimeoutError):
            said(link)
        assert proxy.swallowed == 5
        proxy.restore()
        link.settimeout(10)
        with pytest.raises(OSError):
            link.recv(100)
    with line() as link:
        assert said(link) == b"hello"
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            line()
        proxy.restore()
    with line() as link:
        proxy.delay = 0.01
        assert said(link) == b"hello" and proxy.delayed >= 2
    proxy.close()


def test_every_event_of_the_short_run_is_one() -> None:
    assert all(
        name in EVENTS and kind in EVENTS[name].where for kind, names in SHORT for name in names
    )


def test_a_short_run_finds_nothing(tmp_path: Path) -> None:
    """All oracles are on; audit_verify at the end. The embedded server has its turn in `make
    chaos`, and its kills in tests/process.
    """
    tmp_path.chmod(0o711)
    report = Run(SEED, sum(len(names) for _, names in SHORT), tmp_path, SHORT, verify=False).go()
    assert report.wrong() == [], f"seed {SEED}"
    assert all(r.happened or r.skipped for r in report.rounds) and all(
        e["acknowledged"] > 20 and e["lines"] > e["answered"] > 40 and e["told"]
        for e in report.ends
    )
    assert "0 lost" in report.summary() and len(
        (tmp_path / "rounds.jsonl").read_text().splitlines()
    ) == len(report.rounds) + len(report.ends)
