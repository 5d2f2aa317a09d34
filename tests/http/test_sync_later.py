"""202: a batch that is stored, sealed and done in its turn, once, whatever is killed meanwhile."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from alliance.models import Client
from alliance.models.client import ALL_SCOPES
from records.management.forked_command import start_command
from records.sync import sync_worker
from records.sync.version_guard import ItemOutcome
from records.sync.waiting_letters import retry_letters
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.sync_batches import Sender, build_batch, put

LATER = {"Prefer": "respond-async"}


@pytest.fixture
def sender(api: Api) -> Sender:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_sync_stream SET done = next - 1")  # of other tests
    return Sender(api)


def work() -> None:
    call_command("sync_work", linger=0.0)


def observation(**more: Any) -> dict[str, Any]:
    return make_observation("Patient/his-p1", **more)


def run(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def test_a_batch_is_done_in_its_turn_and_those_behind_it_too(api: Api, sender: Sender) -> None:
    first = sender.send(put(make_patient(), "p1"), **LATER)
    assert first.status == 202 and int(first.headers["retry-after"]) >= 1
    assert first.headers["location"].endswith(f"/sync/{api.base}/batches/{sender.stream}/1")
    second = sender.send(put(observation(), "o1"))
    assert second.status == 202, "behind a waiting one a batch waits, too"
    assert sender.get(f"batches/{sender.stream}").json["waiting"] == 2
    assert sender.get(f"batches/{sender.stream}/1").status == 202
    assert api("GET", "Patient/his-p1").status == 404, "the control: nothing is done yet"
    work()
    answers = [sender.get(f"batches/{sender.stream}/{n}") for n in (1, 2)]
    assert [a.status for a in answers] == [200, 200]
    assert [a.json["receipt"]["outcomes"] for a in answers] == [{"stored": 1}] * 2
    assert api("GET", "Observation/his-o1").status == 200
    assert sender.sent(put(observation(), "o2"))["receipt"]["number"] == 3, "at once again"


def test_the_same_batch_again_while_it_waits_is_the_same_batch(sender: Sender) -> None:
    items = [put(make_patient(), "p1")]
    sender.send(*items, **LATER)
    data = build_batch(sender.stream, 1, items)
    assert sender.post(data).status == 202
    other = sender.post(build_batch(sender.stream, 1, [put(make_patient(), "p1")]))
    assert other.status == 409 and other.json["receipt"] is None and len(other.json["root"]) == 64
    work()
    told = sender.get(f"batches/{sender.stream}/1")
    assert sender.post(data).body == told.body


def test_what_waits_is_sealed(sender: Sender) -> None:
    patient = make_patient()
    sender.send(
        put(patient, "p1", at="病人.csv 第2行"),
        put({"x": 1}, "o1", type="Basic", at="病人.csv 第3行"),
        **LATER,
    )
    lying = run("SELECT encode(content, 'escape') FROM record_sync_batch WHERE done_at IS NULL")
    assert lying and patient["name"][0]["text"] not in str(lying) and "病人.csv" not in str(lying)
    work()
    letters = run(
        "SELECT encode(content, 'escape'), d::text FROM record_sync_dead_letter d ORDER BY id DESC"
        " LIMIT 1"
    )
    assert letters and "病人.csv" not in str(letters) and '"x"' not in str(letters)


def test_several_workers_do_each_batch_once(api: Api, sender: Sender) -> None:
    others = [Sender(api) for _ in range(3)]
    sender.sent(put(make_patient(), "p1"))
    for each in (sender, *others):
        for n in range(4):
            each.send(put(observation(value=n), f"{each.stream}", version=n), **LATER)
    workers = [start_command("sync_work") for _ in range(3)]
    for worker in workers:
        worker.join(60)
    for each in (sender, *others):
        assert each.get(f"batches/{each.stream}").json["waiting"] == 0
        kept = api("GET", f"Observation/his-{each.stream}").json
        assert kept["valueQuantity"]["value"] == 3 and kept["meta"]["versionId"] == "4"


def test_a_worker_that_dies_leaves_nothing_half_done(
    api: Api, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.send(put(make_patient(), "p1"), **LATER)

    class Killed(BaseException):
        pass

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr("records.sync.receipt.sign_receipt", killed)
        begun = sync_worker.streams.begin_waiting_batch()
        assert begun
        with pytest.raises(Killed):
            sync_worker.run_waiting_batch(*begun[:2])
    assert api("GET", "Patient/his-p1").status == 404
    assert run(
        "SELECT count(*) FROM record_sync_ledger WHERE record = 'p1' AND client = %s",
        Client.objects.get(hospital__code=api.base).client_id,
    ) == [(0,)]
    work()
    told = sender.get(f"batches/{sender.stream}/1").json["receipt"]
    assert told["outcomes"] == {"stored": 1}
    assert api("GET", "Patient/his-p1").json["meta"]["versionId"] == "1"


def test_a_system_that_was_stopped_meanwhile_stores_nothing(api: Api, sender: Sender) -> None:
    client = Client.objects.get(hospital__code=api.base)
    sender.send(put(make_patient(), "p1"), **LATER)
    from django.utils import timezone

    Client.objects.filter(pk=client.pk).update(revoked_at=timezone.now())
    work()
    Client.objects.filter(pk=client.pk).update(revoked_at=None)
    told = sender.get(f"batches/{sender.stream}/1").json["receipt"]
    assert told["outcomes"] == {"refused": 1} and told["refused"][0]["rule"] == "rights.ended"
    assert api("GET", "Patient/his-p1").status == 404
    [letter] = sender.letters("state=open")
    assert (letter["record"], letter["rule"]) == ("p1", "rights.ended"), "nothing is lost"
    outcomes = retry_letters(client.hospital_id, client.client_id, ALL_SCOPES, [letter["id"]], "t")
    assert outcomes == {letter["id"]: ItemOutcome.STORED}
    assert api("GET", "Patient/his-p1").status == 200, "once the system may go on"
    assert [x["state"] for x in sender.letters()] == ["mended"]


def test_what_was_altered_while_it_waited_is_not_done(api: Api, sender: Sender) -> None:
    other = Sender(api)
    sender.send(put(make_patient(), "p1"), **LATER)
    other.send(put(make_patient(), "p2"), **LATER)
    run(
        "UPDATE record_sync_batch b SET content = (SELECT o.content FROM record_sync_batch o JOIN"
        " record_sync_stream s ON s.id = o.stream WHERE s.name = %s AND o.number = 1)"
        " FROM record_sync_stream t WHERE t.id = b.stream AND t.name = %s",
        other.stream,
        sender.stream,
    )
    work()
    told = sender.get(f"batches/{sender.stream}/1").json["receipt"]
    assert told["refused"][0]["rule"] == "server.altered"
    assert api("GET", "Patient/his-p1").status == 404
    assert api("GET", "Patient/his-p2").status == 200, "the control"
