"""Map DG1 to Condition, AL1 and IAM to AllergyIntolerance."""

from __future__ import annotations

from typing import Any

from . import rules
from .building import Building
from .code_tables import (
    ALLERGY_CATEGORIES,
    DIAGNOSIS_VERIFICATION,
    FHIR,
    REACTION_SEVERITY,
)
from .data_types import read_concept, read_staff
from .message import Segment


def read_concept_of(segment: Segment, number: int, kind: str, building: Building) -> dict[str, Any]:
    found = segment.repetitions(number)
    return read_concept(found[0], building.origin, kind) if found else {}


def concept_key(concept: dict[str, Any]) -> str:
    """What tells a diagnosis or allergy from the patient's others: the sent code, else the text."""
    codings = concept.get("coding") or []
    return codings[-1]["code"] if codings else "-".join(concept.get("text", "").split())[:80]


def put_diagnosis(dg1: Segment, building: Building) -> None:
    concept = read_concept_of(dg1, 3, "diagnosis", building)
    if dg1.text(4):
        concept["text"] = concept.get("text") or dg1.text(4)
    if not concept:
        building.refuse(rules.NO_CODE, dg1, 3)
        return
    whose = building.visit or building.patient
    record = dg1.text(20) or f"{whose}/{concept_key(concept)}"
    if dg1.text(20):
        record = f"{whose}/{dg1.text(20)}"
    found = building.time(dg1, 5)
    deleted = dg1.text(21).upper() == "D"
    verified = DIAGNOSIS_VERIFICATION.get(dg1.text(6).upper(), "confirmed")
    doctors = [s for s in map(read_staff, dg1.repetitions(16)) if s]
    resource = {
        "clinicalStatus": {
            "coding": [{"system": FHIR + "condition-clinical", "code": "active"}],
        },
        "verificationStatus": {
            "coding": [{"system": FHIR + "condition-ver-status", "code": verified}],
        },
        "category": [
            {"coding": [{"system": FHIR + "condition-category", "code": "encounter-diagnosis"}]}
        ],
        "code": concept,
        "subject": building.subject(),
        **building.encounter(),
        "recordedDate": found.date_time if found else "",
        "asserter": doctors[0] if doctors else {},
    }
    building.put(
        "Condition",
        record,
        resource,
        dg1,
        day=found.day if found else "",
        action="recall" if deleted else "put",
        moment=building.full_moment(),
    )


def put_allergy(al1: Segment, building: Building) -> None:
    """AL1 tells what there is; IAM says in IAM-6 whether it is added or deleted."""
    iam = al1.name == "IAM"
    concept = read_concept_of(al1, 3, "allergy", building)
    if not concept:
        building.refuse(rules.NO_CODE, al1, 3)
        return
    severity = REACTION_SEVERITY.get(al1.text(4).upper())
    reaction = [r for r in (v.whole() for v in al1.repetitions(5)) if r]
    began = building.time(al1, 11 if iam else 6)
    category = ALLERGY_CATEGORIES.get(al1.text(2).upper())
    deleted = iam and al1.text(6).upper() == "D"
    resource = {
        "clinicalStatus": {
            "coding": [{"system": FHIR + "allergyintolerance-clinical", "code": "active"}]
        },
        "verificationStatus": {
            "coding": [{"system": FHIR + "allergyintolerance-verification", "code": "confirmed"}]
        },
        "category": [category] if category else [],
        "code": concept,
        "patient": building.subject(),
        "onsetDateTime": began.date_time if began else "",
        "reaction": [
            {
                "manifestation": [{"text": r} for r in reaction],
                **({"severity": severity} if severity else {}),
            }
        ]
        if reaction
        else [],
    }
    building.put(
        "AllergyIntolerance",
        f"{building.patient}/{concept_key(concept)}",
        resource,
        al1,
        action="recall" if deleted else "put",
        moment=building.full_moment(),
    )
