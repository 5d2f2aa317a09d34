"""Push over real HTTP: batches in order, versions, deletion and recall, receipts that stay the same
(docs/sync.md).
"""

from typing import Any

import pytest

from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.sync_batches import Sender, build_batch, put, take_out


@pytest.fixture
def sender(api: Api) -> Sender:
    return Sender(api)


def observation(patient: str = "p1", **more: Any) -> dict[str, Any]:
    return make_observation(f"Patient/his-{patient}", **more)


def test_a_batch_is_stored_and_its_receipt_stays(api: Api, sender: Sender) -> None:
    items = [
        put(make_patient(), "p1"),
        put(observation(), "o1", version=3, day="2026-01-05"),
        put({**observation(), "id": "his-o2"}, "o2"),
    ]
    answer = sender.sent(*items)
    receipt = answer["receipt"]
    assert receipt["outcomes"] == {"stored": 3} and receipt["refused"] == []
    assert receipt["stream"] == sender.stream and receipt["number"] == 1
    assert receipt["hospital"] == api.base and answer["dead_letters"] == []
    assert api("GET", "Observation/his-o1").json["subject"]["reference"] == "Patient/his-p1"
    again = sender.post(build_batch(sender.stream, 1, items))
    asked = sender.get(f"batches/{sender.stream}/1")
    assert again.status == asked.status == 200
    assert again.json == answer
    assert again.body == asked.body
    assert api("GET", "Observation/his-o1").json["meta"]["versionId"] == "1", "done once"


def test_a_gap_another_root_and_an_unknown_number_are_told(sender: Sender) -> None:
    first = sender.sent(put(make_patient(), "p1"))
    gap = sender.post(build_batch(sender.stream, 3, [put(make_patient(), "p2")]))
    assert gap.status == 409 and gap.json["error"] == "gap" and gap.json["next"] == 2
    assert "2" in gap.json["zh"] and "2" in gap.json["en"]
    other = sender.post(build_batch(sender.stream, 1, [put(make_patient(), "p3")]))
    assert other.status == 409 and other.json["error"] == "other-root"
    assert other.json["receipt"] == first["receipt"]
    assert other.json["signature"] == first["signature"]
    unknown = sender.get(f"batches/{sender.stream}/2")
    assert unknown.status == 404 and unknown.json["next"] == 2
    assert sender.get(f"batches/{sender.stream}").json == {
        "stream": sender.stream,
        "next": 2,
        "waiting": 0,
    }
    fresh = sender.get("batches/never-used")
    assert fresh.status == 200 and fresh.json["next"] == 1
    assert sender.sent(put(make_patient(), "p2"))["receipt"]["number"] == 2, "the control"


def test_an_older_version_never_overwrites_a_newer_one(api: Api, sender: Sender) -> None:
    sender.sent(put(make_patient(), "p1"), put(observation(value=2), "o1", version=5))
    assert sender.outcomes(put(observation(value=1), "o1", version=4)) == {"superseded": 1}
    assert sender.outcomes(put(observation(value=2), "o1", version=5)) == {"unchanged": 1}
    assert api("GET", "Observation/his-o1").json["valueQuantity"]["value"] == 2
    assert sender.outcomes(take_out("delete", "Observation", "o1", version=4)) == {"superseded": 1}
    assert sender.outcomes(put(observation(value=3), "o1", version=6)) == {"stored": 1}
    assert api("GET", "Observation/his-o1").json["valueQuantity"]["value"] == 3
    both = [
        put(observation(value=8), "o1", version=8),
        put(observation(value=7), "o1", version=7),
        put(observation(value=9), "o1", version=9),
    ]
    assert sender.outcomes(*both) == {"stored": 2, "superseded": 1}
    assert api("GET", "Observation/his-o1").json["valueQuantity"]["value"] == 9


def test_a_version_may_have_all_the_digits_that_the_protocol_allows(
    api: Api, sender: Sender
) -> None:
    last = 2**63 - 1
    sender.sent(put(make_patient(), "p1"))
    assert sender.outcomes(put(observation(value=2), "o1", version=last - 1)) == {"stored": 1}
    assert sender.outcomes(put(observation(value=1), "o1", version=last - 2)) == {"superseded": 1}
    assert sender.outcomes(put(observation(value=3), "o1", version=last)) == {"stored": 1}
    assert api("GET", "Observation/his-o1").json["valueQuantity"]["value"] == 3


def test_without_versions_the_order_of_arrival_decides(api: Api, sender: Sender) -> None:
    sender.sent(put(make_patient(), "p1"))
    many = [put(observation(value=v), "o1") for v in (1, 2, 3)]
    assert sender.outcomes(*many) == {"stored": 3}
    assert api("GET", "Observation/his-o1").json["valueQuantity"]["value"] == 3
    assert sender.outcomes(many[2]) == {"unchanged": 1}
    assert sender.outcomes(many[0]) == {"stored": 1}


def test_what_was_deleted_comes_back_with_a_greater_version_alone(api: Api, sender: Sender) -> None:
    sender.sent(put(make_patient(), "p1"), put(observation(), "o1", version=1))
    gone = take_out("delete", "Observation", "o1", version=2)
    assert sender.outcomes(gone) == {"deleted": 1}
    assert api("GET", "Observation/his-o1").status == 410
    assert sender.outcomes(gone) == {"unchanged": 1}
    assert sender.outcomes(put(observation(), "o1", version=1)) == {"superseded": 1}
    assert sender.outcomes(put(observation(), "o1", version=2)) == {"superseded": 1}
    assert sender.outcomes(put(observation(), "o1", version=3)) == {"stored": 1}
    assert api("GET", "Observation/his-o1").status == 200
    assert sender.outcomes(take_out("delete", "Observation", "never", version=9)) == {"deleted": 1}
    assert sender.outcomes(put(observation(), "never", version=8)) == {"superseded": 1}, (
        "a deletion that overtook its record counts"
    )


def test_a_recall_is_seen_by_readers(api: Api, sender: Sender) -> None:
    condition = {
        "resourceType": "Condition",
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                    "code": "active",
                }
            ]
        },
        "code": {"text": "高血压"},
        "subject": {"reference": "Patient/his-p1"},
    }
    unmarked = {"resourceType": "Basic", "code": {"text": "x"}, "subject": condition["subject"]}
    sender.sent(
        put(make_patient(), "p1"),
        put(observation(), "o1", version=1),
        put(condition, "c1", version=1),
        put(unmarked, "b1", version=1),
    )
    recalls = [
        take_out("recall", "Observation", "o1", version=2),
        take_out("recall", "Condition", "c1", version=2),
        take_out("recall", "Basic", "b1", version=2),
    ]
    assert sender.outcomes(*recalls) == {"recalled": 3}
    assert api("GET", "Observation/his-o1").json["status"] == "entered-in-error"
    kept = api("GET", "Condition/his-c1").json
    assert kept["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "clinicalStatus" not in kept
    assert api("GET", "Basic/his-b1").status == 410, "its type cannot say so: deleted"
    assert sender.outcomes(put(observation(), "o1", version=2)) == {"superseded": 1}
    assert sender.outcomes(put(observation(), "o1", version=3)) == {"stored": 1}
    assert api("GET", "Observation/his-o1").json["status"] == "final"


def test_record_numbers_of_all_kinds_get_their_ids(api: Api, sender: Sender) -> None:
    import hashlib

    odd = ["R/17 甲", "h.plain", "x" * 200, "带空格 的"]
    items = [put(make_patient(), number) for number in odd]
    assert sender.outcomes(*items) == {"stored": 4}
    for number in odd:
        short = hashlib.sha256(number.encode()).hexdigest()[:40]
        assert api("GET", f"Patient/his-h.{short}").status == 200, number
    wrong = sender.sent(put({**make_patient(), "id": "other"}, "p9"))
    [letter] = wrong["dead_letters"]
    assert letter["rule"] == "id.other" and letter["value"] == "other"
    assert "his-p9" in letter["mend"]["zh"]


def test_streams_of_one_system_are_apart(api: Api, sender: Sender) -> None:
    other = Sender(api)
    sender.sent(put(make_patient(), "p1"))
    assert other.sent(put(observation(), "o1"))["receipt"]["number"] == 1
    assert sender.sent(put(observation(), "o2"))["receipt"]["number"] == 2


def test_what_fhir_wrote_meanwhile_is_replaced_as_its_next_version(
    api: Api, sender: Sender
) -> None:
    api("PUT", "Patient/his-p1", {**make_patient(), "id": "his-p1"})
    assert sender.outcomes(put(make_patient(), "p1")) == {"stored": 1}
    assert api("GET", "Patient/his-p1").json["meta"]["versionId"] == "2"


def test_a_packed_batch_is_taken(sender: Sender) -> None:
    import gzip

    sender.number += 1
    data = build_batch(sender.stream, 1, [put(make_patient(), "p1")])
    reply = sender.post(gzip.compress(data), Content_Encoding="gzip")
    assert reply.status == 200 and reply.json["receipt"]["outcomes"] == {"stored": 1}
