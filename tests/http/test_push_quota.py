"""What one hospital may leave lying: pushes that wait and what came of those that were done, by
number and bytes.
"""

from typing import Any

import pytest
from django.db import connection

from alliance.models import Client
from records.pushes import push
from tests.factories import alliance
from tests.factories.bulk_jobs import ASYNC_HEADERS
from tests.factories.fhir import Api, Reply, make_bundle, make_patient
from tests.support.pushes import came, none_waiting, pushed, work

__all__ = ["none_waiting"]
BASIC = {"resourceType": "Basic", "code": {"text": "x"}}


def lies(link: str, size: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_push SET size = %s WHERE id = %s", [size, link.split("/")[1]])


def size_of(link: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT size FROM record_push WHERE id = %s", [link.split("/")[1]])
        return int(cursor.fetchone()[0])


def refused(by: Api, says: str) -> Reply:
    reply: Reply = by("POST", "Basic", BASIC, **ASYNC_HEADERS)
    assert (
        reply.status == 429
        and reply.json["issue"][0]["code"] == "throttled"
        and says in reply.says
        and int(reply.headers["retry-after"]) > 0
    ), reply.body
    return reply


def test_answers_count_by_bytes_for_the_whole_hospital(
    server: str, api: Api, stranger: Api
) -> None:
    second = Api(
        server,
        api.base,
        credentials=alliance.make_credentials(Client.objects.get(hospital__code=api.base).hospital),
    )
    link = pushed(api, "POST", "Basic", BASIC)
    work()
    lies(link, push.MOST_LYING_BYTES - 10)
    for by in (api, second):
        reply = refused(by, "DELETE those that you have read")
        assert int(reply.headers["retry-after"]) == push.CLEARED
    assert api("POST", "Basic", BASIC).status == 201, "who waits for the answer is served"
    pushed(stranger, "POST", "Basic", BASIC)
    assert second("DELETE", link).status == 202
    pushed(api, "POST", "Basic", BASIC)


def test_answers_and_pushes_count_by_number(api: Api, stranger: Api) -> None:
    link = pushed(api, "POST", "Basic", BASIC)
    work()
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO record_push (id, hospital, client, scopes, size, content, done_at)
              SELECT gen_random_uuid(), p.hospital, 'another', p.scopes, 1, '', now()
          FROM record_push p, generate_series(3, %s::int) WHERE id = %s""",
            [push.MOST_LYING, link.split("/")[1]],
        )
    last = pushed(api, "POST", "Basic", BASIC)
    refused(api, f"{push.MOST_LYING} pushes and answers of this hospital lie here")
    pushed(stranger, "POST", "Basic", BASIC)
    assert api("DELETE", last).status == 202
    pushed(api, "POST", "Basic", BASIC)


def test_an_answer_weighs_what_it_is(api: Api) -> None:
    name = "w1"
    link = pushed(
        api,
        "PUT",
        f"Basic/{name}",
        BASIC | {"id": name, "extension": [{"url": "urn:x", "valueString": "y" * 20_000}]},
    )
    waiting = size_of(link)
    work()
    assert waiting > 20_000 > size_of(link) == len(api("GET", link).body) > 0


@pytest.mark.parametrize("kind", ["transaction", "batch", "single"])
def test_where_no_room_is_left_the_answer_tells_what_was_done_without_the_bodies(
    api: Api, kind: str
) -> None:
    large: dict[str, Any] = make_patient() | {
        "id": "b1",
        "extension": [{"url": "urn:x", "valueString": "y" * 20_000}],
    }
    prefer = {"Prefer": "respond-async, return=representation"}
    lying = pushed(api, "POST", "Basic", BASIC)
    work()

    def sent() -> str:
        return (
            pushed(api, "PUT", "Patient/b1", large, **prefer)
            if kind == "single"
            else pushed(
                api, "POST", "", make_bundle(("PUT", "Patient/b1", large), kind=kind), **prefer
            )
        )

    whole = sent()
    work()
    bare = sent()
    lies(lying, push.MOST_LYING_BYTES - 10_000)
    work()
    full, left = came(api, whole), came(api, bare)
    assert "y" * 20_000 in api("GET", whole).body.decode(), "the control"
    assert b"yyyy" not in api("GET", bare).body and left["response"]["status"] == "200 OK"
    assert "were left out" in left["response"]["outcome"]["issue"][-1]["diagnostics"]
    inner = (
        (full, left)
        if kind == "single"
        else (full["resource"]["entry"][0], left["resource"]["entry"][0])
    )
    assert (
        inner[0]["response"]["etag"] == 'W/"1"'
        and inner[1]["response"]["etag"] == 'W/"2"'
        and "resource" in inner[0]
    )
    assert api("GET", "Patient/b1").headers["etag"] == 'W/"2"'
