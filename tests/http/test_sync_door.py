"""The door of sync and what is broken: each is refused with a status, an error and both languages,
nothing is stored, and no number is used up.
"""

import gzip
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import draws
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.sync_batches import Sender, build_batch, encode, put, take_out


@pytest.fixture
def sender(api: Api) -> Sender:
    return Sender(api)


def lines_of(stream: str, /, **header: Any) -> list[bytes]:
    return build_batch(stream, 1, [put(make_patient(), "p1")], **header).split(b"\n")


def with_item(stream: str, /, **changes: Any) -> bytes:
    head, item, body, end = lines_of(stream)
    line = {k: v for k, v in {**json.loads(item), **changes}.items() if v is not ...}
    return b"\n".join((head, encode(line), body, end))


HEADERS: list[dict[str, Any]] = [
    {"stream": "ABC"},
    {"stream": ""},
    {"stream": "x" * 41},
    {"stream": 7},
    {"number": 0},
    {"number": -1},
    {"number": 2**63},
    {"number": 10**40},
    {"number": 1.0},
    {"number": True},
    {"number": "1"},
    {"items": 0},
    {"items": 2},
    {"items": None},
    {"root": "0" * 64},
    {"root": "xyz"},
    {"root": None},
]
ITEMS: list[dict[str, Any]] = [
    {"source": ...},
    {"source": "HIS"},
    {"source": "x" * 17},
    {"source": ""},
    {"type": "patient"},
    {"type": ...},
    {"type": "X" * 65},
    {"record": ""},
    {"record": "x" * 201},
    {"record": "a\x00b"},
    {"record": "a\nb"},
    {"record": 12},
    {"record": ...},
    {"version": -1},
    {"version": 2**63},
    {"version": 1.5},
    {"version": "3"},
    {"version": None},
    {"action": "PUT"},
    {"action": 1},
    {"hash": "0" * 64},
    {"hash": ...},
    {"hash": None},
    {"day": "2026-02-30"},
    {"day": "20260203"},
    {"day": 20260203},
    {"patient": "x" * 201},
    {"at": "x" * 201},
    {"at": 3},
]


def assert_refused(sender: Sender, data: bytes, status: int = 400, **headers: str) -> Any:
    reply = sender.post(data, **headers)
    assert reply.status == status, (reply.status, reply.body, data[:200])
    assert {"error", "zh", "en"} <= reply.json.keys() and reply.json["zh"] and reply.json["en"]
    assert sender.get(f"batches/{sender.stream}").json["next"] == 1
    return reply.json


def test_headers_that_are_wrong(sender: Sender) -> None:
    for changes in HEADERS:
        assert_refused(sender, b"\n".join(lines_of(sender.stream, **changes)))
    assert sender.outcomes(put(make_patient(), "p1")) == {"stored": 1}, "the control"


def test_items_that_are_wrong(sender: Sender) -> None:
    for changes in ITEMS:
        told = assert_refused(sender, with_item(sender.stream, **changes))
        assert told["error"] in ("malformed", "hash", "root"), changes
    lone = with_item(sender.stream).replace(b'"record":"p1"', b'"record":"\\ud800"')
    twice = with_item(sender.stream).replace(b'"record":"p1"', b'"record":"p1","record":"p2"')
    for data in (lone, twice):
        assert assert_refused(sender, data)["error"] == "malformed"
    assert sender.outcomes(put(make_patient(), "p1", at="😀 第1行", day="")) == {"stored": 1}


def test_bodies_that_are_no_batch(sender: Sender) -> None:
    head, item, body, _ = lines_of(sender.stream)
    for data in (
        b"",
        b"\n",
        b"\n\n\n",
        b"[]",
        b"null",
        b'"text"',
        b"{",
        b"\xff\xfe\x00",
        b"\x00" * 50,
        b"[" * 100_000,
        b'{"a":' * 5_000,
        head,
        head + b"\n" + item,
        head + b"\n\n" + item + b"\n" + body,
        b"\n".join((head, item, body, item, body)),
        b"\n".join((head, item, body + b" ")),
        b"\n".join((item, body)),
        head + b"\r" + item,
        b'{"stream":"a","number":1,"items":NaN,"root":""}',
    ):
        assert_refused(sender, data)


def test_sizes_and_codings(sender: Sender) -> None:
    many = [take_out("delete", "Basic", f"n{i}") for i in range(1001)]
    assert assert_refused(sender, build_batch(sender.stream, 1, many), 413)["error"] == "too-large"
    data = b"\n".join(lines_of(sender.stream))
    assert_refused(sender, data, 415, Content_Type="application/json")
    assert_refused(sender, data, 415, Content_Type="application/x-ndjson; charset=gb18030")
    assert_refused(sender, data, 415, Content_Encoding="br")
    assert_refused(sender, data, Content_Encoding="gzip")
    packed = gzip.compress(data)
    assert_refused(sender, packed[:-9], Content_Encoding="gzip")
    assert_refused(sender, packed + b"more", Content_Encoding="gzip")
    assert_refused(sender, packed)
    bomb = gzip.compress(b" " * (65 * 1024 * 1024), 9)
    assert len(bomb) < 100_000
    assert_refused(sender, bomb, 413, Content_Encoding="gzip")
    assert sender.outcomes(*many[:1000]) == {"deleted": 1000}, "the control"


def test_windows_line_ends_are_taken(sender: Sender) -> None:
    data = build_batch(sender.stream, 1, [put(make_patient(), "p1")])
    reply = sender.post(data.replace(b"\n", b"\r\n"))
    assert reply.status == 200 and reply.json["receipt"]["outcomes"] == {"stored": 1}


def test_addresses_that_are_odd(sender: Sender) -> None:
    sender.sent(put(make_patient(), "p1"))
    for path in ("x", "0", "-1", "1.0", "9" * 30, "%00", "1%0a"):
        assert sender.get(f"batches/{sender.stream}/{path}").status in (400, 404), path
    for name in ("%F0%9F%98%80", "%00", "ABC", "x" * 41, "a%0a"):
        assert sender.get(f"batches/{name}").status == 400, name
        assert sender.get(f"batches/{name}/1").status == 400, name
    reply = sender.api.raw(
        "DELETE",
        f"/sync/{sender.api.base}/batches/{sender.stream}",
        None,
        {"Authorization": f"Bearer {sender.api.token}"},
    )
    assert reply.status == 405 and reply.json["error"] == "method"


def test_a_body_that_breaks_off_stores_nothing(sender: Sender) -> None:
    data = build_batch(sender.stream, 1, [put(make_patient(), "p1")])
    at = urlsplit(f"http://{sender.api.at.hostname}:{sender.api.at.port}")
    with socket.create_connection((at.hostname or "", at.port or 0), timeout=30) as line:
        line.sendall(
            f"POST /sync/{sender.api.base}/batches HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {sender.api.token}\r\nContent-Type: application/x-ndjson\r\n"
            f"Content-Length: {len(data) + 50}\r\n\r\n".encode()
        )
        line.sendall(data[:-40])
        line.shutdown(socket.SHUT_WR)
        line.recv(4096)
    assert sender.get(f"batches/{sender.stream}").json["next"] == 1


def test_resources_that_are_garbage_never_stop_their_neighbours(api: Api, sender: Sender) -> None:
    """Drawn: each garbage is refused alone, the batch is taken, nothing is a server's fault."""
    good = make_observation("Patient/his-p1")
    garbage: list[Any] = [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"resourceType":"Observation"}',
        b'{"resourceType":"Patient"}',
        b'{"resourceType":"Observation","resourceType":"Observation"}',
        b'{"resourceType":["Observation"]}',
        b"\xff\xfe",
        b'{"resourceType":"Observation","status":"\\ud800"}',
        b"[" * 3_000,
        {**good, "valueQuantity": {"value": 10**400}},
        {**good, "valueQuantity": {"value": "7.1"}},
        {**good, "effectiveDateTime": "2026-02-30"},
        {**good, "effectiveDateTime": "2999-01-01"},
        {**good, "subject": "Patient/his-p1"},
        {**good, "subject": {"reference": "patient/his-p1"}},
        {**good, "note": None},
        {**good, "code": {}},
        {**good, "code": {"text": "a\x01b"}},
        {**good, "unknown": 1},
        {**good, "component": [{"code": {"text": "x"}, "valueQuantity": []}]},
        {**good, "text": {"status": "generated", "div": "<script>alert(1)</script>"}},
        {**good, "id": "ä"},
        {**good, "meta": {"tag": [{"code": "SUBSETTED"}]}},
    ]
    items = [put(make_patient(), "p1")]
    for n, bad in enumerate(garbage):
        items.append(put(bad, f"bad{n}", type="Observation"))
        items.append(put(good, f"good{n}"))
    items.append(put({"resourceType": "Nothing"}, "none"))
    answer = sender.sent(*items)
    assert answer["receipt"]["outcomes"] == {
        "stored": len(garbage) + 1,
        "refused": len(garbage) + 1,
    }, answer["dead_letters"]
    rules = {x["record"]: x["rule"] for x in answer["dead_letters"]}
    assert not [r for r in rules.values() if r.startswith("server.")], rules
    for letter in answer["dead_letters"]:
        for told in (letter["why"], letter["mend"]):
            assert (
                told["zh"]
                and told["en"]
                and "{"
                not in told["zh"]
                .replace("{…}", "")
                .replace('{"resourceType": …}', "")
                .replace("{ … }", "")
            ), letter
    assert api("GET", f"Observation/his-good{len(garbage) - 1}").status == 200


def test_random_bytes_are_refused(sender: Sender) -> None:
    for size in (1, 10, 1000, 100_000):
        assert_refused(sender, draws.token_bytes(size))
