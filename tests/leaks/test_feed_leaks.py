"""Twin worlds of a hospital's feed: what it may not see changes neither entries nor their order,
neither `more` nor the length of a cursor; once it may, the same questions tell. Neither does it
hear of decisions, ties and seals that are none of its business.
"""

import json

from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import make_observation, make_patient
from tests.factories.ties import confirm_tie
from tests.feed_horizon import wait_for_feed
from tests.support.feeds import ask_feed, read_all, records
from tests.support.hidden_records import write_secrets
from tests.support.world import HIV, World, related, w

__all__ = ["w"]
LIMITS = (1, 2, 3, 500)


def answers(w: World, cursor: str) -> list[tuple[int, bytes, int]]:
    """(status, answer without cursor and head, length of the cursor) of every page, for pages of
    several sizes.
    """
    wait_for_feed()
    out = []
    for limit in LIMITS:
        at = cursor
        for _ in range(50):
            reply = ask_feed(w.ask, at, limit=limit)
            told = reply.json
            at, _head = told.pop("cursor"), told.pop("head")
            out.append((reply.status, json.dumps(told).encode(), len(at)))
            if not told["more"]:
                break
    return out


def test_what_is_hidden_changes_no_page(w: World) -> None:
    related(w)
    w.permit()
    cursor = read_all(w.ask)[1]
    first = w.hold.create(make_observation(w.at_b))
    w.hold.create({**make_observation(w.at_b), "code": HIV})
    second = w.hold.create(make_observation(w.at_b))
    before = answers(w, cursor)
    assert sum(len(json.loads(a[1])["entries"]) for a in before) == 2 * len(LIMITS)
    write_secrets(w, "secret")
    w.hold.create(make_observation(w.hold.create(make_patient())))  # of somebody else
    hidden = {**make_observation(w.at_b), "code": HIV}
    made = w.hold.create(hidden)
    w.hold("PUT", made, hidden | {"id": made.split("/")[1], "status": "amended"})
    w.hold("DELETE", made)
    assert answers(w, cursor) == before
    w.permit(sensitive=True)
    told = records(read_all(w.ask, cursor)[0])
    assert f"{w.b.code}/Observation/secret" in told, "the control: once permitted, it is told"
    assert {f"{w.b.code}/{x}" for x in (first, second)} <= set(told)


def test_what_others_decide_among_themselves_is_not_told(server: str, w: World) -> None:
    related(w)
    third = alliance.make_hospital("third")
    cursor = read_all(w.ask)[1]
    before = answers(w, cursor)
    sources = source_patients.sources_of_person(w.person)  # type: ignore[arg-type]
    record_choice(w.person, recipient_id=third.pk, sources=sources, acting=w.clerk)  # type: ignore[arg-type]
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    w.hold.create(make_observation(w.at_b))
    assert answers(w, cursor) == before
    w.permit()
    assert [e["kind"] for e in read_all(w.ask, cursor)[0]] == ["record", "consent"], "the control"
