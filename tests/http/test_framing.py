"""How a request is framed on the wire: bodies in chunks are read like any other, what is framed
twice or wrongly is refused in the door's own words (RFC 9112).
"""

import gzip
import json

import pytest
from django.conf import settings

from tests.factories import alliance
from tests.factories.fhir import FHIR, Api, Reply, make_patient
from tests.support.asking import wire

FORM = "application/x-www-form-urlencoded"


def chunks(body: bytes, trailer: bytes = b"") -> bytes:
    half = len(body) // 2
    return (
        b"".join(b"%x;note=1\r\n%s\r\n" % (len(p), p) for p in (body[:half], body[half:]) if p)
        + b"0\r\n"
        + trailer
        + b"\r\n"
    )


def sent(
    api: Api,
    server: str,
    path: str,
    body: bytes,
    kind: str = FHIR,
    framing: str = "Transfer-Encoding: chunked",
    more: str = "",
    method: str = "POST",
) -> Reply:
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer"
        f" {api.token}\r\nContent-Type: {kind}\r\n{framing}\r\n{more}\r\n"
    )
    return wire(server, head.encode() + body)


def test_a_search_in_chunks_keeps_its_conditions(api: Api, server: str) -> None:
    about, _ = api.create(make_patient()), api.create(make_patient())
    asked = f"_id={about.split('/')[1]}".encode()
    for body in (chunks(asked), chunks(asked, b"X-Sum: 1\r\n")):
        found = sent(api, server, f"/fhir/{api.base}/Patient/_search", body, FORM)
        assert found.status == 200 and [e["resource"]["id"] for e in found.json["entry"]] == [
            about.split("/")[1]
        ]
    assert api("GET", "Patient?_summary=count").json["total"] == 2, "the control: there are more"


@pytest.mark.parametrize("packed", [False, True])
def test_a_resource_in_chunks_is_stored(api: Api, server: str, packed: bool) -> None:
    data = json.dumps(make_patient("分块王")).encode()
    made = sent(
        api,
        server,
        f"/fhir/{api.base}/Patient",
        chunks(gzip.compress(data) if packed else data),
        more="Content-Encoding: gzip\r\n" if packed else "",
    )
    assert made.status == 201 and made.json["name"][0]["text"] == "分块王"
    changed = sent(
        api,
        server,
        f"/fhir/{api.base}/Patient/{made.json['id']}",
        chunks(json.dumps(made.json).encode()),
        method="PUT",
    )
    assert changed.status == 200 and changed.json["meta"]["versionId"] == "2"


def test_a_token_is_given_for_a_form_in_chunks(world: None, server: str) -> None:
    api = Api(server, "nobody")
    name, secret = alliance.make_credentials(alliance.make_hospital("chunks"))
    form = f"grant_type=client_credentials&client_id={name}&client_secret={secret}".encode()
    assert sent(api, server, "/oauth/token", chunks(form), FORM).json["access_token"]


def test_an_import_in_chunks_is_taken_whole_or_not(api: Api, server: str) -> None:
    lines = b"\n".join(json.dumps(make_patient()).encode() for _ in range(3))
    path = f"/fhir/{api.base}/Patient/$import"
    assert sent(api, server, path, chunks(lines), "application/fhir+ndjson").status == 202
    broken = sent(api, server, path, b"5\r\nabcde\r\nzz\r\n", "application/fhir+ndjson")
    assert broken.status == 400 and "breaks off" in broken.says


def test_without_a_length_there_is_no_body(api: Api, server: str) -> None:
    found = sent(
        api,
        server,
        f"/fhir/{api.base}/Patient",
        json.dumps(make_patient()).encode(),
        framing="X-None: 1",
    )
    assert found.status == 400 and "The body is empty" in found.says


@pytest.mark.parametrize(
    ("framing", "body", "status"),
    [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", b"0\r\n\r\n", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", b"0\r\n\r\n", 400),
        ("Content-Length: 2\r\nContent-Length: 3", b"{}", 400),
        ("Transfer-Encoding: gzip, chunked", b"0\r\n\r\n", 501),
        ("Transfer-Encoding: identity", b"", 400),
        ("Transfer-Encoding: chunked", b"zz\r\n{}\r\n0\r\n\r\n", 400),
        ("Transfer-Encoding: chunked", b"2\r\n{}XX0\r\n\r\n", 400),
        ("Transfer-Encoding: chunked", b"-1\r\n\r\n", 400),
        ("Expect: something", b"", 417),
    ],
)
def test_what_is_framed_wrongly_is_refused_in_the_doors_words(
    api: Api, server: str, framing: str, body: bytes, status: int
) -> None:
    found = sent(api, server, f"/fhir/{api.base}/Patient", body, framing=framing)
    assert (
        found.status == status
        and found.json["resourceType"] == "OperationOutcome"
        and found.headers["content-type"].startswith(FHIR)
    )
    page = sent(api, server, "/account/login/", body, framing=framing)
    assert (
        page.status == status
        and "text/plain" in page.headers["content-type"]
        and "请" in page.body.decode()
    )


def test_a_body_in_chunks_is_no_larger_than_another(api: Api, server: str) -> None:
    piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    found = sent(
        api,
        server,
        f"/fhir/{api.base}/Patient",
        piece * (settings.FHIR_MAX_BODY // 0x100000 + 3) + b"0\r\n\r\n",
    )
    assert found.status == 413 and "larger than" in found.says


def test_an_address_of_eight_kilobytes_is_taken_and_a_longer_one_told_of_search_by_post(
    api: Api, server: str
) -> None:
    start = f"/fhir/{api.base}/Observation?code="
    for length, status in (
        (5000, 200),
        (8190 - len("GET  HTTP/1.1") - 2, 200),
        (8300, 414),
        (60_000, 414),
    ):
        found = api.raw(
            "GET",
            start + "9" * (length - len(start)),
            headers={"Authorization": f"Bearer {api.token}"},
        )
        assert found.status == status, length
        assert status == 200 or "POST _search" in found.says
    long = api.raw("GET", f"/fhir/{api.base}/metadata", headers={"X-Long": "9" * 9000})
    assert (
        long.status == 431
        and "8 KiB" in long.says
        and long.headers["content-type"].startswith(FHIR)
    )
