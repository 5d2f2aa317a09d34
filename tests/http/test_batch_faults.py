"""A fault of PostgreSQL in one entry of a batch, or in one line of an import, is that entry's; a
database that is away is nobody's fault: then all of it is sent, or tried, again.
"""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import Error, connection

from alliance.platform.database_away import find_away_cause
from records.pushes import push_worker
from tests.factories import poison
from tests.factories.bulk_jobs import read_export_lines, send, strip_fhir_base
from tests.factories.fhir import Api, make_bundle
from tests.factories.poison import poisoned
from tests.support.pushes import came, none_waiting, pushed, work

__all__ = ["none_waiting"]
READ = ("GET", f"Basic/{poison.NAME}", None)
WRITE = (
    "PUT",
    f"Basic/{poison.NAME}",
    {"resourceType": "Basic", "id": poison.NAME, "code": {"text": "x"}},
)
REFUSED = (
    "POST",
    "Basic",
    {"resourceType": "Basic", "nonsense": 1},
)  # by ourselves, with a line in the audit log


def good(name: str) -> tuple[str, str, dict[str, Any]]:
    return "PUT", f"Basic/{name}", {"resourceType": "Basic", "id": name, "code": {"text": "x"}}


def batch(bad: tuple[str, str, Any]) -> dict[str, Any]:
    return make_bundle(
        good("g1"), bad, REFUSED, ("GET", "Basic/g1", None), good("g2"), kind="batch"
    )


def statuses(found: dict[str, Any]) -> list[int]:
    return [int(e["response"]["status"][:3]) for e in found["entry"]]


def failures(api: Api) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM consent_audit_event WHERE actor_hospital = %s AND code ="
            " 'records:record:create' AND outcome = 'failed'",
            [api.base],
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("fault", "status"),
    [(poison.DATA, 500), (poison.LIMIT, 500), (poison.CANCELED, 413)],
    ids=["data", "limit", "too long"],
)
@pytest.mark.parametrize("bad", [READ, WRITE], ids=["read", "write"])
def test_it_is_a_row_and_the_neighbours_are_kept(
    api: Api, bad: Any, fault: str, status: int
) -> None:
    with poisoned(fault):
        at_once = api("POST", "", batch(bad))
    assert at_once.status == 200 and statuses(at_once.json) == [201, status, 422, 200, 201]
    pushed_ = pushed(api, "POST", "", batch(bad))
    with poisoned(fault):
        work()
    entry = came(api, pushed_)
    assert entry["response"]["status"] == "200 OK" and statuses(entry["resource"]) == [
        200,
        status,
        422,
        200,
        200,
    ]
    assert api("GET", "Basic/g2").json["meta"]["versionId"] == "2" and failures(api) == 2, (
        "what was refused stands in the log both times"
    )
    assert statuses(api("POST", "", batch(bad)).json) == [
        200,
        404 if bad is READ else 201,
        422,
        200,
        200,
    ], "the control"


def test_others_in_the_way(api: Api) -> None:
    link = pushed(api, "POST", "", batch(WRITE))
    with poisoned(poison.DEADLOCK):
        at_once = api("POST", "", batch(WRITE)).json
        assert (
            statuses(at_once) == [201, 503, 422, 200, 201]
            and "send the same request again"
            in at_once["entry"][1]["response"]["outcome"]["issue"][0]["diagnostics"]
        )
        assert push_worker.run_next_push() is False and api("GET", link).status == 202, (
            "a push is tried again, and nothing of it was done"
        )
        assert api("GET", "Basic/g1").headers["etag"] == 'W/"1"'
    work()
    assert statuses(came(api, link)["resource"]) == [200, 201, 422, 200, 200]


def test_a_line_that_ends_is_no_row(api: Api) -> None:
    with poisoned(poison.LINE_ENDS):
        met = api("POST", "", batch(WRITE))
    assert (
        met.status == 503
        and int(met.headers["retry-after"]) > 0
        and "not certain whether" in met.says
    )
    assert api("GET", "Basic/g1").status == 200 and api("GET", "Basic/g2").status == 404, (
        "what came before it stands, what comes behind it was not begun"
    )
    assert statuses(api("POST", "", batch(WRITE)).json) == [
        200,
        201,
        422,
        200,
        201,
    ], "the control: sent again"


def test_a_push_waits_for_a_database_that_is_away(api: Api) -> None:
    link = pushed(api, "POST", "", batch(WRITE))
    with poisoned(poison.LINE_ENDS):
        with pytest.raises(Error) as raised:
            push_worker.run_next_push()
        connection.close()
    assert find_away_cause(raised.value), "whoever asked waits for it, and then does it"
    assert api("GET", link).status == 202 and api("GET", "Basic/g1").status == 404
    work()
    assert statuses(came(api, link)["resource"]) == [201, 201, 422, 200, 201]


def test_a_line_of_an_import_is_refused_alone(api: Api) -> None:
    rows = [good("g1")[2], WRITE[2], good("g2")[2]]

    def sent() -> dict[str, Any]:
        kicked = send(api, rows)
        assert kicked.status == 202
        call_command("bulk_work")
        done = api("GET", strip_fhir_base(api, kicked.headers["content-location"]))
        assert done.status == 200, done.body
        return done.json  # type: ignore[no-any-return]

    with poisoned(poison.LIMIT, "record_resource", f"NEW.fhir_id = '{poison.NAME}'"):
        found = sent()
    assert found["extension"] == {"lines": 3, "taken": 2, "refused": 1}
    [told] = read_export_lines(api, found, "error")
    assert told["issue"][0]["code"] == "exception" and told["issue"][0]["diagnostics"].startswith(
        "Line 2: "
    )
    assert sent()["extension"]["refused"] == 0, "the control"
