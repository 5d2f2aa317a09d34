"""The feed of a hospital: its own changes and what the gate permits of others', without a gap."""

import datetime as dt
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test import Client as DjangoClient
from django.utils import timezone

from alliance.models import Client
from alliance.operations.restore_recording import record_restore
from alliance.roles import Role
from alliance.services.clients import do_revoke_client
from alliance.services.membership import do_suspend_hospital
from consent.services.directive_withdrawals import do_withdraw_directive
from records.models import SourcePatient
from records.mpi.curation.decisions import (
    do_join_persons,
    do_split_person,
    do_undo_decision,
)
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.feeds import ask_feed, read_all, records
from tests.support.world import World, related, w
from tests.wait_until import wait_until

__all__ = ["w"]


def test_own_changes_in_order_once_each_as_they_are_now(api: Api) -> None:
    about = api.create(make_patient())
    first, second = (api.create(make_observation(about)) for _ in "ab")
    read, cursor = read_all(api, limit=2)
    assert records(read) == [f"{api.base}/{x}" for x in (about, first, second)]
    assert read[1] | {"at": "", "person": ""} == {
        "kind": "record",
        "at": "",
        "hospital": api.base,
        "type": "Observation",
        "id": first.split("/")[1],
        "version": 1,
        "deleted": False,
        "person": "",
        "patients": [about.split("/")[1]],
        "url": f"http://{api.at.netloc}/fhir/{api.base}/{first}",
    }
    api("PUT", first, api("GET", first).json | {"status": "amended"})
    api("DELETE", second)
    later, cursor = read_all(api, cursor)
    assert [(e["id"], e["version"], e["deleted"]) for e in later] == [
        (first.split("/")[1], 2, False),
        (second.split("/")[1], 2, True),
    ]
    assert read_all(api, cursor)[0] == []
    whole, _ = read_all(api)
    assert records(whole) == [f"{api.base}/{x}" for x in (about, first, second)], "as it is now"


def test_bodies_come_along_where_they_are_asked_for(api: Api) -> None:
    about = api.create(make_patient())
    read, _ = read_all(api, bodies=1)
    assert read[0]["resource"] == api("GET", about).json
    assert "resource" not in read_all(api)[0][0]


def test_others_records_come_as_far_as_the_gate_permits_at_delivery(w: World) -> None:
    theirs = {f"{w.b.code}/{x}" for x in (w.at_b, w.plain, w.sensitive)}
    assert not theirs & set(records(read_all(w.ask)[0])), "nothing permits them"
    related(w)
    given = w.permit()
    read, cursor = read_all(w.ask)
    assert theirs & set(records(read)) == theirs - {f"{w.b.code}/{w.sensitive}"}
    fresh, hidden = w.hold.create(make_observation(w.at_b)), w.hold.create(make_patient())
    read, after = read_all(w.ask, cursor)
    assert records(read) == [f"{w.b.code}/{fresh}"] and hidden
    assert read[0]["person"] == str(w.person) and len(read[0]["patients"]) == 1
    w.hold("DELETE", fresh)
    gone, after = read_all(w.ask, after)
    assert [(e["id"], e["deleted"]) for e in gone] == [(fresh.split("/")[1], True)]
    do_withdraw_directive(
        given.pk,
        w.person,
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
        reason="test",
        evidence="asked at the counter",
    )
    w.hold.create(make_observation(w.at_b))
    told, after = read_all(w.ask, after)
    assert records(told) == [] and [e["kind"] for e in told] == ["consent"]
    assert not theirs & set(records(read_all(w.ask, cursor)[0])), "from an older cursor neither"


def test_links_and_partings_name_the_own_patients(api: Api, stranger: Api) -> None:
    clerk = alliance.make_alliance_curator()
    one, two = api.create(make_patient()), stranger.create(make_patient(birth="1971-05-09"))
    cursor = read_all(api)[1]
    rows = [
        SourcePatient.objects.get(hospital__code=at.base, fhir_id=p.split("/")[1])
        for at, p in ((api, one), (stranger, two))
    ]
    made = do_join_persons(
        rows[0].pk, rows[1].pk, acting=second_curator(), others=[clerk], note="cards compared"
    )
    told, cursor = read_all(api, cursor)
    joined = SourcePatient.objects.get(pk=rows[0].pk).person_id
    assert [(e["kind"], e["person"], e["patients"]) for e in told if e["kind"] != "consent"] == [
        ("link", str(joined), [one.split("/")[1]])
    ]
    do_undo_decision(made.pk, acting=clerk, note="test")
    told, cursor = read_all(api, cursor)
    assert ("parting", [one.split("/")[1]]) in [(e["kind"], e["patients"]) for e in told]
    uninvolved = Api(f"http://{api.at.netloc}", *credentials_of_another())
    assert read_all(uninvolved)[0] == []


def second_curator():  # type: ignore[no-untyped-def]
    return alliance.get_staff_principal(
        alliance.make_staff(alliance.make_hospital("office"), Role.CLERK, wide=True)
    )


def credentials_of_another() -> tuple[str, str, tuple[str, str]]:
    at = alliance.make_hospital("none")
    return at.code, "", alliance.make_credentials(at)


def test_a_parted_registration_brings_nothing_more(w: World) -> None:
    related(w)
    w.permit()
    cursor = read_all(w.ask)[1]
    moved = w.hold.create(make_observation(w.at_b))
    assert f"{w.b.code}/{moved}" in records(read_all(w.ask, cursor)[0]), "the control"
    do_split_person(
        [SourcePatient.objects.get(hospital=w.b, fhir_id=w.at_b.split("/")[1]).pk],
        acting=alliance.make_alliance_curator(),
        note="two people",
    )
    later = w.hold.create(make_observation(w.at_b))
    told, _ = read_all(w.ask, cursor)
    assert "parting" in [e["kind"] for e in told]
    assert not {f"{w.b.code}/{x}" for x in (moved, later)} & set(records(told))


def test_nothing_slips_in_behind_the_cursor(api: Api) -> None:
    """A transaction that began before others and ends after them."""
    about = api.create(make_patient())
    cursor = read_all(api)[1]
    with transaction.atomic(), connection.cursor() as slow:
        slow.execute("SELECT alliance_xid()")
        later = api.create(make_observation(about))
        reply = ask_feed(api, cursor)
        assert reply.json["entries"] == [], "it waits for the older one"
        cursor = reply.json["cursor"]
    read, _ = read_all(api, cursor)
    assert records(read) == [f"{api.base}/{later}"]


def test_a_cursor_is_its_hospitals_and_nobody_elses(api: Api, stranger: Api) -> None:
    api.create(make_patient())
    cursor = read_all(api)[1]
    assert ask_feed(api, cursor).status == 200
    for wrong in (cursor[:-3] + "abc", "x", read_all(stranger)[1]):
        reply = ask_feed(api, wrong)
        assert (reply.status, reply.json["error"]) == (400, "malformed") and "cursor" in reply.json[
            "zh"
        ]
    foreign = api.raw(
        "GET", f"/sync/{stranger.base}/feed", headers={"Authorization": f"Bearer {api.token}"}
    )
    assert (foreign.status, foreign.json["error"]) == (403, "forbidden")
    nobody = api.raw("GET", f"/sync/{api.base}/feed")
    assert (nobody.status, nobody.json["error"]) == (401, "token")


def test_narrowed_scopes_bring_what_they_cover(server: str) -> None:
    at = alliance.make_hospital("own")
    credentials = alliance.make_credentials(at)
    api = Api(server, at.code, credentials=credentials)
    about = api.create(make_patient())
    seen = api.create(make_observation(about))
    narrow = Api(server, at.code, credentials=credentials, scope="system/Observation.s")
    assert records(read_all(narrow)[0]) == [f"{at.code}/{seen}"]
    assert ask_feed(narrow, bodies=1).status == 403, "a body takes r"
    written = Api(server, at.code, credentials=credentials, scope="system/Observation.c")
    assert ask_feed(written).status == 403


@pytest.mark.parametrize("ending", ["suspended", "revoked"])
def test_a_reader_that_was_ended_gets_nothing(server: str, ending: str) -> None:
    at = alliance.make_hospital("own")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    api.create(make_patient())
    assert read_all(api)[0], "the control"
    if ending == "suspended":
        do_suspend_hospital(at, reason="test", acting=alliance.OPERATOR)
    else:
        do_revoke_client(Client.objects.get(hospital=at), reason="test", acting=alliance.OPERATOR)
    for _ in range(4):  # in each process of the site
        assert ask_feed(api, "0").json["error"] == "token"


def test_a_suspended_hospitals_records_stay_away(w: World) -> None:
    related(w)
    w.permit()
    cursor = read_all(w.ask)[1]
    told = w.hold.create(make_observation(w.at_b))
    assert records(read_all(w.ask, cursor)[0]) == [f"{w.b.code}/{told}"], "the control"
    do_suspend_hospital(w.b, reason="test", acting=alliance.OPERATOR)
    assert records(read_all(w.ask, cursor)[0]) == []


def test_the_page_and_whom_it_was_about_stand_in_the_log(w: World) -> None:
    related(w)
    w.permit()
    read_all(w.ask)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.refs, e.person, ARRAY(SELECT p.person FROM consent_audit_person p WHERE"
            " p.event = e.id) FROM consent_audit_event e WHERE e.code = 'records:record:feed' AND"
            " e.actor_hospital = %s ORDER BY e.id",
            [w.a.code],
        )
        lines = cursor.fetchall()
    refs = {ref for line in lines for ref in line[0]}
    assert f"{w.b.code}/{w.plain}/1" in refs and not any(w.sensitive in ref for ref in refs)
    assert any(w.person in (line[1], *line[2]) for line in lines)


def test_a_poll_is_answered_when_something_comes(api: Api) -> None:
    about = api.create(make_patient())
    cursor = read_all(api)[1]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask_feed, api, cursor, wait=30)
        made = api.create(make_observation(about))
        reply = waiting.result()
    assert reply.status == 200 and records(reply.json["entries"]) == [f"{api.base}/{made}"]
    empty = ask_feed(api, reply.json["cursor"], wait=1)
    assert (empty.status, empty.json["entries"], empty.json["more"]) == (200, [], False)


def test_polls_hold_no_thread_and_are_bounded(api: Api, stranger: Api) -> None:
    """The site has eight threads; twice as many polls wait, and others are answered."""
    cursor = read_all(api)[1]
    with ThreadPoolExecutor(40) as pool:
        waiting = [pool.submit(ask_feed, api, cursor, wait=8) for _ in range(40)]
        wait_until(lambda: sum(w.done() for w in waiting) >= 24, "those beyond the bound are told")
        assert stranger("GET", "metadata").status == 200
        stranger.create(make_patient())
        replies = [w.result() for w in waiting]
    statuses = sorted(r.status for r in replies)
    assert set(statuses) == {200, 429} and 8 <= statuses.count(200) <= 16
    busy = next(r for r in replies if r.status == 429)
    assert busy.json["error"] == "busy" and int(busy.headers["retry-after"]) > 0


def test_who_goes_away_gives_the_place_back(api: Api) -> None:
    """As many polls as may wait, whose clients leave: their places are others'."""
    cursor = read_all(api)[1]
    request = (
        f"GET /sync/{api.base}/feed?wait=30&cursor={cursor} HTTP/1.1\r\nHost: {api.at.netloc}\r\n"
        f"Authorization: Bearer {api.token}\r\n\r\n"
    ).encode()
    for _ in range(2):
        links = [socket.create_connection((api.at.hostname or "", api.at.port)) for _ in range(24)]
        for link in links:
            link.sendall(request)
        wait_until(lambda: ask_feed(api, cursor, wait=1).status == 429, "all places are taken")
        for link in links:
            link.close()
    wait_until(lambda: ask_feed(api, cursor, wait=1).status == 200, "a place is free again")


class Undo(Exception):
    pass


def test_after_a_restore_the_reader_is_told_where_to_go_on(api: Api) -> None:
    """In a transaction that is taken back: the epoch is everybody's."""
    api.create(make_patient())
    cursor = read_all(api)[1]
    client = DjangoClient(headers={"Authorization": f"Bearer {api.token}"})
    assert client.get(f"/sync/{api.base}/feed", {"cursor": cursor}).status_code == 200
    with pytest.raises(Undo), transaction.atomic():
        record_restore("test", timezone.now() - dt.timedelta(days=1))
        reply = client.get(f"/sync/{api.base}/feed", {"cursor": cursor, "limit": 3})
        assert reply.status_code == 410 and reply.json()["error"] == "epoch"
        assert "since" in reply.json() and "limit=3" in reply.json()["next"]
        again = client.get(reply.json()["next"].split("testserver")[1])
        assert again.status_code == 200, again.content
        raise Undo
