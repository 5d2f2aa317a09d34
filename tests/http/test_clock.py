"""lastUpdated is the database's, in the order of versions and never before a time that was
announced as passed, whatever clocks do.
"""

import datetime as dt
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from records.store import clock
from tests.factories.bulk_jobs import read_export_keys, run_export_job
from tests.factories.fhir import FHIR, Api, make_bundle, make_observation, make_patient
from tests.feed_horizon import wait_for_feed

LATER = dt.timedelta(seconds=90)  # by which a clock was ahead


def at(resource: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(resource["meta"]["lastUpdated"])


def id_of(reference: str) -> str:
    return reference.split("/")[1]


def written_by_a_fast_clock(*references: str) -> dt.datetime:
    """As the rows would stand had they been written before the clock was set back; their time."""
    ahead = (timezone.now() + LATER).replace(microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_resource SET last_updated = %s WHERE fhir_id = ANY(%s)",
            [ahead, [id_of(r) for r in references]],
        )
        assert cursor.rowcount == len(references)
    return ahead


def history(api: Api, reference: str) -> list[Any]:
    """(version, time), oldest first as versions go."""
    found = api("GET", f"{reference}/_history").json["entry"]
    return sorted(
        (
            int(e["response"]["etag"].strip('W/"')),
            dt.datetime.fromisoformat(e["response"]["lastModified"]),
        )
        for e in found
    )


def test_versions_follow_each_other_after_a_clock_was_set_back(api: Api) -> None:
    about = api.create(make_patient())
    one, two, three = (api.create(make_observation(about, value=i)) for i in range(3))
    ahead = written_by_a_fast_clock(one, two, three)
    put = api("PUT", one, make_observation(about, value=8) | {"id": id_of(one)})
    assert at(put.json) == ahead + dt.timedelta(milliseconds=1) == at(api("GET", one).json)
    patched = api(
        "PATCH",
        one,
        [{"op": "replace", "path": "/status", "value": "amended"}],
        **{"Content-Type": "application/json-patch+json"},
    )
    assert at(patched.json) == ahead + dt.timedelta(milliseconds=2)
    assert api("DELETE", one).status == 204
    done = api(
        "POST",
        "",
        make_bundle(
            ("PUT", two, make_observation(about, value=9) | {"id": id_of(two)}),
            ("PUT", three, make_observation(about, value=9) | {"id": id_of(three)}),
        ),
    )
    assert done.status == 200, done.body
    assert [e["response"]["lastModified"] for e in done.json["entry"]] == [
        (ahead + dt.timedelta(milliseconds=1)).isoformat(timespec="milliseconds")
    ] * 2
    for reference, versions in ((one, 4), (two, 2), (three, 2)):
        found = history(api, reference)
        assert [v for v, _ in found] == list(range(1, versions + 1)) and all(
            a < b for (_, a), (_, b) in pairwise(found)
        ), reference
    told = [e["response"]["etag"] for e in api("GET", f"{one}/_history").json["entry"]]
    assert told == ['W/"4"', 'W/"3"', 'W/"2"', 'W/"1"'], "newest first, as versions go"


def test_the_sites_clock_is_not_asked(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server in this process, an hour slow; the token was written by the right clock."""
    real, client = timezone.now, Client()

    def send(method: str, path: str, body: Any) -> Any:
        reply = client.generic(
            method,
            f"/fhir/{api.base}/{path}",
            json.dumps(body),
            content_type=FHIR,
            headers={"Authorization": f"Bearer {api.token}"},
        )
        assert reply.status_code < 300, reply.content
        return json.loads(reply.content) if reply.content else None

    about = api.create(make_patient())
    before = clock.fetch_current_stamp()
    monkeypatch.setattr(timezone, "now", lambda: real() - dt.timedelta(hours=1))
    made = send("POST", "Observation", make_observation(about))
    changed = send(
        "PUT", f"Observation/{made['id']}", make_observation(about, value=3) | {"id": made["id"]}
    )
    several = send(
        "POST",
        "",
        make_bundle(
            ("POST", "Observation", make_observation(about)),
            ("POST", "Observation", make_observation(about)),
        ),
    )
    monkeypatch.undo()
    times = [
        at(made),
        at(changed),
        *(dt.datetime.fromisoformat(e["response"]["lastModified"]) for e in several["entry"]),
    ]
    assert (
        all(before <= t <= clock.fetch_current_stamp() for t in times)
        and times[0] < times[1]
        and times[2] == times[3]
    ), "what a transaction creates has one time"


def test_what_is_answered_is_what_is_stored(api: Api) -> None:
    """Whatever a sender writes where the store writes version and time, even in the words in
    which the store leaves them out.
    """
    odd = {
        "versionId": "7",
        "lastUpdated": "1999-01-01T00:00:00Z",
        "source": "urn:a",
        "tag": [
            {
                "system": "urn:t",
                "code": '{"versionId":"1","lastUpdated":"0001-01-01T00:00:00.000Z"}',
            }
        ],
    }
    for meta in ({}, {"lastUpdated": "1999-01-01T00:00:00Z"}, odd):
        bodies: list[Any] = [
            {"resourceType": "Organization", "name": "a"},
            {"resourceType": "Basic", "code": {"text": "b"}},
        ]
        for body in bodies:
            body |= {"meta": meta} if meta else {}
            made = api("POST", body["resourceType"], body)
            assert made.status == 201, made.body
            read = api("GET", f"{body['resourceType']}/{made.json['id']}")
            assert (
                read.body == made.body
                and read.json["meta"]["versionId"] == "1"
                and at(read.json).year > 2000
            )
            assert {
                k: v for k, v in read.json["meta"].items() if k not in ("versionId", "lastUpdated")
            } == {k: v for k, v in meta.items() if k not in ("versionId", "lastUpdated")}
    bare = api("PUT", "Basic/bare", {"resourceType": "Basic", "id": "bare", "code": {"text": "b"}})
    assert bare.body == api("GET", "Basic/bare").body


@pytest.fixture
def ahead() -> Iterator[dt.datetime]:
    """The moment until which the database's clock stood before it was set back."""
    until = (timezone.now() + LATER).replace(microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_clock SET floor = %s", [until])
    yield until
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_clock SET floor = date_trunc('milliseconds', clock_timestamp())"
        )


def test_an_export_since_the_last_one_misses_nothing_after_a_clock_was_set_back(
    api: Api, ahead: dt.datetime
) -> None:
    about = api.create(make_patient())
    wait_for_feed()
    first = run_export_job(api, "$export?_type=Observation")
    passed = dt.datetime.fromisoformat(first["transactionTime"])
    assert ahead - dt.timedelta(minutes=1) < passed <= ahead, (
        "it was announced by the clock as it stood then"
    )
    one = api.create(make_observation(about))
    call_command("bulk_work")
    assert at(api("GET", one).json) >= ahead, "and what comes later bears no earlier time"
    wait_for_feed()
    assert read_export_keys(
        api,
        run_export_job(
            api, f"$export?_type=Observation&_since={first['transactionTime'].replace('+', '%2B')}"
        ),
    ) == [one]


def test_imported_lines_and_their_next_versions(api: Api) -> None:
    about = api.create(make_patient())
    lines = [make_observation(about, value=i) | {"id": f"import-{i}"} for i in range(3)]

    def sent() -> None:
        headers = {
            "Authorization": f"Bearer {api.token}",
            "Content-Type": "application/fhir+ndjson",
            "Prefer": "respond-async",
        }
        done = api.raw(
            "POST", f"/fhir/{api.base}/$import", "\n".join(map(json.dumps, lines)).encode(), headers
        )
        assert done.status == 202, done.body
        call_command("bulk_work")

    before = clock.fetch_current_stamp()
    sent()
    assert all(
        before <= at(api("GET", f"Observation/import-{i}").json) <= clock.fetch_current_stamp()
        for i in range(3)
    )
    ahead = written_by_a_fast_clock(*(f"Observation/import-{i}" for i in range(3)))
    sent()
    assert {at(api("GET", f"Observation/import-{i}").json) for i in range(3)} == {
        ahead + dt.timedelta(milliseconds=1)
    }
