"""Pushes over real HTTP: taken durably, done in order and once; carried out by the command that
the courier starts.
"""

from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from django.utils import timezone

from alliance.models import Hospital
from consent.audit.event import EventCode
from records.pushes import push_worker
from records.store import push_queue
from tests.factories import alliance
from tests.factories.bulk_jobs import ASYNC_HEADERS
from tests.factories.fhir import (
    Api,
    make_bundle,
    make_citizen_number,
    make_observation,
    make_patient,
)
from tests.support.push_lines import lines
from tests.support.pushes import (
    came,
    none_waiting,  # noqa: F401
    pushed,
    work,
)


def test_what_comes_of_a_push_is_what_would_have_come_at_once(api: Api) -> None:
    rows = [
        ("PUT", "Patient/p1", make_patient() | {"id": "p1"}),
        ("POST", "Observation", make_observation("Patient/p1")),
    ]
    link = pushed(api, "POST", "", make_bundle(*rows))
    waiting = api("GET", link)
    assert (
        waiting.status == 202
        and waiting.headers["x-progress"] == "0 before it"
        and int(waiting.headers["retry-after"]) >= 1
    )
    assert api("GET", "Patient/p1").status == 404, "the control: nothing is done yet"
    work()
    entry = came(api, link)
    made = entry["resource"]
    assert (
        entry["response"]["status"] == "200 OK"
        and made["type"] == "transaction-response"
        and [e["response"]["status"] for e in made["entry"]] == ["201 Created", "201 Created"]
    )
    assert set(made["entry"][1]["response"]) == set(
        api("POST", "", make_bundle(rows[1])).json["entry"][0]["response"]
    )
    until_ = parsedate_to_datetime(api("GET", link).headers["expires"])
    assert 1.9 < (until_ - timezone.now()).total_seconds() / 86400 < 2.1
    assert (EventCode.BUNDLE.value, "success") in lines(link), (
        "who fetches what came of it stands in the log"
    )


def test_single_writes(api: Api) -> None:
    about = api.create(make_patient())
    new = pushed(
        api,
        "POST",
        "Observation",
        make_observation(about),
        Prefer="respond-async, return=representation",
    )
    put = pushed(api, "PUT", "Observation/o1", make_observation(about) | {"id": "o1"})
    by_number = make_patient(resident=make_citizen_number())
    number = by_number["identifier"][0]
    conditional = f"Patient?identifier={number['system']}|{number['value']}"
    once, again = (
        pushed(api, "PUT", conditional, by_number),
        pushed(api, "PUT", conditional, by_number),
    )
    stale = pushed(
        api,
        "PUT",
        "Observation/o1",
        make_observation(about) | {"id": "o1"},
        **{"If-Match": 'W/"7"'},
    )
    bad = pushed(api, "POST", "Observation", make_observation(about) | {"status": "nonsense"})
    work()
    shown = came(api, new)
    assert (
        shown["response"]["status"] == "201 Created"
        and shown["resource"]["resourceType"] == "Observation"
    )
    assert (
        came(api, put)["response"]["etag"] == 'W/"1"'
        and came(api, once)["response"]["status"] == "201 Created"
        and came(api, again)["response"]["status"] == "200 OK"
    )
    assert came(api, stale)["response"]["status"].startswith("412")
    refused = came(api, bad)["response"]
    assert refused["status"].startswith("422") and refused["outcome"]["issue"][0]["expression"] == [
        "Observation.status"
    ]
    sync = api("POST", "Observation", make_observation(about) | {"status": "nonsense"})
    assert sync.json["issue"] == refused["outcome"]["issue"], "the control: as at once"


def test_twice_is_once(api: Api) -> None:
    mark = {"If-None-Exist": "identifier=urn:x|7"}
    links = [
        pushed(
            api,
            "POST",
            "Basic",
            {
                "resourceType": "Basic",
                "code": {"text": "x"},
                "identifier": [{"system": "urn:x", "value": "7"}],
            },
            **mark,
        )
        for _ in range(2)
    ]
    work()
    assert [came(api, x)["response"]["status"] for x in links] == ["201 Created", "200 OK"]
    assert api("GET", "Basic?identifier=urn:x|7&_summary=count").json["total"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", {"resourceType": "Bundle", "type": "document"}, 400),
        ("POST", "Nonsense", {"resourceType": "Nonsense"}, 400),
        ("POST", "Basic?x=1", {"resourceType": "Basic"}, 400),
        ("PUT", "Basic/1", {"resourceType": "Basic", "id": "1"}, 400),
    ],
)
def test_what_can_be_seen_to_be_wrong_is_refused_at_once(
    api: Api, method: str, path: str, body: Any, status: int
) -> None:
    headers = {"If-Match": "7"} if method == "PUT" else {}
    assert api(method, path, body, **ASYNC_HEADERS, **headers).status == status
    assert push_queue.count_push_lines() == 0
    pushed(api, "POST", "Basic", {"resourceType": "Basic", "code": {"text": "the control"}})
    assert push_queue.count_push_lines() == 1


def test_a_batch_that_would_hold_up_all_feeds_is_refused(api: Api) -> None:
    def sent(entries: int) -> Any:
        return api(
            "POST",
            "",
            {
                "resourceType": "Bundle",
                "type": "batch",
                "entry": [{"request": {"method": "GET", "url": "Basic/none"}}] * entries,
            },
            Prefer="respond-async",
        )

    refused = sent(201)
    assert (
        refused.status == 413 and "200 entries at most" in refused.json["issue"][0]["diagnostics"]
    )
    assert sent(200).status == 202, "the control"


def test_the_preference_is_left_aside_where_it_means_nothing(api: Api) -> None:
    about = api.create(make_patient())
    assert (
        api("GET", about, **ASYNC_HEADERS).status == 200
        and api("DELETE", about, **ASYNC_HEADERS).status == 204
        and api("POST", "Basic", {"resourceType": "Basic", "code": {"text": "x"}}).status == 201
    )


def test_each_system_is_served_in_order(
    api: Api, stranger: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_worker, "LARGE", 1000)
    about, other = api.create(make_patient()), stranger.create(make_patient())
    large = pushed(
        api,
        "PUT",
        "Observation/o1",
        make_observation(about, note=[{"text": "x" * 2000}]) | {"id": "o1"},
    )
    versions = [
        pushed(api, "PUT", "Observation/o1", make_observation(about, value=i) | {"id": "o1"})
        for i in range(3)
    ]
    theirs = pushed(stranger, "PUT", "Observation/o1", make_observation(other) | {"id": "o1"})
    assert (
        api("GET", versions[2]).headers["x-progress"] == "3 before it"
        and push_queue.count_push_lines() == 2
    )
    assert push_worker.run_next_push()
    assert came(stranger, theirs), "a small one of another system comes before the large one"
    assert api("GET", large).status == 202
    work()
    assert [came(api, v)["response"]["etag"] for v in (large, *versions)] == [
        f'W/"{i}"' for i in range(1, 5)
    ], "of one system the first comes first, however large"


def test_a_hospital_with_many_systems_has_one_turn_like_the_others(
    server: str, api: Api, stranger: Api
) -> None:
    own = Hospital.objects.get(code=api.base)
    second = Api(server, own.code, credentials=alliance.make_credentials(own))
    basic = {"resourceType": "Basic", "code": {"text": "x"}}
    many = [pushed(by, "POST", "Basic", basic) for _ in range(3) for by in (api, second)]
    theirs = pushed(stranger, "POST", "Basic", basic)
    assert push_worker.run_next_push() and api("GET", many[0]).status == 200, (
        "the control: who came first is done first"
    )
    assert push_worker.run_next_push() and stranger("GET", theirs).status == 200, (
        "then the one of the hospital that has waited, though six came before it"
    )
