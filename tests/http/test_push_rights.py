"""With whose rights a push is done: those of the system that sent it, as it stands then, and
whatever somebody has made of its row; and the lines that tell of it.
"""

import re
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from alliance.models import AccessToken, Client
from alliance.roles import Role
from records.pushes import push_worker
from records.store import push_queue
from tests.factories import alliance
from tests.factories.bulk_jobs import ASYNC_HEADERS
from tests.factories.fhir import Api, make_bundle, make_patient
from tests.support.browser import signed_in
from tests.support.pushes import came, none_waiting, pushed, work

__all__ = ["none_waiting"]
BUNDLE = "records:bundle:process"


def run(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def named(name: str) -> tuple[str, str, dict[str, Any]]:
    return "PUT", f"Patient/{name}", make_patient() | {"id": name}


def log(link: str) -> list[tuple[str, ...]]:
    """(outcome, reason, detail, actor, request id) of the lines about a push."""
    return run(
        "SELECT outcome, reason, detail, actor, request_id FROM consent_audit_event WHERE code = %s"
        " AND target LIKE %s ORDER BY id",
        BUNDLE,
        f"%/{link}",
    )


def key(link: str) -> str:
    return link.split("/")[1]


def system(server: str, of: Api, scope: str = "") -> Api:
    return Api(
        server,
        of.base,
        credentials=alliance.make_credentials(
            Client.objects.filter(hospital__code=of.base)[0].hospital
        ),
        scope=scope,
    )


def client(of: Api) -> str:
    return run(
        "SELECT client FROM record_push p JOIN alliance_hospital h ON h.id = p.hospital WHERE"
        " h.code = %s ORDER BY number LIMIT 1",
        of.base,
    )[0][0]  # type: ignore[no-any-return]


ALTERED = {
    "scopes": "UPDATE record_push SET scopes = 'system/*.cruds' WHERE id = %(id)s",
    "no scopes": "UPDATE record_push SET scopes = 'nonsense' WHERE id = %(id)s",
    "client": (
        "UPDATE record_push SET client = %(other)s, scopes = 'system/*.cruds' WHERE id = %(id)s"
    ),
    "no client": "UPDATE record_push SET client = 'nobody' WHERE id = %(id)s",
    "hospital": "UPDATE record_push SET hospital = hospital + 1 WHERE id = %(id)s",
    "another's content": (
        "UPDATE record_push SET content = (SELECT content FROM record_push WHERE client ="
        " %(other)s) WHERE id = %(id)s"
    ),
    "a bit": (
        "UPDATE record_push SET content = set_byte(content, length(content) - 1, get_byte(content,"
        " length(content) - 1) # 1) WHERE id = %(id)s"
    ),
    "nothing": "UPDATE record_push SET content = '' WHERE id = %(id)s",
}


@pytest.mark.parametrize("how", ALTERED)
def test_what_was_altered_is_not_done(server: str, api: Api, how: str) -> None:
    narrow = system(server, api, "system/Observation.cruds")
    theirs = pushed(api, *named("a1"))
    bad, after = (
        pushed(narrow, *named("a2")),
        pushed(narrow, "PUT", "Observation/none", {"resourceType": "Observation", "id": "none"}),
    )
    with connection.cursor() as cursor:
        cursor.execute(ALTERED[how], {"id": key(bad), "other": client(api)})
    work()
    assert api("GET", "Patient/a2").status == 404
    [(outcome, reason, detail, *_)] = log(bad)[1:]
    assert (outcome, reason, detail) == ("failed", "altered", "given up"), "it stands in the log"
    assert came(narrow, after)["response"]["status"].startswith("422") and came(api, theirs)[
        "response"
    ]["status"].startswith("201"), "the line goes on"


def test_the_control_of_that(server: str, api: Api) -> None:
    sent = [
        pushed(api, *named("a1")),
        pushed(system(server, api, "system/Patient.cruds"), *named("a2")),
    ]
    work()
    assert [came(api, x)["response"]["status"] for x in sent] == ["201 Created"] * 2


def test_what_was_done_is_not_done_again_by_its_row(api: Api) -> None:
    link = pushed(api, *named("d1"))
    work()
    run("UPDATE record_push SET done_at = NULL WHERE id = %s", key(link))
    work()
    assert api("GET", "Patient/d1").headers["etag"] == 'W/"1"' and [
        x[:3] for x in log(link)[-1:]
    ] == [("failed", "altered", "given up")]


def test_what_came_of_it_is_no_other_hospitals(api: Api, stranger: Api) -> None:
    link, theirs = pushed(api, *named("h1")), pushed(stranger, *named("h2"))
    work()
    assert came(api, link) and came(stranger, theirs), "the control"
    run(
        "UPDATE record_push SET hospital = (SELECT hospital FROM record_push WHERE id = %s) WHERE"
        " id = %s",
        key(theirs),
        key(link),
    )
    assert stranger("GET", link).status == 500 and b"h1" not in stranger("GET", link).body


@pytest.mark.parametrize("since", ["revoked", "narrowed", "gone"])
def test_the_rights_are_those_of_the_moment(server: str, api: Api, since: str) -> None:
    sender = system(server, api)
    link, mine = pushed(sender, *named("r1")), pushed(api, *named("r2"))
    row = Client.objects.get(
        client_id=run("SELECT client FROM record_push WHERE id = %s", key(link))[0][0]
    )
    AccessToken.objects.filter(client=row).delete()
    if since == "gone":
        row.delete()
    else:
        Client.objects.filter(pk=row.pk).update(
            **(
                {"revoked_at": timezone.now()}
                if since == "revoked"
                else {"scopes": "system/Observation.cruds"}
            )
        )
    work()
    assert (
        came(api, link)["response"]["status"] == "403 Forbidden"
        and api("GET", "Patient/r1").status == 404
    )
    assert log(link)[1][:3] == (
        "refused",
        "scope" if since == "narrowed" else "viewer_inactive",
        "done",
    )
    assert came(api, mine)["response"]["status"] == "201 Created", "the control"


def test_its_lines_stand_under_the_request(api: Api) -> None:
    kicked = api("POST", "", make_bundle(named("l1"), named("l2"), kind="batch"), **ASYNC_HEADERS)
    assert kicked.status == 202
    link, request, sender = (
        kicked.headers["content-location"].split(f"/{api.base}/")[1],
        kicked.headers["x-request-id"],
        client(api),
    )
    size = run("SELECT size FROM record_push WHERE id = %s", key(link))[0][0]
    assert log(link) == [("success", "", f"accepted · {size} bytes", sender, request)]
    work()
    assert log(link)[1:] == [("success", "", "done", sender, request)]
    lines = run(
        "SELECT target, address FROM consent_audit_event WHERE request_id = %s ORDER BY id", request
    )
    assert [x for x, _ in lines] == [
        f"{api.base}/{link}",
        f"{api.base}/Patient/l1",
        f"{api.base}/Patient/l2",
        f"{api.base}/{link}",
    ], "all that came of it"
    assert len({x for _, x in lines}) == 1 and lines[0][1]


def test_the_auditor_finds_them_by_its_number(api: Api, stranger: Api) -> None:
    kicked, other = (
        api("POST", "", make_bundle(named(n), kind="batch"), **ASYNC_HEADERS) for n in ("n1", "n2")
    )
    work()

    def shown(of: Api, request: str) -> list[str]:
        auditor = signed_in(
            alliance.make_staff(
                Client.objects.filter(hospital__code=of.base)[0].hospital, Role.AUDITOR
            )
        )
        return re.findall(
            r"<small>([^<]*(?:\bn\d\b|推送)[^<]*)</small>",
            auditor.get("/audit/", {"request": request}).content.decode(),
        )

    found = shown(api, kicked.headers["x-request-id"])
    assert (
        len(found) == 3
        and "n1" in found[1]
        and all(kicked.headers["content-location"].split("/")[-1] in found[i] for i in (0, 2))
    ), found
    assert len(shown(api, "")) >= 6 and not shown(api, "nobody"), "the control"
    assert not shown(stranger, other.headers["x-request-id"]), (
        "nor does another hospital's learn that there was such a request"
    )


def test_what_is_not_taken_leaves_no_line_of_taking(api: Api) -> None:
    before = run(
        "SELECT count(*) FROM consent_audit_event WHERE actor_hospital = %s AND detail LIKE"
        " 'accepted%%'",
        api.base,
    )
    assert api("POST", "Nonsense", {"resourceType": "Nonsense"}, **ASYNC_HEADERS).status == 400
    assert (
        run(
            "SELECT count(*) FROM consent_audit_event WHERE actor_hospital = %s AND detail LIKE"
            " 'accepted%%'",
            api.base,
        )
        == before
        == [(0,)]
    )


def test_a_failure_is_told_in_the_log(api: Api) -> None:
    link = pushed(api, "POST", "Basic", {"resourceType": "Basic", "nonsense": 1})
    work()
    assert [x[:3] for x in log(link)][1:] == [("failed", "unprocessable", "done")]
    poison = pushed(api, *named("f1"))
    run("UPDATE record_push SET tries = %s WHERE id = %s", push_worker.TRIES, key(poison))
    work()
    assert [x[:3] for x in log(poison)][1:] == [
        ("failed", "", "given up")
    ] and push_queue.count_push_lines() == 0
