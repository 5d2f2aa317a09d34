"""Dead letters over real HTTP: one bad item never stops the others; what waits is done by itself;
place, value, reason and mend in Chinese and English (docs/sync.md).
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command

from alliance.auth.errors import Forbidden
from alliance.models import Hospital
from alliance.roles import Role
from records.sync.replay import NoReason, do_drop_dead_letters, do_replay_dead_letters
from records.sync.version_guard import ItemOutcome
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.sync_batches import Sender, put, take_out


@pytest.fixture
def sender(api: Api) -> Sender:
    return Sender(api)


def observation(patient: str = "p1", **more: Any) -> dict[str, Any]:
    return make_observation(f"Patient/his-{patient}", **more)


def test_one_bad_item_never_stops_the_others(api: Api, sender: Sender) -> None:
    bad = observation() | {"status": "finished"}
    answer = sender.sent(
        put(make_patient(), "p1"),
        put(observation(), "o1"),
        put(bad, "o2", at="检验.csv 第18行"),
        put(observation(), "o3"),
        put(b'{"resourceType": "Observation", ', "o4", type="Observation"),
    )
    assert answer["receipt"]["outcomes"] == {"stored": 3, "refused": 2}
    assert answer["receipt"]["refused"] == [
        {
            "item": 2,
            "outcome": "refused",
            "rule": "code.not-in-set",
            "field": "Observation.status",
        },
        {"item": 4, "outcome": "refused", "rule": "json.invalid", "field": ""},
    ]
    first, second = answer["dead_letters"]
    assert first["record"] == "o2" and first["at"] == "检验.csv 第18行"
    assert first["value"] == "finished" and first["state"] == "open" and first["sharing"] == 1
    assert "finished" in first["why"]["zh"] and "final" in first["mend"]["zh"]
    assert "final" in first["mend"]["en"] and second["rule"] == "json.invalid"
    assert api("GET", "Observation/his-o3").status == 200
    assert api("GET", "Observation/his-o2").status == 404


def test_a_letter_is_mended_by_a_version_that_fits(sender: Sender) -> None:
    sender.sent(put(make_patient(), "p1"))
    sender.sent(put(observation() | {"status": "no"}, "o1", version=2))
    sender.sent(put(observation() | {"status": "no"}, "o2"))
    [one, two] = sender.letters("state=open")
    assert (one["sharing"], two["sharing"]) == (2, 2)
    assert sender.outcomes(put(observation(), "o1", version=1)) == {"stored": 1}
    assert len(sender.letters("state=open")) == 2, "an older version mends nothing"
    assert sender.outcomes(put(observation(), "o1", version=2)) == {"stored": 1}
    [left] = sender.letters("state=open")
    assert left["record"] == "o2" and left["sharing"] == 1
    [mended] = sender.letters("state=mended")
    assert mended["record"] == "o1" and mended["value"] == "" and mended["settled_at"]
    sender.sent(put(observation() | {"status": "still"}, "o2"))
    [again] = sender.letters("state=open")
    assert again["value"] == "still"
    [before] = sender.letters("state=replayed")
    assert before["id"] == left["id"], "the later letter stands for the earlier one"


def test_what_waits_is_done_as_soon_as_its_patient_comes(api: Api, sender: Sender) -> None:
    answer = sender.sent(put(observation("later"), "o1", version=1), put(make_patient(), "p1"))
    assert answer["receipt"]["outcomes"] == {"stored": 1, "waiting": 1}
    [letter] = answer["dead_letters"]
    assert letter["state"] == "waiting" and letter["rule"] == "reference.missing"
    assert letter["field"] == "Observation.subject.reference"
    assert letter["value"] == "Patient/his-later" and "Patient/his-later" in letter["why"]["zh"]
    assert api("GET", "Observation/his-o1").status == 404
    assert sender.outcomes(put(make_patient(), "later")) == {"stored": 1}
    assert api("GET", "Observation/his-o1").status == 200, "in the same transaction"
    assert not sender.letters("state=waiting") and len(sender.letters("state=mended")) == 1


def test_items_of_one_batch_may_stand_before_what_they_refer_to(sender: Sender) -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "血常规"},
        "subject": {"reference": "Patient/his-p1"},
        "result": [{"reference": "Observation/his-o1"}, {"reference": "Observation/his-o2"}],
    }
    bad = observation() | {"status": "no"}
    items = [
        put(report, "r1"),
        put(observation(), "o1"),
        put(bad, "x1"),
        put(observation(), "o2"),
        put(make_patient(), "p1"),
    ]
    assert sender.outcomes(*items) == {"stored": 4, "refused": 1}


def test_chains_of_waiting_items_end_when_the_last_comes(api: Api, sender: Sender) -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "血常规"},
        "subject": {"reference": "Patient/his-p1"},
        "result": [{"reference": "Observation/his-o1"}],
    }
    assert sender.outcomes(put(report, "r1")) == {"waiting": 1}
    assert sender.outcomes(put(observation(), "o1")) == {"waiting": 1}
    assert sender.outcomes(put(make_patient(), "p1")) == {"stored": 1}
    assert api("GET", "DiagnosticReport/his-r1").status == 200
    assert not sender.letters("state=waiting")


def test_a_newer_version_overtakes_one_that_waits(api: Api, sender: Sender) -> None:
    sender.sent(put(make_patient(), "p2"))
    assert sender.outcomes(put(observation("p1", value=1), "o1", version=1)) == {"waiting": 1}
    assert sender.outcomes(put(observation("p2", value=2), "o1", version=2)) == {"stored": 1}
    assert sender.outcomes(put(make_patient(), "p1")) == {"stored": 1}
    assert api("GET", "Observation/his-o1").json["valueQuantity"]["value"] == 2


def test_what_came_by_fhir_ends_a_wait_too(api: Api, sender: Sender) -> None:
    assert sender.outcomes(put(observation(), "o1")) == {"waiting": 1}
    api("PUT", "Patient/his-p1", {**make_patient(), "id": "his-p1"})
    assert api("GET", "Observation/his-o1").status == 404
    call_command("sync_work", linger=0.0)
    assert api("GET", "Observation/his-o1").status == 200
    assert not sender.letters("state=waiting")


def test_what_is_referred_to_is_not_deleted(api: Api, sender: Sender) -> None:
    Hospital.objects.filter(code=api.base).update(enforces_references=True)
    sender.sent(put(make_patient(), "p1"), put(observation(), "o1"))
    answer = sender.sent(take_out("delete", "Patient", "p1"))
    [letter] = answer["dead_letters"]
    assert letter["rule"] == "reference.referred" and "1" in letter["why"]["zh"]
    assert sender.outcomes(
        take_out("delete", "Observation", "o1"), take_out("delete", "Patient", "p1")
    ) == {"deleted": 2}


def test_letters_are_paged_and_filtered(sender: Sender) -> None:
    bad = observation() | {"status": "no"}
    wrong = make_patient() | {"gender": "男"}
    sender.sent(put(make_patient(), "p1"), *(put(bad, f"o{i}") for i in range(5)))
    sender.sent(*(put(wrong, f"w{i}") for i in range(3)))
    first = sender.get("dead-letters?limit=5").json
    assert len(first["dead_letters"]) == 5 and first["more"]
    rest = sender.get(f"dead-letters?limit=5&cursor={first['cursor']}").json
    assert len(rest["dead_letters"]) == 3 and not rest["more"]
    told = {x["record"] for x in [*first["dead_letters"], *rest["dead_letters"]]}
    assert told == {*(f"o{i}" for i in range(5)), *(f"w{i}" for i in range(3))}
    assert len(sender.letters("type=Patient")) == 3
    assert len(sender.letters(f"stream={sender.stream}&number=1")) == 5
    assert len(sender.letters("rule=code.not-in-set")) == 8
    assert not sender.letters("rule=no.such") and not sender.letters("state=dropped")
    for query in ("state=odd", "number=x", "cursor=-1", "limit=1e9", "rule=" + "x" * 81):
        assert sender.get(f"dead-letters?{query}").status == 400, query


def test_letters_are_replayed_and_dropped_by_the_hospitals_clerk(api: Api, sender: Sender) -> None:
    hospital = Hospital.objects.get(code=api.base)
    Hospital.objects.filter(pk=hospital.pk).update(enforces_references=True)
    far = alliance.make_hospital("far")
    clerk = alliance.get_staff_principal(alliance.make_staff(hospital, Role.CLERK))
    admin, other = (
        alliance.get_staff_principal(who)
        for who in (
            alliance.make_staff(hospital, Role.ADMINISTRATOR, wide=True),
            alliance.make_staff(far, Role.CLERK, wide=True),
        )
    )
    sender.sent(put(make_patient(), "p1"), put(observation(), "o1"))
    sender.sent(take_out("delete", "Patient", "p1"), put(observation() | {"status": "no"}, "o2"))
    [held, bad] = sender.letters("state=open")
    for wrong in (admin, other):
        with pytest.raises(Forbidden):
            do_replay_dead_letters(hospital, [held["id"]], acting=wrong)
        with pytest.raises(Forbidden):
            do_drop_dead_letters(hospital, [held["id"]], "test", acting=wrong)
    assert not do_replay_dead_letters(far, [held["id"]], acting=other), "another hospital's"
    api("DELETE", "Observation/his-o1")
    outcomes = do_replay_dead_letters(hospital, [held["id"], bad["id"]], acting=clerk)
    assert outcomes == {held["id"]: ItemOutcome.DELETED, bad["id"]: ItemOutcome.REFUSED}
    [left] = sender.letters("state=open")
    assert left["id"] == bad["id"]
    with pytest.raises(NoReason):
        do_drop_dead_letters(hospital, [bad["id"]], " ", acting=clerk)
    assert do_drop_dead_letters(hospital, [bad["id"]], "误传", acting=clerk) == 1
    [dropped] = sender.letters("state=dropped")
    assert dropped["reason"] == "误传" and dropped["value"] == ""
    assert sender.outcomes(put(observation("p9"), "o2")) == {"waiting": 1}, "it may come again"


def test_what_comes_at_once_with_its_patient_is_never_refused(api: Api) -> None:
    """By two systems: it is stored, or waits; whether the patient is there changes between two
    looks.
    """
    registry, laboratory = Sender(api), Sender(api)
    outcomes: dict[str, int] = {}
    with ThreadPoolExecutor(2) as pool:
        for number in range(30):
            name = f"race{number}"
            first = pool.submit(registry.outcomes, put(make_patient(), name))
            second = pool.submit(laboratory.outcomes, put(observation(name), f"o{number}"))
            assert first.result() == {"stored": 1}
            for outcome in second.result():
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert set(outcomes) <= {"stored", "waiting"}, outcomes
