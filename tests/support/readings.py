"""Short forms of a reading, for the tests of what a resource means."""

from typing import Any

from django.utils.translation import override

from records.meaning.resource_reading import interpret_resource
from records.meaning.sense import ResourceReading

ICD10 = "http://hl7.org/fhir/sid/icd-10"


def told(kind: str, **more: Any) -> ResourceReading:
    with override("en"):
        return interpret_resource({"resourceType": kind, **more})


def coded(*codes: str) -> dict[str, Any]:
    return {"coding": [{"code": c} for c in codes]}


def marks(reading: ResourceReading) -> list[str]:
    return [m.text for m in reading.marks]


def allergy(name: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "code": {"text": name},
        "clinicalStatus": coded("active"),
        **more,
    }


def problem(name: str, code: str = "", system: str = ICD10, **more: Any) -> dict[str, Any]:
    concept: dict[str, Any] = {"text": name} if name else {}
    if code:
        concept["coding"] = [{"system": system, "code": code}]
    return {
        "resourceType": "Condition",
        "code": concept,
        "clinicalStatus": coded("active"),
        **more,
    }


def medicine(name: str = "", dose: str = "", **more: Any) -> dict[str, Any]:
    out: dict[str, Any] = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "authoredOn": "2026-10-02",
        **({"medicationCodeableConcept": {"text": name}} if name else {}),
        **({"dosageInstruction": [{"text": dose}]} if dose else {}),
    }
    return out | more
