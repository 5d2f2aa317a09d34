"""Where a request ends, and how slow it may come."""

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.server.http_server.client_connection import MOST_OWED, ClientConnection, HeadTooLong
from alliance.server.http_server.early_refusal import QUEUE_FULL, build_early_refusal
from alliance.server.http_server.framing import LONGEST_HEAD, ChunkFollower, parse_head
from alliance.server.http_server.transfer_pace import GRACE, RATE, TransferPace

MOST = 10_000


def pair(most: int = MOST) -> tuple[socket.socket, ClientConnection]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(True)
    return theirs, ClientConnection(ours, "", most, 0.0)


def read(link: ClientConnection) -> bytes:
    """What gunicorn's thread would."""
    out = b""
    while data := link.recv(8192):
        out += data
    return out


def chunked(parts: list[bytes], trailer: bytes = b"") -> bytes:
    return (
        b"".join(b"%x;a=b\r\n%s\r\n" % (len(p), p) for p in parts if p)
        + b"0\r\n"
        + trailer
        + b"\r\n"
    )


@given(
    st.lists(st.binary(max_size=60), max_size=6),
    st.sampled_from([b"", b"X-Sum: 1\r\n"]),
    st.lists(st.integers(1, 40), min_size=1),
    st.binary(max_size=20),
)
def test_a_body_in_chunks_ends_where_it_ends_however_it_comes(
    parts: list[bytes], trailer: bytes, steps: list[int], behind: bytes
) -> None:
    body = chunked(parts, trailer)
    data, taken, chunks, at = body + behind, 0, ChunkFollower(), 0
    while at < len(data) and not chunks.done:
        piece = data[at : at + steps[at % len(steps)]]
        used = chunks.feed(piece)
        taken, at = taken + used, at + used
    assert chunks.done and taken == len(body)


@pytest.mark.parametrize("body", [b"zz\r\n", b"-1\r\n", b"\r\n", b"5" * 9000])
def test_malformed_chunks_end_the_waiting(body: bytes) -> None:
    chunks = ChunkFollower()
    chunks.feed(body)
    assert chunks.done


def test_the_head_says_what_the_front_needs() -> None:
    found = parse_head(
        b"POST /fhir/a/?b HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 12\r\nX-Forwarded-For:"
        b" 1.1.1.1\r\nx-forwarded-for: 2.2.2.2\r\n\r\n"
    )
    assert (
        found.path == b"/fhir/a/"
        and found.length == 12
        and found.fields[b"x-forwarded-for"] == b"1.1.1.1,2.2.2.2"
    )
    assert (
        parse_head(
            b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
        ).length
        is None
    )
    assert parse_head(b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n").length == 0, (
        "gunicorn refuses it"
    )


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
        complete = complete or link.take_in(0.0)
    assert complete and read(link) == first
    link.reset_request(0.0)
    while not link.take_in(0.0):
        pass
    assert read(link) == second
    theirs.close()
    link.close()


def test_what_is_too_long_is_not_kept() -> None:
    theirs, link = pair()
    theirs.sendall(
        b"POST /fhir/a/Observation HTTP/1.1\r\nContent-Length: %d\r\n\r\nabc" % (MOST + 1)
    )
    assert link.take_in(0.0) and link.cut and read(link).endswith(b"\r\n\r\n"), (
        "the head alone, so that it can be refused"
    )
    theirs, link = pair()
    theirs.sendall(b"POST /fhir/a/$import HTTP/1.1\r\nContent-Length: %d\r\n\r\nabc" % (MOST + 1))
    assert link.take_in(0.0) and link.streamed
    theirs.sendall(b"def")
    assert link.recv(1000).endswith(b"abc") and link.recv(1000) == b"def", (
        "a long upload is read by the thread as it comes"
    )
    theirs, link = pair()
    theirs.sendall(b"POST /fhir/a/$import HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
    assert link.take_in(0.0) and not link.streamed, "the control"
    theirs, link = pair()
    with pytest.raises(HeadTooLong):
        for _ in range(LONGEST_HEAD // 1000 + 2):
            theirs.sendall(b"GET / HTTP/1.1\r\nX: ".ljust(1000, b"a"))
            link.take_in(0.0)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/fhir/a/Patient?x=/y", b"/fhir/a/Patient"),
        (b"/%66hir/a", b"/fhir/a"),
        (b"HTTP://host:8000/fhir/a?x", b"/fhir/a"),
        (b"http://host", b"/"),
    ],
)
def test_the_path_is_what_django_will_read(target: bytes, path: bytes) -> None:
    """Else a door that is spelled otherwise escapes its turns."""
    assert parse_head(b"GET " + target + b" HTTP/1.1\r\n\r\n").path == path


def test_a_client_is_told_to_go_on_once() -> None:
    theirs, link = pair()
    theirs.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert not link.take_in(0.0) and theirs.recv(100).startswith(b"HTTP/1.1 100")
    theirs.sendall(b"abc")
    assert link.take_in(0.0) and link.send(b"HTTP/1.1 100 Continue\r\n\r\n")
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
    monkeypatch.setattr("alliance.server.http_server.client_connection.MOST_OWED", 1000)
    monkeypatch.setattr("alliance.server.http_server.transfer_pace.GRACE", 0.2)
    _theirs, link = pair()
    start = time.monotonic()
    with pytest.raises(BrokenPipeError):
        for _ in range(50):
            link.sendall(b"x" * 1_000_000)
    assert time.monotonic() - start < 20


def test_bytes_buy_time_and_nobody_saves_it_up() -> None:
    pace = TransferPace(0.0)
    assert pace.deadline == GRACE
    for second in range(1, 200):
        pace.extend_deadline(1, float(second))
    assert pace.deadline < 2 * GRACE, "a byte a second is too slow"
    pace = TransferPace(0.0)
    for second in range(1, 200):
        pace.extend_deadline(int(RATE), float(second))
        assert pace.deadline > second, "the control: a slow line is waited for"
    pace.extend_deadline(10**9, 200.0)
    assert pace.deadline == 200 + GRACE


def test_a_client_that_went_away_is_known_before_its_turn() -> None:
    theirs, link = pair()
    theirs.sendall(b"GET /x HTTP/1.1\r\n\r\n")
    assert link.take_in(0.0) and not link.gone(), "the control"
    theirs.sendall(b"GET /y HTTP/1.1\r\n\r\n")
    assert not link.gone(), "it has sent the next one, and waits for both"
    theirs.close()
    theirs, link = pair()
    theirs.sendall(b"GET /x HTTP/1.1\r\n\r\n")
    assert link.take_in(0.0)
    theirs.close()
    assert link.gone()


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (b"GET /fhir/a/Patient", b'"diagnostics"'),
        (b"POST /oauth/token", b'"error": "temporarily_unavailable"'),
        (b"GET /api/x", b'"detail"'),
        (b"GET /person/", b'http-equiv="refresh" content="7"'),
    ],
)
def test_a_refusal_is_in_the_form_of_its_door(start: bytes, says: bytes) -> None:
    said = build_early_refusal(503, parse_head(start + b" HTTP/1.1\r\n\r\n"), QUEUE_FULL, 7)
    assert said.startswith(b"HTTP/1.1 503") and b"Retry-After: 7\r\n" in said and says in said
    before, _, body = said.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in before
    form = build_early_refusal(503, parse_head(b"POST /person/ HTTP/1.1\r\n\r\n"), QUEUE_FULL, 7)
    assert b"refresh" not in form and "系统繁忙".encode() in form, (
        "a form is not sent again by itself"
    )
