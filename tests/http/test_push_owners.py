"""Pushes are told to nobody else, cancelled, bounded, sealed, forgotten after two days; killed
after each step they are done once.
"""

import json
import os
import signal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from alliance.models import AccessToken, Client
from consent.audit.event import EventCode
from records.management.forked_command import start_command
from records.pushes import push, push_worker
from records.store import push_queue
from tests.factories import alliance
from tests.factories.bulk_jobs import ASYNC_HEADERS
from tests.factories.fhir import (
    Api,
    Reply,
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
from tests.wait_until import wait_until


def test_nobody_else_finds_it(server: str, api: Api, stranger: Api) -> None:
    link = pushed(api, "POST", "Patient", make_patient())
    work()
    assert stranger("GET", link).status == stranger("DELETE", link).status == 404
    assert (
        stranger.raw(
            "GET", f"/fhir/{api.base}/{link}", None, {"Authorization": f"Bearer {stranger.token}"}
        ).status
        == 404
    )
    at_ = Client.objects.get(hospital__code=api.base).hospital
    colleague = Api(server, at_.code, credentials=alliance.make_credentials(at_))
    assert came(colleague, link), "another system of the hospital does"
    narrow = Api(
        server, at_.code, credentials=alliance.make_credentials(at_), scope="system/Observation.rs"
    )
    assert narrow("GET", link).status == narrow("DELETE", link).status == 403, (
        "with a token that may do as much"
    )


def test_cancelled_before_it_was_begun_it_is_not_done(api: Api) -> None:
    one, two = (
        pushed(api, "PUT", "Patient/c1", make_patient() | {"id": "c1"}),
        pushed(api, "PUT", "Patient/c2", make_patient() | {"id": "c2"}),
    )
    assert api("DELETE", one).status == 202
    work()
    assert (
        api("GET", one).status == 404
        and api("GET", "Patient/c1").status == 404
        and api("GET", "Patient/c2").status == 200
    )
    assert (
        api("DELETE", two).status == 202
        and api("GET", two).status == 404
        and api("GET", "Patient/c2").status == 200
    ), "what it stored stays"


def test_whoever_may_not_write_any_more_has_nothing_done(server: str, api: Api) -> None:
    link = pushed(api, "PUT", "Patient/r1", make_patient() | {"id": "r1"})
    client = Client.objects.get(hospital__code=api.base)
    Client.objects.filter(pk=client.pk).update(revoked_at=timezone.now())
    work()
    Client.objects.filter(pk=client.pk).update(revoked_at=None)
    assert (
        came(api, link)["response"]["status"] == "403 Forbidden"
        and api("GET", "Patient/r1").status == 404
    )
    narrow = Api(
        server,
        api.base,
        credentials=alliance.make_credentials(client.hospital),
        scope="system/Observation.cruds",
    )
    beyond = pushed(narrow, "PUT", "Patient/r2", make_patient() | {"id": "r2"})
    work()
    assert (
        came(narrow, beyond)["response"]["status"] == "403 Forbidden"
        and api("GET", "Patient/r2").status == 404
    ), "the scopes are those of the token that sent it"


def test_a_token_that_ended_leaves_nothing(api: Api) -> None:
    pushed(api, "POST", "Patient", make_patient())
    AccessToken.objects.filter(client__hospital__code=api.base).delete()
    headers = {
        "Authorization": f"Bearer {api.token}",
        "Content-Type": "application/fhir+json",
        **ASYNC_HEADERS,
    }
    assert (
        api.raw(
            "POST", f"/fhir/{api.base}/Patient", json.dumps(make_patient()).encode(), headers
        ).status
        == 401
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_push")
        assert cursor.fetchone()[0] == 1


def test_so_many_may_wait(api: Api, stranger: Api) -> None:
    with connection.cursor() as cursor:
        link = pushed(api, "POST", "Basic", {"resourceType": "Basic", "code": {"text": "x"}})
        cursor.execute("UPDATE record_push SET size = %s", [push.MOST_WAITING_BYTES - 10])
        refused: Reply = api("POST", "Patient", make_patient(), **ASYNC_HEADERS)
        assert (
            refused.status == 429
            and refused.json["issue"][0]["code"] == "throttled"
            and int(refused.headers["retry-after"]) > 0
        )
        pushed(stranger, "POST", "Patient", make_patient())
        cursor.execute("UPDATE record_push SET size = 10")
        cursor.execute(
            """INSERT INTO record_push (id, hospital, client, scopes, size, content)
              SELECT gen_random_uuid(), p.hospital, p.client, p.scopes, 1, ''
          FROM record_push p, generate_series(2, %s::int) WHERE client = %s""",
            [push.MOST_WAITING, Client.objects.get(hospital__code=api.base).client_id],
        )
        assert api("POST", "Patient", make_patient(), **ASYNC_HEADERS).status == 429
        assert api("POST", "Patient", make_patient()).status == 201, (
            "the control: who waits for the answer"
        )
        cursor.execute("DELETE FROM record_push WHERE content = ''")
    work()
    assert came(api, link)


def test_what_lies_there_is_sealed_and_goes_after_two_days(api: Api) -> None:
    about = make_patient("端木蕻良", resident=make_citizen_number())
    link = pushed(
        api,
        "POST",
        "Patient",
        about,
        **{
            "If-None-Exist": (
                f"identifier={about['identifier'][0]['system']}|{about['identifier'][0]['value']}"
            )
        },
    )

    def stored() -> str:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT string_agg(record_push::text || encode(content, 'escape'), '') FROM"
                " record_push"
            )
            return str(cursor.fetchone()[0])

    for _ in range(2):
        assert about["identifier"][0]["value"] not in stored() and "端木" not in stored()
        work()
    assert came(api, link)
    assert push.delete_expired_pushes(timezone.now()) == 0 and came(api, link), "the control"
    assert (
        push.delete_expired_pushes(timezone.now() + push.RESULT_LIFETIME) == 1
        and api("GET", link).status == 404
    )


def test_what_nobody_could_do_does_not_hold_up_the_line(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, good = (
        pushed(api, "POST", "Basic", {"resourceType": "Basic", "code": {"text": "x"}}),
        pushed(api, "PUT", "Patient/g1", make_patient() | {"id": "g1"}),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_push SET tries = %s WHERE id = %s",
            [push_worker.TRIES, poison.split("/")[1]],
        )  # its process was killed each time
    work()
    assert (
        came(api, poison)["response"]["status"].startswith("500")
        and came(api, good)["response"]["status"] == "201 Created"
    )
    assert (EventCode.BUNDLE.value, "failed") in lines(poison) and not [
        o for _, o in lines(good) if o == "failed"
    ], "it stands in the log"


STEPS = [
    (push_queue, "begin_push"),
    (push_queue, "lock_push"),
    (push, "run_pushed_request"),
    (push_queue, "finish_push"),
]


@pytest.mark.parametrize(("room", "step"), STEPS, ids=[name for _, name in STEPS])
def test_killed_after_each_step_it_is_done_once(
    api: Api, room: Any, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    api("PUT", "Patient/k1", make_patient() | {"id": "k1"})
    links = [
        pushed(api, "PUT", "Patient/k1", make_patient() | {"id": "k1"}),
        pushed(api, "POST", "Observation", make_observation("Patient/k1")),
    ]
    found, here = getattr(room, step), os.getpid()

    def killed(*args: Any, **more: Any) -> Any:
        answer = found(*args, **more)
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    monkeypatch.setattr(room, step, killed)
    worker = start_command("push_work")
    worker.join()
    assert worker.exitcode == -signal.SIGKILL
    assert [api("GET", x).status for x in links] == [202, 202]
    wait_until(
        lambda: push_worker.run_pushes() or api("GET", links[1]).status == 200,
        "another process does it",
    )
    assert (
        came(api, links[0])["response"]["etag"] == 'W/"2"'
        and came(api, links[1])["response"]["status"] == "201 Created"
    )
    assert (
        api("GET", "Observation?patient=Patient/k1&_summary=count").json["total"] == 1
        and api("GET", "Patient/k1").headers["etag"] == 'W/"2"'
    )
