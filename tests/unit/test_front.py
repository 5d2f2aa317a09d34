"""Where a request ends, how slow it may come, and whose turn it is."""

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.config.front.framing import LONGEST_HEAD, Chunks, head
from alliance.config.front.link import MOST_OWED, HeadTooLong, Link
from alliance.config.front.pace import GRACE, RATE, Pace
from alliance.config.front.turns import MOST_WAITING, Turns

MOST = 10_000


def pair(most: int = MOST) -> tuple[socket.socket, Link]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(True)
    return theirs, Link(ours, "", most, 0.0)


def read(link: Link) -> bytes:
    """What gunicorn's thread would."""
    out = b""
    while data := link.recv(8192):
        out += data
    return out


def chunked(parts: list[bytes], trailer: bytes = b"") -> bytes:
    return b"".join(b"%x;a=b\r\n%s\r\n" % (len(p), p) for p in parts if p) + b"0\r\n" + trailer + b"\r\n"


@given(st.lists(st.binary(max_size=60), max_size=6), st.sampled_from([b"", b"X-Sum: 1\r\n"]), st.lists(st.integers(1, 40), min_size=1), st.binary(max_size=20))
def test_a_body_in_chunks_ends_where_it_ends_however_it_comes(parts: list[bytes], trailer: bytes, steps: list[int], behind: bytes) -> None:
    body = chunked(parts, trailer)
    data, taken, chunks, at = body + behind, 0, Chunks(), 0
    while at < len(data) and not chunks.done:
        piece = data[at : at + steps[at % len(steps)]]
        used = chunks.feed(piece)
        taken, at = taken + used, at + used
    assert chunks.done and taken == len(body)


@pytest.mark.parametrize("body", [b"zz\r\n", b"-1\r\n", b"\r\n", b"5" * 9000])
def test_malformed_chunks_end_the_waiting(body: bytes) -> None:
    chunks = Chunks()
    chunks.feed(body)
    assert chunks.done


def test_the_head_says_what_the_front_needs() -> None:
    found = head(b"POST /fhir/a/?b HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 12\r\nX-Forwarded-For: 1.1.1.1\r\nx-forwarded-for: 2.2.2.2\r\n\r\n")
    assert found.path == b"/fhir/a/" and found.length == 12 and found.fields[b"x-forwarded-for"] == b"1.1.1.1,2.2.2.2"
    assert head(b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n").length is None
    assert head(b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n").length == 0, "gunicorn refuses it"


@given(st.binary(min_size=1, max_size=3000), st.integers(1, 700), st.booleans())
def test_a_request_is_handed_on_whole_and_alone(body: bytes, step: int, in_chunks: bool) -> None:
    theirs, link = pair()
    sent = chunked([body]) if in_chunks else body
    field = b"Transfer-Encoding: chunked" if in_chunks else b"Content-Length: %d" % len(body)
    first = b"POST /x HTTP/1.1\r\nHost: a\r\n" + field + b"\r\n\r\n" + sent
    second = b"GET /y HTTP/1.1\r\n\r\n"
    data, complete = first + second, False
    for at in range(0, len(data), step):
        assert not complete or at >= len(first)
        theirs.sendall(data[at : at + step])
        complete = complete or link.pull(0.0)
    assert complete and read(link) == first
    link.begin(0.0)
    while not link.pull(0.0):
        pass
    assert read(link) == second
    theirs.close()
    link.close()


def test_what_is_too_long_is_not_kept() -> None:
    theirs, link = pair()
    theirs.sendall(b"POST /fhir/a/Observation HTTP/1.1\r\nContent-Length: %d\r\n\r\nabc" % (MOST + 1))
    assert link.pull(0.0) and link.cut and read(link).endswith(b"\r\n\r\n"), "the head alone, so that it can be refused"
    theirs, link = pair()
    theirs.sendall(b"POST /fhir/a/$import HTTP/1.1\r\nContent-Length: %d\r\n\r\nabc" % (MOST + 1))
    assert link.pull(0.0) and link.streamed
    theirs.sendall(b"def")
    assert link.recv(1000).endswith(b"abc") and link.recv(1000) == b"def", "a long upload is read by the thread as it comes"
    theirs, link = pair()
    theirs.sendall(b"POST /fhir/a/$import HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
    assert link.pull(0.0) and not link.streamed, "the control"
    theirs, link = pair()
    with pytest.raises(HeadTooLong):
        for _ in range(LONGEST_HEAD // 1000 + 2):
            theirs.sendall(b"GET / HTTP/1.1\r\nX: ".ljust(1000, b"a"))
            link.pull(0.0)


def test_a_client_is_told_to_go_on_once() -> None:
    theirs, link = pair()
    theirs.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert not link.pull(0.0) and theirs.recv(100).startswith(b"HTTP/1.1 100")
    theirs.sendall(b"abc")
    assert link.pull(0.0) and link.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    link.sendall(b"answer")
    assert theirs.recv(100) == b"answer"


def test_a_thread_writes_ahead_of_a_slow_reader() -> None:
    theirs, link = pair()
    piece, many = b"0123456789abcdef" * 65536, 20
    for _ in range(many):
        link.sendall(piece)
    assert link.owed is not None and link.written - link.sent < MOST_OWED
    theirs.settimeout(5)
    got = bytearray()
    while len(got) < len(piece) * many:
        got += theirs.recv(1 << 20)
        link.flush(0.0)
    assert bytes(got) == piece * many
    assert link.flush(0.0) and link.owed is None


def test_a_thread_does_not_wait_for_who_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alliance.config.front.link.MOST_OWED", 1000)
    monkeypatch.setattr("alliance.config.front.pace.GRACE", 0.2)
    _theirs, link = pair()
    start = time.monotonic()
    with pytest.raises(BrokenPipeError):
        for _ in range(50):
            link.sendall(b"x" * 1_000_000)
    assert time.monotonic() - start < 20


def test_bytes_buy_time_and_nobody_saves_it_up() -> None:
    pace = Pace(0.0)
    assert pace.deadline == GRACE
    for second in range(1, 200):
        pace.moved(1, float(second))
    assert pace.deadline < 2 * GRACE, "a byte a second is too slow"
    pace = Pace(0.0)
    for second in range(1, 200):
        pace.moved(int(RATE), float(second))
        assert pace.deadline > second, "the control: a slow line is waited for"
    pace.moved(10**9, 200.0)
    assert pace.deadline == 200 + GRACE


def test_no_party_holds_all_threads() -> None:
    turns: Turns[int] = Turns(8)
    for i in range(20):
        assert turns.offer("client a", "systems", i)
    assert [t[2] for t in (turns.take(), turns.take(), turns.take(), turns.take()) if t] == [0, 1, 2, 3]
    assert turns.take() is None, "half is the most"
    turns.offer("client b", "systems", 100)
    turns.offer("client c", "systems", 101)
    turns.offer("client d", "systems", 102)
    assert turns.take() == ("client b", "systems", 100) and turns.take() == ("client c", "systems", 101)
    assert turns.take() is None, "three quarters the most of all systems"
    turns.offer("session x", "all of 10.0.0.1", 200)
    assert turns.take() == ("session x", "all of 10.0.0.1", 200), "a page is served"
    turns.done("client a", "systems")
    taken = turns.take()
    assert taken and taken[2] == 4, "of those that may, the one that waits longest"
    turns.done("client b", "systems")
    taken = turns.take()
    assert taken and taken[2] == 102


def test_who_has_too_many_waiting_is_told() -> None:
    turns: Turns[int] = Turns(4)
    assert all(turns.offer("client a", "systems", i) for i in range(MOST_WAITING))
    assert not turns.offer("client a", "systems", -1)
    assert turns.offer("client b", "systems", 0), "the control: another"
    for _ in range(MOST_WAITING):
        while taken := turns.take():
            turns.done(*taken[:2])
    assert not turns.running and not turns.queues and turns.free == 4, "nothing is left over"


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_few_threads_serve_all_the_same(threads: int) -> None:
    turns: Turns[int] = Turns(threads)
    turns.offer("client a", "systems", 1)
    assert turns.take()
