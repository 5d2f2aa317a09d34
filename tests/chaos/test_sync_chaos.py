"""The book of what must stand on the platform sees what is lost, doubled or out of order when it is
put before it; the line does what it says; and a round of each happening, by a fixed seed, finds
nothing.
"""

import http.client
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from records.agent.item import Item
from tests.chaos.sync.book import (
    Book,
    Expected,
    Key,
    Ledger,
    Letters,
    Sent,
    Told,
    find_disorder,
    find_lost,
    find_number_faults,
    find_orphans,
)
from tests.chaos.sync.drawing import Drawing
from tests.chaos.sync.happenings import HAPPENINGS
from tests.chaos.sync.run import Deck, play_rounds
from tests.chaos.sync.wire import FATES, Weather, Wire

SEED, SIZE = 23, 20
R1: Key = ("lis", "Observation", "r1")


def sent(arrival: int, version: int | None = None, action: str = "put", **more: object) -> Sent:
    """Its content, and so its hash, is named by its arrival."""
    body = f'{{"n":{arrival}}}'.encode() if action == "put" else b""
    item = Item(*R1, body, version, action)
    return Sent(item, arrival, arrival, **more)  # type: ignore[arg-type]


def expect(*all_sent: Sent) -> dict[Key, Expected]:
    book = Book()
    for one in all_sent:
        book.acknowledge(one)
    return book.expect()


def ledger(one: Sent, state: str = "stored") -> Ledger:
    return {one.key: (one.item.version, one.item.hash, state)}


def test_an_acknowledged_item_that_is_not_there() -> None:
    one = sent(1, 1)
    assert find_lost(expect(one), ledger(one), {}) == []
    assert "not there" in find_lost(expect(one), {}, {})[0]


def test_an_older_version_instead_of_the_newest() -> None:
    first, second = sent(1, 1), sent(2, 2)
    assert find_lost(expect(first, second), ledger(second), {}) == []
    assert "must be put 2" in find_lost(expect(first, second), ledger(first), {})[0]
    assert find_lost(expect(second, first), ledger(second), {}) == [], "it came late"


def test_without_versions_the_order_of_arrival_decides() -> None:
    first, second = sent(1), sent(2)
    assert find_lost(expect(first, second), ledger(second), {}) == []
    assert find_lost(expect(first, second), ledger(first), {})


def test_a_deletion_that_was_not_done() -> None:
    first, gone = sent(1, 1), sent(2, 2, "delete")
    assert find_lost(expect(first, gone), ledger(gone, "deleted"), {}) == []
    assert find_lost(expect(first, gone), ledger(first), {})


def test_a_faulty_one_without_its_letter() -> None:
    first, faulty = sent(1, 1), sent(2, 2, good=False)
    letters: Letters = {R1: {2: {"open"}}}
    assert find_lost(expect(first, faulty), ledger(first), letters) == []
    assert "no letter" in find_lost(expect(first, faulty), ledger(first), {})[0]
    assert "no letter" in find_lost(expect(first, faulty), ledger(first), {R1: {1: {"open"}}})[0]


def test_one_that_waits_though_its_patient_is_there() -> None:
    one = sent(1, 1, needs="his-p")
    waiting: Letters = {R1: {1: {"waiting"}}}
    assert find_lost(expect(one), {}, waiting) == []
    patient = Sent(Item("his", "Patient", "p", b"{}"), 2, 2)
    there: Ledger = {**ledger(patient), **ledger(one)}
    assert find_lost(expect(one, patient), there, {}) == []
    assert "not there" in find_lost(expect(one, patient), ledger(patient), waiting)[0]
    assert "still waits" in find_lost(expect(one, patient), there, waiting)[0]


def test_what_nobody_has_sent() -> None:
    assert "invented" in find_lost({}, ledger(sent(1, 1)), {})[0]


def told(number: int, action: str, serial: int = 0, moment: str = "1") -> Told:
    return Told("Observation/lis-r1", number, action, serial, moment)


def test_a_change_that_was_done_twice_or_in_another_order() -> None:
    changes = {"Observation/lis-r1": [sent(1, 1), sent(2, 2), sent(3, 3, "delete")]}
    right = [told(1, "put", 1), told(2, "put", 2), told(3, "delete")]
    assert find_disorder(right, changes) == []
    assert find_disorder(right[:1] + [told(2, "delete")], changes) == [], "one was superseded"
    assert "doubled" in find_disorder([told(1, "put", 1), told(2, "put", 1)], changes)[0]
    assert "out of order" in find_disorder([told(1, "put", 2), told(2, "put", 1)], changes)[0]
    assert "doubled" in find_disorder([*right, told(4, "delete")], changes)[0]
    assert "version 3 after 1" in find_disorder([right[0], told(3, "put", 2)], changes)[0]
    assert "invented" in find_disorder([told(1, "put", 9)], changes)[0]


def test_a_result_before_its_patient() -> None:
    needs = {"Observation/lis-r1": "Patient/his-p"}
    patient = Told("Patient/his-p", 1, "put", 9, "1")
    assert find_orphans([patient, told(1, "put", 1)], needs) == []
    assert find_orphans([told(1, "put", 1), patient], needs) == [], "in one transaction"
    assert find_orphans([told(1, "put", 1, "0"), patient], needs)
    assert find_orphans([told(1, "put", 1)], needs), "and without one"


def test_numbers_with_a_gap_or_of_another_batch() -> None:
    both = {("s0", 1): "aa", ("s0", 2): "bb"}
    assert find_number_faults(both, both) == []
    assert find_number_faults(both, {("s0", 1): "aa"})
    assert find_number_faults(both, both | {("s0", 2): "cc"})
    assert find_number_faults({("s0", 2): "bb"}, {("s0", 2): "bb"})


def test_draws_are_the_seeds_and_have_everything_in_them() -> None:
    def draw() -> list[Sent]:
        drawing = Drawing(Book(), random.Random(5), "t")
        return [s for _ in range(60) for s in drawing.chunk("his", 10)]

    first = draw()
    kinds = {(s.item.type, s.item.action, s.good) for s in first}
    assert len(kinds) == 6, "patients and results, good and faulty; deletions and recalls"
    assert any(s.item.version is None for s in first) and any(s.needs for s in first)
    assert [s.key for s in draw()] == [s.key for s in first]


class Site(BaseHTTPRequestHandler):
    """Says the number of the request."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, bytes, str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, body, self.headers.get("Prefer", "")))
        answer = b"%d" % len(self.asked)
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def wire() -> Iterator[Wire]:
    Site.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    wire = Wire(server.server_address[1], random.Random(1))
    yield wire
    wire.close()
    server.shutdown()
    server.server_close()


def ask(wire: Wire, body: bytes, fate: str = "") -> bytes | None:
    """The answer; None where the line broke."""
    wire.weather = Weather(1.0 if fate else 0.0, (fate or "delay",))
    line = http.client.HTTPConnection("127.0.0.1", wire.port, timeout=20)
    try:
        line.request("POST", "/sync/x/batches", body)
        return line.getresponse().read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        line.close()


def test_the_line_does_what_it_says(wire: Wire) -> None:
    assert ask(wire, b"a") == b"1"
    assert ask(wire, b"b", "double") == b"3"
    assert ask(wire, b"c", "lose request") is None and len(Site.asked) == 3
    assert ask(wire, b"d", "lose answer") is None and Site.asked[-1][1] == b"d"
    assert ask(wire, b"e", "late") is None and len(Site.asked) == 4
    assert ask(wire, b"f") == b"5"
    assert [body for _, body, _ in Site.asked][-2:] == [b"f", b"e"], "in another order"
    assert ask(wire, b"g", "async") == b"7" and Site.asked[-1][2] == "respond-async"
    assert ask(wire, b"h", "stale") == b"9" and Site.asked[-2][1] in b"abcdefg"
    assert ask(wire, b"i", "delay") == b"10"
    assert ask(wire, b"j", "cut answer") is None
    seen = len(Site.asked)
    assert ask(wire, b"k", "cut request") is None and len(Site.asked) == seen
    wire.go_down()
    assert ask(wire, b"l", "delay") is None or wire.weather.is_down is False
    assert set(FATES) <= set(wire.done), "all of them"


def test_each_happening_comes_before_any_comes_again() -> None:
    deck = Deck(random.Random(1), list(HAPPENINGS))
    assert sorted(deck.draw() for _ in HAPPENINGS) == sorted(HAPPENINGS)


def test_a_round_of_each_happening_finds_nothing(tmp_path: Path) -> None:
    """Those that cost many seconds are played by `make chaos SYNC=1`, but for a kill of the
    database.
    """
    tmp_path.chmod(0o711)
    quick = [n for n, h in HAPPENINGS.items() if not h.slow]
    deck = Deck(random.Random(SEED), quick)
    names = ["kill database", *(deck.draw() for _ in quick)]
    rounds, wrong = play_rounds(SEED, names, tmp_path, SIZE, lambda line: None)
    assert [w for r in rounds for w in (f"{r.number} {r.happening}: {w}" for w in r.wrong)] == []
    assert wrong == [] and len(rounds) == len(names)
    assert sum(r.items for r in rounds) == len(names) * 3 * SIZE, (
        "the control: all was acknowledged"
    )
    done = {fate for r in rounds for fate in r.line}
    assert len(done & set(FATES)) > 5, "and the line did most of what it can"
