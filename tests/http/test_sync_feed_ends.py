"""A feed while something ends: a record that an incident seals, a hospital that is suspended and a
token that ends while a poll waits; and a sandbox's feed, which is its own.
"""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.utils import timezone

from alliance.models import AccessToken, Client, Hospital
from alliance.roles import Role
from alliance.services.clients import do_revoke_client
from alliance.services.membership import do_suspend_hospital
from records.operations.person_seal import do_seal_person
from tests.factories import alliance
from tests.factories.fhir import Api, Reply, make_observation, make_patient
from tests.factories.seals import lift_seal
from tests.support.enrolling import Machine, operator_code
from tests.support.feeds import ask_feed, read_all, records
from tests.support.world import World, related, w

__all__ = ["w"]


def test_a_sealed_record_stays_away_until_it_is_opened(w: World) -> None:
    related(w)
    w.permit()
    cursor = read_all(w.ask)[1]
    told = f"{w.b.code}/{w.hold.create(make_observation(w.at_b))}"
    assert told in records(read_all(w.ask, cursor)[0]), "the control"
    officer = alliance.get_staff_principal(alliance.make_staff(w.b, Role.PRIVACY, wide=True))
    sealed = do_seal_person(
        w.person,  # type: ignore[arg-type]
        ground="dispute",
        reason="a complaint of the family",
        listed=[],
        acting=officer,
    )
    read, _ = read_all(w.ask, cursor)
    assert records(read) == [] and "consent" in [e["kind"] for e in read], "told, and closed"
    later = f"{w.b.code}/{w.hold.create(make_observation(w.at_b))}"
    assert records(read_all(w.ask, cursor)[0]) == []
    lift_seal(sealed)
    read, _ = read_all(w.ask, cursor)
    assert {told, later} <= set(records(read)), "from the older cursor all of it comes"


def suspend(at: Hospital, api: Api) -> None:
    do_suspend_hospital(at, reason="test", acting=alliance.OPERATOR)


def revoke(at: Hospital, api: Api) -> None:
    do_revoke_client(Client.objects.get(hospital=at), reason="test", acting=alliance.OPERATOR)
    write_as_another(at, api)


def expire(at: Hospital, api: Api) -> None:
    AccessToken.objects.filter(client__hospital=at).update(
        expires_at=timezone.now() - dt.timedelta(seconds=1)
    )
    write_as_another(at, api)


def write_as_another(at: Hospital, api: Api) -> None:
    """Something that the poll would be woken for."""
    other = Api(f"http://{api.at.netloc}", at.code, credentials=alliance.make_credentials(at))
    other.create(make_patient())


@pytest.mark.parametrize("end", [suspend, revoke, expire])
def test_a_poll_whose_reader_ends_meanwhile_gets_nothing(
    server: str, end: Callable[[Hospital, Api], None]
) -> None:
    at = alliance.make_hospital("own")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    api.create(make_patient())
    cursor = read_all(api)[1]
    assert ask_feed(api, cursor).status == 200, "the control"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask_feed, api, cursor, wait=30)
        assert ask_feed(api, cursor, wait=1).status == 200, "others wait, and are answered"
        end(at, api)
        reply: Reply = waiting.result()
    assert (reply.status, reply.json["error"]) == (401, "token")
    assert "entries" not in reply.json


def test_a_sandbox_reads_its_own_feed_and_is_in_no_others(w: World, server: str) -> None:
    machine = Machine(server)
    assert machine.enrol(operator_code(w.a, sandbox=True)).status == 201
    tried = machine.api()
    cursors = [read_all(api)[1] for api in (w.ask, w.hold)]
    own = tried.create(make_patient())
    read, cursor = read_all(tried)
    assert records(read) == [f"{tried.base}/{own}"]
    assert read_all(tried, cursor)[0] == []
    for api, before in zip((w.ask, w.hold), cursors, strict=True):
        assert records(read_all(api, before)[0]) == []
    w.hold.create(make_observation(w.at_b))
    assert records(read_all(tried, cursor)[0]) == [], "nor does it read theirs"
    foreign = tried.raw(
        "GET", f"/sync/{w.a.code}/feed", headers={"Authorization": f"Bearer {tried.token}"}
    )
    assert foreign.status == 403
