"""What procedures, immunizations, devices, plans, goals, orders, relatives and imaging say, state
by state, as other systems send them.
"""

import datetime as dt
from typing import Any

import pytest
from django.utils.translation import override

from records.meaning.family import read_family_history
from records.meaning.imaging import list_endpoints, read_imaging_study, safe_address
from records.meaning.pregnancy import read_pregnancy
from records.meaning.reference_ranges import PatientTraits
from records.meaning.resource_reading import interpret_resource
from records.meaning.sense import Sense
from tests.factories.history import make_family, make_study
from tests.support.readings import problem

C, U, P, O, F, N, A, V = (  # noqa: E741
    Sense.CURRENT,
    Sense.UNCERTAIN,
    Sense.PAST,
    Sense.PROPOSED,
    Sense.FORBIDDEN,
    Sense.NEGATIVE,
    Sense.UNASKED,
    Sense.VOID,
)
NAMED = {"code": {"text": "x"}, "vaccineCode": {"text": "x"}, "title": "x"}
# type, its states as sent, what it says of the patient, the words beside it ("!": nobody may
# overlook it)
STATES: list[tuple[str, dict[str, Any], Sense, str]] = [
    ("Procedure", {"status": "completed"}, C, ""),
    ("Procedure", {"status": "in-progress"}, C, "in progress"),
    ("Procedure", {"status": "preparation"}, O, "in preparation!"),
    ("Procedure", {"status": "not-done"}, N, "NOT DONE!"),
    ("Procedure", {"status": "stopped"}, C, "broken off!"),
    ("Procedure", {"status": "on-hold"}, C, "on hold!"),
    ("Procedure", {"status": "entered-in-error"}, V, "entered in error!"),
    ("Procedure", {"status": "unknown"}, U, "status unknown"),
    ("Procedure", {}, U, "status not stated"),
    ("Procedure", {"status": "已完成"}, U, "已完成!"),
    ("Immunization", {"status": "completed"}, C, ""),
    ("Immunization", {"status": "not-done"}, N, "NOT GIVEN!"),
    ("Immunization", {"status": "entered-in-error"}, V, "entered in error!"),
    (
        "Immunization",
        {"status": "completed", "isSubpotent": True},
        U,
        "subpotent dose, may not protect!",
    ),
    ("DeviceUseStatement", {"status": "active"}, C, ""),
    ("DeviceUseStatement", {"status": "completed"}, P, "no longer in use"),
    ("DeviceUseStatement", {"status": "intended"}, O, "planned"),
    ("DeviceUseStatement", {"status": "stopped"}, P, "removed from use"),
    ("Device", {"status": "inactive"}, U, "device inactive"),
    ("Device", {}, C, ""),
    ("CarePlan", {"status": "active", "intent": "plan"}, C, ""),
    ("CarePlan", {"status": "active", "intent": "order"}, C, ""),
    ("CarePlan", {"status": "active", "intent": "proposal"}, O, "proposal, not agreed!"),
    ("CarePlan", {"status": "active", "intent": "option"}, O, "option, not agreed!"),
    ("CarePlan", {"status": "draft", "intent": "plan"}, O, "draft, not in force!"),
    ("CarePlan", {"status": "revoked", "intent": "plan"}, P, "revoked!"),
    (
        "CarePlan",
        {"status": "completed", "intent": "proposal"},
        P,
        "completed proposal, not agreed!",
    ),
    ("CarePlan", {"status": "active"}, U, "not stated whether it was agreed"),
    ("EpisodeOfCare", {"status": "active"}, C, ""),
    ("EpisodeOfCare", {"status": "waitlist"}, O, "on the waiting list"),
    ("EpisodeOfCare", {"status": "onhold"}, C, "on hold!"),
    ("EpisodeOfCare", {"status": "finished"}, P, "ended"),
    ("EpisodeOfCare", {"status": "cancelled"}, N, "cancelled!"),
    ("CareTeam", {"status": "active"}, C, ""),
    ("CareTeam", {"status": "proposed"}, O, "proposal, not agreed"),
    ("CareTeam", {"status": "inactive"}, P, "ended"),
    ("Goal", {"lifecycleStatus": "active"}, C, ""),
    ("Goal", {"lifecycleStatus": "proposed"}, O, "proposal, not agreed!"),
    ("Goal", {"lifecycleStatus": "accepted"}, O, "agreed, not yet begun"),
    ("Goal", {"lifecycleStatus": "completed"}, P, "completed"),
    ("Goal", {"lifecycleStatus": "cancelled"}, P, "given up!"),
    ("Goal", {"lifecycleStatus": "rejected"}, N, "refused!"),
    ("Goal", {"lifecycleStatus": "entered-in-error"}, V, "entered in error!"),
    ("Goal", {}, U, "status not stated"),
    ("ServiceRequest", {"status": "active", "intent": "order"}, C, ""),
    ("ServiceRequest", {"status": "active", "intent": "proposal"}, O, "proposal, not ordered!"),
    ("ServiceRequest", {"status": "draft", "intent": "order"}, O, "draft, not ordered!"),
    ("ServiceRequest", {"status": "revoked", "intent": "order"}, P, "order withdrawn or stopped!"),
    (
        "ServiceRequest",
        {"status": "completed", "intent": "plan"},
        P,
        "completed plan, not ordered!",
    ),
    (
        "ServiceRequest",
        {"status": "active", "intent": "order", "doNotPerform": True},
        F,
        "DO NOT PERFORM!",
    ),
    ("ServiceRequest", {"status": "active"}, U, "not stated whether it was ordered"),
    ("FamilyMemberHistory", {"status": "completed"}, C, ""),
    ("FamilyMemberHistory", {"status": "partial"}, C, "incomplete"),
    ("FamilyMemberHistory", {"status": "health-unknown"}, A, "health not known"),
    ("FamilyMemberHistory", {"status": "entered-in-error"}, V, "entered in error!"),
    ("FamilyMemberHistory", {"status": "completed", "estimatedAge": True}, C, "age estimated"),
    ("ImagingStudy", {"status": "available"}, C, ""),
    ("ImagingStudy", {"status": "registered"}, U, "registered, no images yet"),
    ("ImagingStudy", {"status": "cancelled"}, N, "cancelled, did not take place!"),
    ("ImagingStudy", {"status": "entered-in-error"}, V, "entered in error!"),
    ("ImagingStudy", {"status": "unknown"}, U, "status unknown"),
]


@pytest.mark.parametrize(("kind", "states", "sense", "words"), STATES)
def test_each_state_is_told(kind: str, states: dict[str, Any], sense: Sense, words: str) -> None:
    with override("en"):
        reading = interpret_resource({"resourceType": kind, **NAMED, **states})
    assert reading.sense is sense
    assert " ".join(m.text + "!" * m.loud for m in reading.marks) == words


def read(kind: str, **elements: Any) -> tuple[str, str]:
    """(title, facts) of one as it is sent, in English."""
    with override("en"):
        reading = interpret_resource({"resourceType": kind, "status": "active", **elements})
    return reading.title, "; ".join(reading.facts)


def test_procedures_that_name_nothing_are_no_operations() -> None:
    none = {"resourceType": "Procedure", "status": "completed"}
    for words in ("无", "否认手术史", "无手术外伤史", "No known procedures"):
        assert interpret_resource({**none, "code": {"text": words}}).sense is N, words
    assert interpret_resource({**none, "code": {"text": "无痛胃镜"}}).sense is C, "the control"


def test_a_plan_tells_what_shall_be_done_and_what_not() -> None:
    details = [
        {"status": "in-progress", "description": "每日步行"},
        {"status": "not-started", "doNotPerform": True, "code": {"text": "导尿"}},
        {"status": "entered-in-error", "description": "绝不可见"},
    ]
    title, facts = read(
        "CarePlan", intent="plan", title="方案", activity=[{"detail": d} for d in details]
    )
    assert (title, facts) == ("方案", "每日步行; 导尿 · not begun · DO NOT PERFORM")
    assert read("CarePlan", intent="plan")[0] == "plan not named"


def test_a_goal_tells_its_measure() -> None:
    assert read(
        "Goal",
        lifecycleStatus="active",
        description={"text": "控制血糖"},
        target=[
            {
                "measure": {"text": "空腹血糖"},
                "detailQuantity": {"value": 7, "comparator": "<", "unit": "mmol/L"},
                "dueDate": "2026-12-01",
            }
        ],
    ) == ("控制血糖", "空腹血糖 <7 mmol/L, until 2026-12-01")


def test_a_device_that_came_with_its_use() -> None:
    title, _facts = read(
        "DeviceUseStatement",
        device={"reference": "#d"},
        contained=[{"resourceType": "Device", "id": "d", "deviceName": [{"name": "起搏器"}]}],
    )
    assert title == "起搏器"
    assert read("Device", deviceName=[{"name": "起搏器"}], modelNumber="A2", lotNumber="7") == (
        "起搏器",
        "model A2; lot 7",
    )


@pytest.mark.parametrize(
    ("more", "title", "facts"),
    [
        ({}, "father", "冠心病 (onset: 52 岁); 2型糖尿病; deceased: 60 岁"),
        ({"relationship": {"text": "大伯"}, "condition": []}, "大伯", "deceased: 60 岁"),
        ({"relationship": {}, "condition": [{"onsetString": "中年"}]}, "relative not named",
         "illness not named (onset: 中年); deceased: 60 岁"),
    ],
)  # fmt: skip
def test_relatives(more: dict[str, Any], title: str, facts: str) -> None:
    with override("en"):
        reading = read_family_history({**make_family("Patient/1"), "name": "绝不可见", **more})
    assert (reading.title, "; ".join(reading.facts)) == (title, facts)


def test_the_living_and_the_dead() -> None:
    base = {k: v for k, v in make_family("Patient/1").items() if k != "deceasedAge"}
    with override("en"):
        for more, words in (
            ({"deceasedBoolean": True}, "deceased"),
            ({"deceasedBoolean": False}, "living"),
            ({"deceasedDate": "1999-05"}, "deceased: 1999-05"),
            ({"deceasedString": "早年"}, "deceased: 早年"),
        ):
            assert read_family_history({**base, **more}).facts[-1] == words


def test_a_family_without_illness() -> None:
    denied = make_family("Patient/1", condition=[{"code": {"text": "无"}}])
    assert read_family_history(denied).sense is N
    mixed = make_family(
        "Patient/1", condition=[{"code": {"text": "无"}}, {"code": {"text": "高血压"}}]
    )
    assert read_family_history(mixed).sense is C, "the control: one illness is one"


def test_imaging_in_words() -> None:
    with override("en"):
        reading = read_imaging_study(make_study("Patient/1"))
        assert reading.title == "胸部CT平扫"
        assert reading.facts == ("CT", "胸部", "2 series, 320 images")
        series = [{"modality": {"code": "MR"}, "instance": [{}, {}]}, {"modality": {"code": "ZZ"}}]
        bare = {"resourceType": "ImagingStudy", "status": "available", "series": series}
        found = read_imaging_study(bare)
        assert (found.title, found.facts) == ("MRI, ZZ", ("2 series, 2 images",))
        assert read_imaging_study({"resourceType": "ImagingStudy"}).title == "imaging"


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://pacs.example.org/v?study=1", "pacs.example.org"),
        ("http://pacs.example.org/v", ""),
        ("javascript:alert(1)", ""),
        ("https://user:pw@pacs.example.org/", ""),
        ("https://", ""),
        ("https://[bad", ""),
        ("https://pacs.example.org/\u202ev", ""),
        ("dicom://pacs", ""),
        ("", ""),
    ],
)
def test_which_addresses_may_be_opened(address: str, host: str) -> None:
    endpoint = {"id": "e", "status": "active", "address": address, "name": "PACS"}
    study = {"endpoint": [{"reference": "#e"}], "contained": [endpoint]}
    assert [safe_address(e)[1] for e in list_endpoints(study)] == [host]
    assert safe_address({**endpoint, "status": "off"}) == ("", "")
    assert list_endpoints({"endpoint": [{"reference": "Endpoint/1", "display": "影像科"}]}) == [
        {"name": "影像科"}
    ], "one that did not come with the study has a name alone"


def told(code: str, at: str = "2026-11-01", **value: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "effectiveDateTime": at,
        **value,
    }


def status(text: str, at: str = "2026-11-01", **more: Any) -> dict[str, Any]:
    return {**told("82810-3", at, valueCodeableConcept={"text": text}), **more}


def named(name: str, text: str) -> dict[str, Any]:
    """Of a hospital that gives no code."""
    return {**told("", valueString=text), "code": {"text": name}}


NOON = dt.datetime(2026, 11, 30, 4, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("observations", "sex", "said"),
    [
        ([status("妊娠")], "female", "None 0"),
        ([told("11778-8", valueDateTime="2027-03-01")], "female", "2027-03-01 27"),
        (
            [status("妊娠"), told("8665-2", valueDateTime="2026-06-01")],
            "female",
            "2027-03-08 26 reckoned",
        ),
        ([told("8665-2", valueDateTime="2026-11-01")], "female", ""),
        ([status("未妊娠"), told("11778-8", valueDateTime="2027-03-01")], "female", ""),
        ([status("妊娠", "2025-01-01")], "female", ""),
        ([told("11778-8", valueDateTime="2026-09-01")], "female", ""),
        ([status("妊娠", status="entered-in-error")], "female", ""),
        ([status("妊娠")], "male", ""),
        ([status("妊娠", modifierExtension=[{"url": "urn:x"}])], "female", ""),
        ([], "female", ""),
        ([status("是")], "female", "None 0"),
        ([status("未妊娠", "2026-11-20"), status("妊娠")], "female", ""),
        ([status("未妊娠", "2026-10-01"), status("妊娠")], "female", "None 0"),
        ([named("预产期", "2027-03-01")], "female", "2027-03-01 27"),
    ],
)
def test_a_pregnancy_of_today(observations: list[dict[str, Any]], sex: str, said: str) -> None:
    found = read_pregnancy([("a", o) for o in observations], [], PatientTraits(sex), NOON)
    words = found and f"{found.delivery} {found.weeks}{' reckoned' * found.reckoned}"
    assert (words or "") == said


def test_a_newer_word_on_it_ends_what_a_diagnosis_says_and_an_older_one_does_not() -> None:
    woman = PatientTraits("female", "1995-01-01")
    diagnosis = ("a", problem("孕28周", recordedDate="2026-10-01"))
    found = read_pregnancy([], [diagnosis], woman, NOON)
    assert found and [s.type_name for s in found.sources] == ["Condition"]
    assert read_pregnancy([("a", status("未妊娠"))], [diagnosis], woman, NOON) is None
    earlier = ("a", status("未妊娠", "2026-03-01"))
    assert read_pregnancy([earlier], [diagnosis], woman, NOON)
