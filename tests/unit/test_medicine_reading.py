"""A prescription's meaning by its states and intents; other resources' states."""

from typing import Any

import pytest

from records.meaning.medicine import join_medication, medication_address
from records.meaning.resource_reading import interpret_resource
from records.meaning.sense import ReadingMark, Sense, combine_senses
from tests.support.readings import marks, told


@pytest.mark.parametrize(
    ("status", "more", "sense", "said"),
    [
        ("active", {}, Sense.CURRENT, []),
        ("active", {"doNotPerform": True}, Sense.FORBIDDEN, ["DO NOT GIVE"]),
        ("active", {"doNotPerform": False}, Sense.CURRENT, []),
        ("stopped", {"doNotPerform": True}, Sense.PAST, ["stopped", "DO NOT GIVE"]),
        ("entered-in-error", {"doNotPerform": True}, Sense.VOID, None),
        ("active", {"intent": "proposal"}, Sense.PROPOSED, ["proposal, not ordered"]),
        ("active", {"intent": "plan"}, Sense.PROPOSED, ["plan, not ordered"]),
        ("active", {"intent": "option"}, Sense.PROPOSED, ["option, not ordered"]),
        ("active", {"intent": "proposal", "doNotPerform": True}, Sense.FORBIDDEN, None),
        ("active", {"intent": "instance-order"}, Sense.CURRENT, []),
        ("draft", {}, Sense.PROPOSED, ["draft, not ordered"]),
        ("completed", {"intent": "plan"}, Sense.PAST, ["completed", "plan, not ordered"]),
        ("cancelled", {"intent": "proposal"}, Sense.PAST, None),
        ("stopped", {"intent": "option"}, Sense.PAST, None),
        ("completed", {"intent": "plan", "doNotPerform": True}, Sense.PAST, None),
        ("on-hold", {"intent": "plan"}, Sense.PROPOSED, None),
        ("unknown", {"doNotPerform": True}, Sense.FORBIDDEN, None),
        ("on-hold", {}, Sense.CURRENT, ["on hold"]),
        ("stopped", {}, Sense.PAST, ["stopped"]),
        ("completed", {}, Sense.PAST, ["completed"]),
        ("cancelled", {}, Sense.PAST, ["cancelled before use"]),
        ("unknown", {}, Sense.UNCERTAIN, ["status unknown"]),
        ("active", {"reportedBoolean": True}, Sense.CURRENT, ["reported, not ordered here"]),
        ("entered-in-error", {}, Sense.VOID, None),
    ],
)
def test_a_prescription(
    status: str, more: dict[str, Any], sense: Sense, said: list[str] | None
) -> None:
    found = told(
        "MedicationRequest",
        medicationCodeableConcept={"text": "华法林"},
        status=status,
        **{"intent": "order", **more},
    )
    assert (
        found.sense is sense
        and (said is None or marks(found) == said)
        and (sense is not Sense.FORBIDDEN or found.loud)
    )


@pytest.mark.parametrize(
    ("kind", "status", "sense"),
    [
        ("MedicationStatement", "not-taken", Sense.NEGATIVE),
        ("MedicationStatement", "intended", Sense.PROPOSED),
        ("MedicationStatement", "on-hold", Sense.CURRENT),
        ("MedicationStatement", "stopped", Sense.PAST),
        ("Immunization", "not-done", Sense.NEGATIVE),
        ("Immunization", "completed", Sense.CURRENT),
        ("Procedure", "not-done", Sense.NEGATIVE),
        ("Procedure", "preparation", Sense.PROPOSED),
        ("Procedure", "stopped", Sense.CURRENT),
        ("Encounter", "cancelled", Sense.NEGATIVE),
        ("Encounter", "finished", Sense.CURRENT),
        ("Encounter", "planned", Sense.PROPOSED),
        ("Observation", "cancelled", Sense.VOID),
        ("Observation", "preliminary", Sense.UNCERTAIN),
        ("Observation", "corrected", Sense.CURRENT),
        ("DiagnosticReport", "cancelled", Sense.VOID),
        ("DiagnosticReport", "partial", Sense.UNCERTAIN),
        ("DocumentReference", "superseded", Sense.PAST),
        ("Composition", "preliminary", Sense.UNCERTAIN),
        ("DeviceUseStatement", "intended", Sense.PROPOSED),
        ("Flag", "inactive", Sense.PAST),
    ],
)
def test_other_states(kind: str, status: str, sense: Sense) -> None:
    assert told(kind, status=status).sense is sense


def test_what_belongs_to_a_state_is_said_beside_it() -> None:
    assert told(
        "Immunization",
        status="not-done",
        vaccineCode={"text": "麻疹"},
        statusReason={"text": "发热"},
    ).facts == ("reason: 发热",)
    weak = told(
        "Immunization",
        status="completed",
        vaccineCode={"text": "麻疹"},
        isSubpotent=True,
        subpotentReason=[{"text": "冷链中断"}],
        protocolApplied=[{"doseNumberPositiveInt": 2}],
    )
    assert (
        marks(weak) == ["subpotent dose, may not protect"]
        and weak.facts == ("dose no. 2", "subpotent because: 冷链中断")
        and weak.sense is Sense.UNCERTAIN
    )
    assert (
        told("DocumentReference", status="current", docStatus="entered-in-error").sense
        is Sense.VOID
    )
    assert told(
        "DocumentReference",
        status="current",
        relatesTo=[{"code": "replaces", "target": {"display": "旧版"}}],
    ).facts == ("replaces 旧版",)
    assert told(
        "Observation",
        status="final",
        focus=[{"display": "胎儿"}],
        bodySite={"text": "左臂"},
        method={"text": "手测"},
    ).facts == ("about: 胎儿", "site: 左臂", "method: 手测")
    assert marks(told("Observation")) == ["status not stated"]
    assert (
        combine_senses([Sense.FORBIDDEN, Sense.PAST]) is Sense.PAST
        and combine_senses([Sense.PAST, Sense.PROPOSED]) is Sense.PAST
        and combine_senses([Sense.PAST, Sense.NEGATIVE]) is Sense.NEGATIVE
    )
    assert combine_senses([]) is Sense.CURRENT


def test_a_medicine_that_is_referred_to() -> None:
    held = {"resourceType": "Medication", "id": "m", "code": {"text": "甲氨蝶呤"}}
    assert (
        told("MedicationRequest", contained=[held], medicationReference={"reference": "#m"}).title
        == "甲氨蝶呤"
    )
    for more, sense in (
        ({}, Sense.CURRENT),
        ({"doNotPerform": True}, Sense.FORBIDDEN),
        ({"status": "stopped"}, Sense.PAST),
        ({"intent": "plan"}, Sense.PROPOSED),
    ):
        order = {
            "status": "active",
            "intent": "order",
            "contained": [held | {"status": "entered-in-error"}],
            "medicationReference": {"reference": "#m"},
            **more,
        }
        found = told("MedicationRequest", **order)
        assert found.sense is sense and found.marks[-1] == ReadingMark(
            "product: entered in error", loud=True
        ), "the product's entry was taken back, not the order"
    mixed = {
        "resourceType": "Medication",
        "id": "m",
        "ingredient": [
            {"itemCodeableConcept": {"text": "异烟肼"}},
            {"itemCodeableConcept": {"text": "利福平"}},
        ],
    }
    assert (
        told(
            "MedicationStatement", contained=[mixed], medicationReference={"reference": "#m"}
        ).title
        == "异烟肼, 利福平"
    )
    assert (
        told("MedicationRequest", medicationReference={"reference": "Medication/7"}).title
        == "a medicine that is described elsewhere (Medication/7)"
    )
    assert told("MedicationRequest", medicationReference={"display": "地高辛"}).title == "地高辛"
    sent = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationReference": {"reference": "http://x/fhir/h/Medication/m/_history/2"},
    }
    assert (
        medication_address(sent) == "Medication/m"
        and medication_address({"medicationReference": {"reference": "#m"}}) == ""
    )
    assert (
        interpret_resource(join_medication(sent, {"Medication/m": held})).title == "甲氨蝶呤"
        and join_medication(sent, {}) is sent
    )
    assert interpret_resource(
        join_medication(
            sent,
            {
                "Medication/m": (
                    held | {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}
                )
            },
        )
    ).hidden, "what the product says counts"


def test_a_service_says_how_often_and_that_it_was_stopped() -> None:
    r = {
        "resourceType": "ServiceRequest",
        "status": "revoked",
        "intent": "order",
        "code": {"text": "一级护理"},
        "occurrenceTiming": {
            "code": {"text": "每日一次"},
            "repeat": {"boundsPeriod": {"start": "2026-05-01", "end": "2026-05-04"}},
        },
    }
    reading = interpret_resource(r)
    assert reading.sense is Sense.PAST
    assert [m.text for m in reading.marks] == ["医嘱已撤销或停止"]
    (when,) = reading.facts
    assert "每日一次" in when
    assert "2026-05-04" in when
    assert "{" not in when


def test_medicines_that_are_given_together_say_so() -> None:
    r = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "氯化钾注射液"},
        "courseOfTherapyType": {"text": "长期医嘱"},
        "groupIdentifier": {"system": "urn:xinglin:local:a:his:order-group", "value": "7"},
    }
    assert interpret_resource(r).facts == ("长期医嘱", "同组使用：第 7 组")
    r["groupIdentifier"] = {"system": "urn:oid:2.16.156.10011.1.20", "value": "CF1"}
    assert interpret_resource(r).facts == ("长期医嘱",)
