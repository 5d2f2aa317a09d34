"""The heartbeat of a member's agent: a row a system, the numbers that come next, nobody else's."""

import json
from typing import Any

import pytest
from django.db import connection

from tests.factories.fhir import Api, make_patient
from tests.support.sync_batches import Sender, put

TOLD: dict[str, Any] = {
    "version": "0.6.0",
    "backlog": 120,
    "oldest": 35,
    "refused": {"lis": 3},
    "clock": -7,
    "free": 2**40,
    "full": False,
}


def beat(api: Api, told: Any, base: str = "") -> Any:
    body = json.dumps(told).encode()
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    return api.raw("POST", f"/sync/{base or api.base}/heartbeat", body, headers)


def rows(api: Api) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version, backlog, oldest, refused::text, clock, free, b.disk_full FROM"
            " record_sync_heartbeat b JOIN alliance_hospital h ON h.id = b.hospital"
            " WHERE h.code = %s",
            [api.base],
        )
        return cursor.fetchall()


def test_a_heartbeat_is_one_row_and_answers_what_comes_next(api: Api) -> None:
    assert beat(api, TOLD).json["next"] == {}
    sender = Sender(api)
    sender.sent(put(make_patient(), "p1"))
    told = beat(api, TOLD | {"backlog": 0, "full": True}).json
    assert told["next"] == {sender.stream: 2}
    assert told["time"].endswith("Z")
    assert rows(api) == [("0.6.0", 0, 35, '{"lis": 3}', -7, 2**40, True)]
    assert beat(api, {}).status == 200, "all may be left out"
    assert rows(api) == [("", 0, 0, "{}", 0, 0, False)]


def test_another_hospitals_address_and_streams_are_not_ones_own(api: Api, stranger: Api) -> None:
    Sender(api).sent(put(make_patient(), "p1"))
    assert beat(stranger, TOLD, api.base).status == 403
    assert not rows(api)
    assert beat(stranger, TOLD).json["next"] == {}, "the control"


@pytest.mark.parametrize(
    "told",
    [
        [],
        None,
        "x",
        {"version": 7},
        {"version": "x" * 41},
        {"backlog": -1},
        {"backlog": 1.5},
        {"backlog": 2**63},
        {"backlog": True},
        {"oldest": 2**31},
        {"clock": "0"},
        {"free": -1},
        {"full": 1},
        {"refused": []},
        {"refused": {"王小明": 1}},
        {"refused": {"lis": -1}},
        {"refused": {f"s{n}": 1 for n in range(65)}},
    ],
)
def test_what_is_no_heartbeat_is_refused_with_its_place(api: Api, told: Any) -> None:
    reply = beat(api, told)
    assert reply.status == 400
    assert reply.json["error"] == "malformed"
    assert reply.json["zh"] and reply.json["en"]
    assert not rows(api)


def test_a_body_that_is_no_json_or_too_long_is_refused(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    for body, status in ((b"{", 400), (b"\xff", 400), (b'{"x": "' + b"x" * 20000 + b'"}', 413)):
        assert api.raw("POST", f"/sync/{api.base}/heartbeat", body, headers).status == status
    assert not rows(api)
