"""Who may push: a hospital's own systems, with scopes for each type and action; what they do is in
the audit log; what they hold ends with them.
"""

from typing import Any

from django.db import connection
from django.utils import timezone

from alliance.models import Client, Hospital
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.sync_batches import NDJSON, Sender, build_batch, put, take_out


def observation(**more: Any) -> dict[str, Any]:
    return make_observation("Patient/his-p1", **more)


def with_scope(server: str, api: Api, at: Hospital, scope: str) -> Sender:
    return Sender(Api(server, api.base, credentials=alliance.make_credentials(at), scope=scope))


def log_lines(api: Api) -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, outcome, target FROM consent_audit_event WHERE actor_hospital = %s"
            " ORDER BY id",
            [api.base],
        )
        return cursor.fetchall()


def test_nobody_without_a_token_and_no_other_hospital(api: Api, stranger: Api) -> None:
    data = build_batch("s", 1, [put(make_patient(), "p1")])
    bare = api.raw("POST", f"/sync/{api.base}/batches", data, {"Content-Type": NDJSON})
    assert bare.status == 401 and bare.json["error"] == "token" and bare.json["zh"]
    for path in ("batches", "batches/s", "batches/s/1", "dead-letters"):
        headers = {"Authorization": f"Bearer {stranger.token}", "Content-Type": NDJSON}
        method = "POST" if path == "batches" else "GET"
        reply = api.raw(method, f"/sync/{api.base}/{path}", data, headers)
        assert reply.status == 403 and reply.json["error"] == "forbidden", path
    assert Sender(stranger).outcomes(put(make_patient(), "p1")) == {"stored": 1}, "the control"
    refused = [x for x in log_lines(stranger) if x[1] == "refused"]
    assert refused, "each refusal is in the log"


def test_scopes_are_asked_by_type_and_action(server: str) -> None:
    at = alliance.make_hospital("own")
    full = Sender(Api(server, at.code, credentials=alliance.make_credentials(at)))
    full.sent(put(make_patient(), "p1"), put(observation(), "o1"))
    narrow = with_scope(server, full.api, at, "system/Observation.cu")
    refused = narrow.post(build_batch(narrow.stream, 1, [put(make_patient(), "p2")]))
    assert refused.status == 403 and "system/Patient.cu" in refused.json["en"]
    gone = [take_out("delete", "Observation", "o1")]
    assert narrow.post(build_batch(narrow.stream, 1, gone)).status == 403
    assert narrow.get(f"batches/{narrow.stream}").json["next"] == 1, "no number was used up"
    assert narrow.outcomes(put(observation(), "o2")) == {"stored": 1}
    assert narrow.outcomes(take_out("recall", "Observation", "o1")) == {"recalled": 1}
    create_only = with_scope(server, full.api, at, "system/Observation.c")
    assert create_only.send(put(observation(), "o3")).status == 403


def test_letters_of_other_systems_take_the_right_to_read(server: str) -> None:
    at = alliance.make_hospital("own")
    full = Sender(Api(server, at.code, credentials=alliance.make_credentials(at)))
    bad = observation() | {"status": "no"}
    full.sent(put(bad, "o1"))
    writer = with_scope(server, full.api, at, "system/Observation.cu")
    assert writer.letters() == []
    writer.sent(put(bad, "o2"))
    assert [x["record"] for x in writer.letters()] == ["o2"], "its own"
    reader = with_scope(server, full.api, at, "system/Observation.r")
    assert [x["record"] for x in reader.letters()] == ["o1", "o2"]
    other = with_scope(server, full.api, at, "system/Patient.cruds")
    assert other.letters() == []


def test_numbers_and_receipts_are_each_systems_own(server: str) -> None:
    at = alliance.make_hospital("own")
    one, two = (
        Sender(Api(server, at.code, credentials=alliance.make_credentials(at)), stream="same")
        for _ in range(2)
    )
    one.sent(put(make_patient(), "p1"))
    assert two.get("batches/same/1").status == 404
    assert two.sent(put(make_patient(), "p2"))["receipt"]["number"] == 1


def test_a_receipt_is_read_with_what_its_batch_was_sent_with(server: str, api: Api) -> None:
    at = Hospital.objects.get(code=api.base)
    credentials = alliance.make_credentials(at)
    full = Sender(Api(server, at.code, credentials=credentials))
    full.sent(put(make_patient(), "p1"))
    less = Api(server, at.code, credentials=credentials, scope="system/Observation.cu")
    again = Sender(less, stream=full.stream)
    assert again.get(f"batches/{full.stream}/1").status == 403
    assert full.get(f"batches/{full.stream}/1").status == 200, "the control"


def test_revoked_and_suspended_end_at_once(api: Api) -> None:
    sender = Sender(api)
    sender.sent(put(make_patient(), "p1"))
    hospital = Hospital.objects.get(code=api.base)
    client = Client.objects.get(hospital=hospital)
    for model, pk, name in (
        (Client, client.pk, "revoked_at"),
        (Hospital, hospital.pk, "suspended_at"),
    ):
        model.objects.filter(pk=pk).update(**{name: timezone.now()})
        data = build_batch(sender.stream, 2, [put(make_patient(), "p2")])
        assert sender.post(data).status == 401
        assert sender.get("dead-letters").status == 401
        assert sender.get(f"batches/{sender.stream}/1").status == 401
        model.objects.filter(pk=pk).update(**{name: None})
    assert sender.outcomes(put(make_patient(), "p2")) == {"stored": 1}, "the control"


def test_every_exchange_leaves_its_line(api: Api) -> None:
    sender = Sender(api)
    sender.sent(put(make_patient(), "p1"), put(observation(), "o1"))
    sender.get(f"batches/{sender.stream}/1")
    sender.letters()
    lines = log_lines(api)
    at = f"{api.base}/batches/{sender.stream}/1"
    assert ("records:batch:push", "success", at) in lines
    assert ("records:batch:read", "success", at) in lines
    assert ("records:dead-letter:read", "success", f"{api.base}/dead-letters") in lines
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT refs, person IS NOT NULL FROM consent_audit_event WHERE target = %s AND code ="
            " 'records:batch:push'",
            [at],
        )
        [(refs, about)] = cursor.fetchall()
    assert set(refs) == {f"{api.base}/Patient/his-p1/1", f"{api.base}/Observation/his-o1/1"}
    assert about
