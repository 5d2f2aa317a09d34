"""What FHIR writes over a record that came by sync is not what its source sent: both sides differ,
the agent sends its record again and says who changed it (docs/sync.md, Compare).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from alliance.models import Client, Hospital
from records.agent.context import AgentContext
from records.agent.item import Item, derive_fhir_id, encode_resource
from records.agent.reconcile import reconcile_all, reconcile_source
from records.agent.reconcile_words import say_difference
from records.store.synced_records import FORGET, KNOWN, NAMED
from tests.factories import alliance
from tests.factories.fhir import Api, make_bundle, make_observation, make_patient
from tests.support.agent_homes import agent_at, send_all
from tests.support.sync_batches import Sender, put, take_out

DAY = "2026-01-05"


@pytest.fixture
def sender(api: Api) -> Sender:
    return Sender(api)


def ask(api: Api, level: str, sums: Any, **more: Any) -> Any:
    reply = api.raw(
        "POST",
        f"/sync/{api.base}/digests",
        json.dumps({"source": "his", "level": level, "sums": sums, **more}).encode(),
        {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"},
    )
    assert reply.status == 200, reply.body
    return reply.json


def sums(api: Api) -> Any:
    return ask(api, "year", {})["differ"]


def rows(api: Api) -> dict[str, list[Any]]:
    """{record: its row} of the day, of patients."""
    found = ask(api, "day", {"Patient": {DAY: [99, "0" * 32]}})
    return {row[0]: row for row in found["records"]["Patient"][DAY]}


def test_what_fhir_wrote_differs_and_is_stored_again(api: Api, sender: Sender) -> None:
    items = [
        put(make_patient(), record, version=3, day=DAY) for record in ("p1", "p2", "张/3", "p4")
    ]
    sender.sent(*items)
    before, known = sums(api), rows(api)
    hashed = derive_fhir_id("his", "张/3")
    writer = Client.objects.get(hospital=Hospital.objects.get(code=api.base)).client_id
    assert api("PUT", "Patient/his-p1", {**make_patient(), "id": "his-p1"}).status == 200
    entry = make_bundle(
        ("PUT", "Patient/his-p2", {**make_patient(), "id": "his-p2"}),
        ("PUT", f"Patient/{hashed}", {**make_patient(), "id": hashed}),
    )
    assert api("POST", "", entry).status == 200
    after, found = sums(api), rows(api)
    assert before["Patient"]["2026-01"][0] == after["Patient"]["2026-01"][0] == 4
    assert before != after
    assert found["p4"] == known["p4"] and known["p4"][4] == "", "the control"
    for record in ("p1", "p2", "张/3"):
        assert found[record][2] != known[record][2] and found[record][1:2] == [3]
        assert found[record][3:] == ["stored", writer]
    older = put(make_patient(), "p1", version=2, day=DAY)
    assert sender.outcomes(older) == {"superseded": 1}, "an older one still comes too late"
    assert sender.outcomes(*items) == {"stored": 3, "unchanged": 1}
    assert (sums(api), rows(api)) == (before, known)
    assert sender.outcomes(*items) == {"unchanged": 4}


def test_writing_twice_and_a_newer_version_leave_exact_sums(api: Api, sender: Sender) -> None:
    sender.sent(put(make_patient(), "p1", version=1, day=DAY))
    for _ in range(2):
        api("PUT", "Patient/his-p1", {**make_patient(), "id": "his-p1"})
    newer = put(make_patient(), "p1", version=2, day="2026-02-01")
    assert sender.outcomes(newer) == {"stored": 1}
    other = Sender(api)
    assert other.outcomes(newer) == {"unchanged": 1}
    assert {m: s[0] for m, s in sums(api)["Patient"].items()} == {"2026-02": 1}
    assert_sums_are_those_of_the_ledger(api)


def test_what_sync_took_out_and_fhir_brought_back_is_told(api: Api, sender: Sender) -> None:
    sender.sent(put(make_patient(), "p1", version=1, day=DAY))
    sender.sent(take_out("delete", "Patient", "p1", version=2, day=DAY))
    assert sums(api) == {}
    assert api("PUT", "Patient/his-p1", {**make_patient(), "id": "his-p1"}).status == 201
    assert rows(api)["p1"][3] == "stored", "the source has it not: more than it knows stands there"
    assert sender.outcomes(take_out("delete", "Patient", "p1", version=2)) == {"deleted": 1}
    assert sums(api) == {} and api("GET", "Patient/his-p1").status == 410
    assert_sums_are_those_of_the_ledger(api)


def test_what_is_no_record_of_sync_is_left_alone(api: Api, sender: Sender) -> None:
    sender.sent(put(make_patient(), "p1", version=1, day=DAY))
    before = sums(api)
    for name in ("his-p9", "other", "his2-p1"):
        for _ in range(2):
            assert api("PUT", f"Patient/{name}", {**make_patient(), "id": name}).status < 300
    made = api("POST", "Patient", make_patient()).json
    assert api("PUT", f"Patient/{made['id']}", made).status == 200
    assert sums(api) == before
    assert sender.outcomes(put(make_patient(), "p1", version=2, day=DAY)) == {"stored": 1}
    assert rows(api)["p1"][4] == "", "what sync itself writes is what was sent"


def assert_sums_are_those_of_the_ledger(api: Api) -> None:
    hospital = Hospital.objects.get(code=api.base).pk
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT type, day, count(*), array_agg(encode(fingerprint, 'hex'))"
            " FROM record_sync_ledger WHERE hospital = %s AND state = 'stored' GROUP BY 1, 2",
            [hospital],
        )
        ledger = {
            (type, day): (count, sum(int(p, 16) for p in prints) % 2**128)
            for type, day, count, prints in cursor.fetchall()
        }
        cursor.execute(
            "SELECT type, day, sum(count), mod(sum(sum), 2::numeric ^ 128) FROM record_sync_digest"
            " WHERE hospital = %s GROUP BY 1, 2",
            [hospital],
        )
        sums = {(t, d): (int(c), int(s)) for t, d, c, s in cursor.fetchall() if c or s}
    assert sums == ledger


def test_ids_are_found_by_indexes(api: Api) -> None:
    hospital = Hospital.objects.get(code=api.base).pk
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_sync_ledger (hospital, source, type, record, fhir_id, state,"
            " stream, number, client) SELECT %s, 'his', 'Patient', n, CASE WHEN n %% 20 = 0"
            " THEN 'his-h.' ELSE 'his-' END || n, 'deleted', 1, 1, 'c'"
            " FROM generate_series(1, 5000) n",
            [hospital],
        )
        cursor.execute("ANALYZE record_sync_ledger")
        for name, index in (("fhir_id", "_hashed"), ("record", "_pkey")):
            cursor.execute(
                f"EXPLAIN {KNOWN.format(named=NAMED[name], asked='true')} {FORGET}",
                {
                    "hospital": hospital,
                    "sources": "{his}",
                    "types": "{Patient}",
                    "names": "{his-h.00}",
                },
            )
            plan = "\n".join(row[0] for row in cursor.fetchall())
            looked_up = plan.partition("LockRows")[2].partition("CTE Scan")[0]
            assert f"record_sync_ledger{index}" in looked_up and "Seq Scan" not in plan, plan


@pytest.fixture
def agent(server: str, tmp_path: Path) -> Iterator[AgentContext]:
    with agent_at(server, alliance.make_hospital("own"), tmp_path) as context:
        yield context


def test_the_agent_sends_it_again_and_says_who_changed_it(server: str, agent: AgentContext) -> None:
    at = Hospital.objects.get(code=agent.platform.hospital)
    credentials = alliance.make_credentials(at)
    observation = make_observation("Patient/his-p1", value=5)
    agent.outbox.add_items(
        [
            Item("his", "Patient", "p1", encode_resource(make_patient())),
            Item("his", "Observation", "o1", encode_resource(observation), day=DAY, patient="p1"),
        ]
    )
    send_all(agent)
    assert reconcile_source(agent, "his").equal
    api = Api(server, at.code, credentials=credentials)
    changed = make_observation("Patient/his-p1", value=9) | {"id": "his-o1"}
    assert api("PUT", "Observation/his-o1", changed).status == 200
    [result] = reconcile_all(agent)
    [found] = result.days
    [other] = found.other
    assert (other.record, other.again, other.changed_by) == ("o1", True, credentials[0])
    for language, words in (("zh", "在平台上被"), ("en", "was changed on the platform by")):
        said = "\n".join(say_difference(found, language))
        assert words in said and credentials[0] in said
    send_all(agent)
    assert reconcile_source(agent, "his").equal
    assert api("GET", "Observation/his-o1").json["valueQuantity"]["value"] == 5
