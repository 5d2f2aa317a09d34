"""Clients that dawdle, against `make run` itself: everybody else is answered meanwhile, and
those who dawdle too long are sent away.
"""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.factories.fhir import Api, make_observation, make_patient
from tests.process.installation import Installation
from tests.wait_until import wait_until

pytestmark = pytest.mark.usefixtures("dawdlers")
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
BODY = (
    b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type:"
    b" application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\ngrant_type="
)
SHAPES = {
    "half-sent heads": (64, HEAD),
    "slow bodies": (64, BODY),
    "silent ones": (200, b""),
    "bodies in chunks": (
        64,
        (
            b"POST /fhir/donghu/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer"
            b" x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"
        ),
    ),
    "large bodies": (
        64,
        b"POST /fhir/donghu/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n{",
    ),
    "those who do not go": (64, b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n"),
}
PROBES = 20
# seconds: a loaded machine answers in them, and who dawdles is kept for thirty
# (alliance/server/http_server/transfer_pace.py)
PATIENCE = 10


@contextmanager
def held(made: Installation, many: int, first: bytes) -> Iterator[list[socket.socket]]:
    at = urlsplit(made.url)
    sockets = [socket.create_connection((at.hostname, at.port), PATIENCE) for _ in range(many)]
    try:
        for s in sockets:
            s.sendall(first)
        yield sockets
    finally:
        for s in sockets:
            s.close()


@pytest.fixture(scope="module")
def dawdlers(made: Installation) -> Iterator[list[socket.socket]]:
    """One who says nothing, half a head, a whole one: since the first test of this file, so that
    the last one need not wait until their time is over.
    """
    with held(made, 1, b"") as silent, held(made, 1, HEAD) as half:
        with held(made, 1, HEAD + b"\r\n") as good:
            yield [*silent, *half, *good]


def drip(sockets: list[socket.socket]) -> None:
    for s in sockets:
        try:
            s.sendall(b"a")
        except OSError:
            continue


def answered(made: Installation) -> int:
    """Of so many probes, each on a connection of its own."""
    at, good = urlsplit(made.url), 0
    for _ in range(PROBES):
        link = http.client.HTTPConnection(at.hostname or "", at.port, timeout=PATIENCE)
        try:
            link.request("GET", "/healthz")
            good += link.getresponse().status == 200
        except OSError:
            pass
        finally:
            link.close()
    return good


@pytest.mark.parametrize("shape", SHAPES)
def test_others_are_answered_meanwhile(made: Installation, shape: str) -> None:
    many, first = SHAPES[shape]
    with held(made, many, first) as sockets:
        time.sleep(0.5)
        for _ in range(3):
            if shape in ("slow bodies", "large bodies"):
                drip(sockets)
            assert answered(made) == PROBES


def test_slow_readers_hold_no_thread(made: Installation, credentials: tuple[str, str]) -> None:
    api = Api(made.url, "donghu", credentials=credentials)
    about = api.create(make_patient())
    rows = [
        {
            "request": {"method": "POST", "url": "Observation"},
            "resource": make_observation(about, note=[{"text": "x" * 20_000}]),
        }
        for _ in range(300)
    ]
    assert (
        api("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": rows}).status
        == 200
    )
    path = f"/fhir/donghu/Observation?patient={about}&_count=1000"
    whole = len(api("GET", path.removeprefix("/fhir/donghu/")).body)
    assert whole > 6_000_000, "the control: more than the kernel keeps of an answer"
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {urlsplit(made.url).netloc}\r\nAuthorization: Bearer"
        f" {api.token}\r\nConnection: close\r\n\r\n".encode()
    )
    with held(made, 20, request) as sockets:
        wait_until(lambda: api("GET", about).status == 200, "the same system is served")
        assert answered(made) == PROBES
        got, last = 0, sockets[0]
        last.settimeout(60)
        while data := last.recv(1 << 20):
            got += len(data)
        assert got > whole, "and who reads at last gets it whole"


def test_a_large_import_is_read_as_it_comes(
    made: Installation, credentials: tuple[str, str]
) -> None:
    """Larger than what the front keeps of a body."""
    api = Api(made.url, "donghu", credentials=credentials)
    row = (
        json.dumps({"resourceType": "Basic", "code": {"text": "x"}}).encode()
        + b" " * 1_000_000
        + b"\n"
    )
    many = 70
    reply = api.raw(
        "POST",
        "/fhir/donghu/$import",
        row * many,
        {"Authorization": f"Bearer {api.token}", "Content-Type": "application/fhir+ndjson"},
    )
    assert reply.status == 202, reply.body
    link = reply.headers["content-location"].split("/fhir/donghu/")[1]
    wait_until(lambda: api("GET", link).status == 200, "the import ends")
    assert api("GET", link).json["extension"]["lines"] == many
    refused = api.raw(
        "POST",
        "/fhir/donghu/Basic",
        row * many,
        {"Authorization": f"Bearer {api.token}", "Content-Type": "application/fhir+json"},
    )
    assert refused.status == 413 and "in parts" in refused.says, (
        "anything else as large is refused, and its sender hears why"
    )


def test_one_system_takes_no_thread_from_the_others(
    made: Installation, credentials: tuple[str, str]
) -> None:
    api, other = (
        Api(made.url, "donghu", credentials=credentials),
        Api(made.url, "beishan", credentials=made.register("beishan")),
    )
    assert other("GET", "Patient?_count=1").status == 200
    heavy = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [
            {"request": {"method": "GET", "url": f"Observation?code=x{i}&_total=accurate"}}
            for i in range(10)
        ],
    }
    with ThreadPoolExecutor(300) as pool:
        asked = [pool.submit(api, "POST", "", heavy) for _ in range(300)]
        while not all(a.done() for a in asked[:50]):
            assert answered(made) == PROBES
            assert other("GET", "Patient?_count=1").status == 200
        found = [a.result() for a in asked]
    told = {r.status for r in found}
    assert told == {200, 429}, told
    refused = next(r for r in found if r.status == 429)
    assert refused.headers["retry-after"] and refused.json["issue"][0]["code"] == "throttled"
    assert api("GET", "Patient?_count=1").status == 200, "and afterwards it is served again"


def test_the_slowest_are_sent_away(dawdlers: list[socket.socket]) -> None:
    silent, half, good = dawdlers
    for s in dawdlers:
        s.settimeout(90)
    assert good.recv(4096).startswith(b"HTTP/1.1 200"), "the control"
    assert half.recv(4096).startswith(b"HTTP/1.1 408")
    assert silent.recv(4096) == b""
