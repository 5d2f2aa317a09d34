"""Comparing both sides: counts and sums by year, month and day, down to record numbers; the agent's
reconciliation against the platform as it is.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from alliance.models import Hospital
from records.agent.context import AgentContext
from records.agent.item import Item, encode_resource
from records.agent.notices import list_notices
from records.agent.reconcile import reconcile_all, reconcile_source
from records.agent.reconcile_words import say_difference, say_result
from tests.factories import alliance
from tests.factories.fhir import Api, Reply, make_observation, make_patient
from tests.support.agent_homes import agent_at, send_all
from tests.support.sync_batches import Sender, put, take_out

NOTHING = [0, "0" * 32]


def compare(api: Api, level: str, sums: Any, source: str = "his", **more: Any) -> Reply:
    return api.raw(
        "POST",
        f"/sync/{api.base}/digests",
        json.dumps({"source": source, "level": level, "sums": sums, **more}).encode(),
        {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"},
    )


def fill(api: Api) -> Sender:
    sender = Sender(api)
    sender.sent(
        put(make_patient(), "p1"),
        *(
            put(make_observation("Patient/his-p1"), f"o{n}", version=1, day=f"2026-0{m}-0{n}")
            for m, n in ((1, 1), (1, 2), (2, 3), (2, 4))
        ),
    )
    return sender


def test_the_platform_leads_from_years_to_records(api: Api) -> None:
    sender = fill(api)
    years = compare(api, "year", {}).json["differ"]
    assert set(years) == {"Patient", "Observation"}, "what nobody named is there, too"
    assert {m: s[0] for m, s in years["Observation"].items()} == {"2026-01": 2, "2026-02": 2}
    assert years["Patient"][""][0] == 1, "without a day"
    days = compare(api, "month", {"Observation": {"2026-01": [1, "ab" * 16]}}).json["differ"]
    assert set(days) == {"Observation"} and set(days["Observation"]) == {"2026-01-01", "2026-01-02"}
    found = compare(api, "day", {"Observation": {"2026-01-01": [1, "ab" * 16]}}).json
    (record,) = found["records"]["Observation"]["2026-01-01"]
    assert record[:2] == ["o1", 1] and record[3] == "stored" and len(record[2]) == 32
    named = compare(
        api,
        "day",
        {"Observation": {"2026-01-01": [1, "ab" * 16]}},
        prints={"Observation": {"2026-01-01": record[2][:12] + "00" * 6}},
    ).json
    assert named["records"] == {"Observation": {"2026-01-01": []}}
    assert named["absent"] == {"Observation": {"2026-01-01": ["00" * 6]}}
    sender.sent(take_out("delete", "Observation", "o1", version=2, day="2026-01-01"))
    gone = compare(api, "day", {"Observation": {"2026-01-01": [1, "ab" * 16]}}).json
    assert gone["records"]["Observation"]["2026-01-01"] == []


def test_what_is_equal_is_not_told_and_what_the_platform_lacks_is(api: Api) -> None:
    fill(api)
    told = compare(api, "year", {}).json["differ"]
    same = compare(api, "month", {t: dict(b) for t, b in told.items()}).json["differ"]
    assert same == {}
    absent = compare(api, "year", {"Condition": {"2025": [3, "01" * 16]}}).json["differ"]
    assert absent["Condition"] == {"2025": NOTHING}
    other = compare(api, "year", {}, source="lis").json["differ"]
    assert other == {}


def test_refused_records_are_named_as_such(api: Api) -> None:
    sender = fill(api)
    sender.sent(put({"resourceType": "Observation"}, "bad", version=1, day="2026-01-01"))
    found = compare(api, "day", {"Observation": {"2026-01-01": [9, "ab" * 16]}}).json
    states = {r[0]: r[3] for r in found["records"]["Observation"]["2026-01-01"]}
    assert states == {"o1": "stored", "bad": "refused"}


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{",
        b'{"source":"HIS","level":"year","sums":{}}',
        b'{"source":"his","level":"week","sums":{}}',
        b'{"source":"his","level":"year","sums":{"Observation":{"2026-01":[1,"x"]}}}',
        b'{"source":"his","level":"day","sums":{},"prints":{"Observation":{"2026-01-01":"abc"}}}',
    ],
)
def test_what_is_no_question_is_refused(api: Api, body: bytes) -> None:
    reply = api.raw(
        "POST", f"/sync/{api.base}/digests", body, {"Authorization": f"Bearer {api.token}"}
    )
    assert (reply.status, reply.json["error"]) == (400, "malformed") and reply.json["zh"]


def test_only_the_own_hospital_and_only_types_of_the_token(server: str, stranger: Api) -> None:
    at = alliance.make_hospital("own")
    credentials = alliance.make_credentials(at)
    api = Api(server, at.code, credentials=credentials)
    fill(api)
    stranger.base = at.code
    assert compare(stranger, "year", {}).status == 403
    narrow = Api(server, at.code, credentials=credentials, scope="system/Patient.rs")
    assert set(compare(narrow, "year", {}).json["differ"]) == {"Patient"}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM consent_audit_event WHERE code = 'records:record:compare' AND"
            " actor_hospital = %s",
            [at.code],
        )
        assert cursor.fetchone()[0] == 1


@pytest.fixture
def agent(server: str, tmp_path: Path) -> Iterator[AgentContext]:
    at = alliance.make_hospital("own")
    with agent_at(server, at, tmp_path) as context:
        yield context


def make_items(days: int, each: int) -> list[Item]:
    patient = Item("lis", "Patient", "p1", encode_resource(make_patient()))
    return [
        patient,
        *(
            Item(
                "lis",
                "Observation",
                f"R{day:02d}-{n}",
                encode_resource(make_observation("Patient/lis-p1", value=n)),
                day=f"2026-05-{day:02d}",
                patient="p1",
                at=f"检验.csv 第{day * each + n}行",
            )
            for day in range(1, days + 1)
            for n in range(each)
        ),
    ]


def lose_record(hospital: str, record: str) -> None:
    """On the platform, as a fault would: its ledger and its sum."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM record_sync_ledger WHERE hospital = %s AND record = %s RETURNING source,"
            " type, day, ('x' || encode(fingerprint, 'hex'))::text",
            [Hospital.objects.get(code=hospital).pk, record],
        )
        source, type_name, day, mark = cursor.fetchone()
        cursor.execute(
            "UPDATE record_sync_digest SET count = count - 1, sum = mod(sum + %s, 2::numeric ^ 128)"
            " WHERE (hospital, source, type, day) = (%s, %s, %s, %s)",
            [
                2**128 - int(mark[1:], 16),
                Hospital.objects.get(code=hospital).pk,
                source,
                type_name,
                day,
            ],
        )
        assert cursor.rowcount == 1


def test_the_agent_finds_the_record_and_mends_it(agent: AgentContext) -> None:
    agent.outbox.add_items(make_items(5, 6))
    send_all(agent)
    first = reconcile_source(agent, "lis")
    assert (first.equal, first.records, first.requests) == (True, 31, 1)
    lose_record(agent.platform.hospital, "R03-4")
    results = reconcile_all(agent)
    (found,) = results[0].days
    assert (found.type, found.day, found.ours, found.theirs) == ("Observation", "2026-05-03", 6, 5)
    assert [(x.record, x.again) for x in found.missing] == [("R03-4", True)]
    assert not (found.other or found.surplus or found.refused)
    assert results[0].requests == 3
    sentences = say_difference(found, "zh")
    assert sentences[0] == "2026年5月3日：贵院检验结果 6 条，平台 5 条，缺：R03-4。"
    assert say_difference(found, "en")[0] == (
        "2026-05-03: you have 6 results, the platform 5; missing: R03-4."
    )
    assert [n.ok for n in list_notices(agent.outbox) if n.name == "reconcile"] == [False]
    send_all(agent)
    again = reconcile_all(agent)
    assert again[0].equal and "全部一致" in say_result(again, "zh")


def test_where_the_content_is_gone_file_and_row_are_named(agent: AgentContext) -> None:
    agent.outbox.add_items(make_items(2, 2))
    send_all(agent)
    agent.outbox.write(lambda connection: connection.execute("DELETE FROM items") and None)
    lose_record(agent.platform.hospital, "R02-1")
    (found,) = reconcile_source(agent, "lis").days
    (lacking,) = found.missing
    assert not lacking.again and "检验.csv 第5行" in "".join(say_difference(found, "zh"))


def test_what_the_platform_alone_has_is_told(agent: AgentContext) -> None:
    agent.outbox.add_items(make_items(1, 2))
    send_all(agent)
    agent.outbox.write(
        lambda connection: connection.execute("DELETE FROM records WHERE record = 'R01-1'") and None
    )
    (found,) = reconcile_source(agent, "lis").days
    assert found.surplus == ["R01-1"] and not found.missing
