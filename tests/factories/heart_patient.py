"""An invented heart patient of two hospitals, with all that can kill them: potassium 6.8 under
potassium and spironolactone, INR 4.9 under warfarin that both hospitals prescribe, a pacemaker,
HBsAg, a rare blood group. Made over the API, as the hospitals' systems would.
"""

import datetime as dt
from typing import Any

from django.utils import timezone

from tests.factories.fhir import Api, make_bundle, make_observation

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
ALLERGIC = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
ICD = "http://hl7.org/fhir/sid/icd-10"


def hours_ago(hours: int) -> str:
    return (timezone.now() - dt.timedelta(hours=hours)).isoformat(timespec="seconds")


def days_ago(days: int) -> str:
    return (timezone.localdate() - dt.timedelta(days=days)).isoformat()


def make_order(about: str, name: str, dose: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": about},
        "authoredOn": days_ago(10),
        "medicationCodeableConcept": {"text": name},
        "dosageInstruction": [{"text": dose}],
        **more,
    }


def make_problem(about: str, name: str, code: str = "", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "subject": {"reference": about},
        "code": {"text": name, **({"coding": [{"system": ICD, "code": code}]} if code else {})},
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
        "recordedDate": days_ago(30),
        **more,
    }


def make_allergy(about: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "patient": {"reference": about},
        "code": {"text": name},
        "criticality": "high",
        "clinicalStatus": {"coding": [{"system": ALLERGIC, "code": "active"}]},
        **more,
    }


def make_text_result(about: str, name: str, value: str, date: str) -> dict[str, Any]:
    made = make_observation(about, date=date) | {"code": {"text": name}, "valueString": value}
    return {k: v for k, v in made.items() if k != "valueQuantity"}


def make_critical(about: str, name: str, value: float, unit: str) -> dict[str, Any]:
    quantity = {"value": value, "unit": unit} if unit else {"value": value}
    return make_observation(about, date=hours_ago(3)) | {
        "code": {"text": name},
        "valueQuantity": quantity,
        "interpretation": [{"coding": [{"code": "HH"}]}],
    }


def resources_at_first(about: str) -> list[dict[str, Any]]:
    """Of the hospital where the patient lies."""
    return [
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                "code": "IMP",
            },
            "subject": {"reference": about},
            "period": {"start": days_ago(2)},
            "location": [{"location": {"display": "心内科一病区 12床"}, "status": "active"}],
        },
        make_order(about, "华法林钠片", "3 mg 每晚一次"),
        make_order(about, "氯化钾缓释片", "1 g 每日两次"),
        make_order(about, "螺内酯片", "20 mg 每日一次"),
        make_problem(about, "2型糖尿病", "E11.900"),
        make_problem(about, "心房颤动", "I48.x00"),
        make_allergy(about, "青霉素"),
        make_critical(about, "血钾", 6.8, "mmol/L"),
        make_critical(about, "INR", 4.9, ""),
        make_text_result(about, "血型", "AB型 Rh阴性", days_ago(400)),
    ]


def resources_at_second(about: str) -> list[dict[str, Any]]:
    """Of the hospital that the patient was treated at before."""
    return [
        make_order(about, "华法林", "半片 每晚"),
        make_problem(about, "Ⅱ型糖尿病"),
        make_problem(about, "房颤"),
        make_allergy(about, "青霉素过敏"),
        make_text_result(about, "乙肝表面抗原", "阳性(+)", days_ago(500)),
        {
            "resourceType": "Procedure",
            "status": "completed",
            "subject": {"reference": about},
            "code": {"text": "双腔永久心脏起搏器植入术"},
            "performedDateTime": days_ago(1500),
        },
    ]


def send_all(api: Api, resources: list[dict[str, Any]]) -> None:
    """In one transaction."""
    reply = api("POST", "", make_bundle(*(("POST", r["resourceType"], r) for r in resources)))
    assert reply.status == 200, reply.body
