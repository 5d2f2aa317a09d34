"""An invented patient of two hospitals, with something of every section of a patient summary,
and with references to what no summary holds.
"""

from typing import Any

from tests.factories.fhir import Api, make_patient

Json = dict[str, Any]
LOINC, SNOMED, TERMS = (
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://terminology.hl7.org/CodeSystem/",
)
DAY, MOMENT = "2026-01-05", "2026-01-05T08:00:00+08:00"
SEEN = {"div": '<div xmlns="http://www.w3.org/1999/xhtml">门诊</div>', "status": "generated"}


def coded(system: str, code: str, text: str = "") -> Json:
    return {"coding": [{"system": system, "code": code}]} | ({"text": text} if text else {})


def write(api: Api, name: str, resident: str) -> str:
    """Write the record; the Patient's Type/id."""
    house = api.create(
        {
            "resourceType": "Organization",
            "name": "Xinglin test house",
            "identifier": [{"system": "urn:oid:2.16.156.10011.1.4", "value": "T1"}],
        }
    )
    doctor = api.create(
        {
            "resourceType": "Practitioner",
            "name": [{"family": "林", "given": ["医"], "text": "林医"}],
        }
    )
    about = api.create(
        make_patient(name, resident=resident)
        | {
            "managingOrganization": {"reference": house},
            "generalPractitioner": [{"reference": doctor, "display": "林医"}],
            "telecom": [{"system": "phone", "value": "13800000000", "use": "mobile"}],
            "address": [{"text": "杏林路一号", "city": "杏林"}],
        }
    )
    for resource in records(
        about, house, doctor, visit := api.create(encounter(about, house, doctor))
    ):
        api.create(resource)
    api.create(
        result(about, "4548-4", "laboratory", visit)
        | {
            "status": "final",
            "performer": [{"reference": doctor}],
        }
    )
    return about


def encounter(about: str, house: str, doctor: str) -> Json:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": TERMS + "v3-ActCode", "code": "AMB"},
        "subject": {"reference": about},
        "text": SEEN,
        "period": {"start": MOMENT, "end": "2026-01-05T09:00:00+08:00"},
        "serviceProvider": {"reference": house},
        "participant": [{"individual": {"reference": doctor}}],
    }


def result(about: str, code: str, category: str, visit: str = "") -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [coded(TERMS + "observation-category", category)],
        "code": coded(LOINC, code, "测定"),
        "subject": {"reference": about},
        "effectiveDateTime": MOMENT,
        "performer": [{"display": "检验科"}],
        "valueQuantity": {
            "value": 7.1,
            "unit": "%",
            "system": "http://unitsofmeasure.org",
            "code": "%",
        },
    } | ({"encounter": {"reference": visit, "display": "门诊"}} if visit else {})


def records(about: str, house: str, doctor: str, visit: str) -> list[Json]:
    who = {"reference": about}
    return [
        {
            "resourceType": "Condition",
            "clinicalStatus": coded(TERMS + "condition-clinical", "active"),
            "verificationStatus": coded(TERMS + "condition-ver-status", "confirmed"),
            "category": [coded(TERMS + "condition-category", "problem-list-item")],
            "code": {"text": "高血压"},
            "subject": who,
            "encounter": {"reference": visit},
            "onsetDateTime": DAY,
            "asserter": {"reference": doctor},
        },
        {
            "resourceType": "Condition",
            "clinicalStatus": coded(TERMS + "condition-clinical", "resolved"),
            "verificationStatus": coded(TERMS + "condition-ver-status", "confirmed"),
            "code": {"text": "肺炎"},
            "subject": who,
            "onsetDateTime": "2020-03-01",
            "abatementDateTime": "2020-04-01",
        },
        {
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": coded(TERMS + "allergyintolerance-clinical", "active"),
            "code": {"text": "青霉素"},
            "patient": who,
            "verificationStatus": coded(TERMS + "allergyintolerance-verification", "confirmed"),
            "recorder": {"reference": "https://elsewhere.example/fhir/Practitioner/p"},
        },
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "subject": who,
            "authoredOn": MOMENT,
            "requester": {"reference": doctor},
            "medicationCodeableConcept": {"text": "氨氯地平"},
            "encounter": {"reference": visit},
            "dosageInstruction": [{"text": "每日一次"}],
        },
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": {"text": "乙肝疫苗"},
            "patient": who,
            "occurrenceDateTime": DAY,
        },
        {
            "resourceType": "Procedure",
            "status": "completed",
            "code": {"text": "阑尾切除术"},
            "subject": who,
            "performedDateTime": "2019-05-01",
            "performer": [{"actor": {"reference": doctor}}],
        },
        result(about, "2339-0", "laboratory", visit),
        result(about, "718-7", "laboratory"),
        {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "category": [coded(TERMS + "v2-0074", "LAB")],
            "code": coded(LOINC, "11502-2", "检验报告"),
            "subject": who,
            "effectiveDateTime": MOMENT,
            "performer": [{"reference": house}],
            "encounter": {"reference": visit},
            "contained": [{"resourceType": "Specimen", "id": "s", "type": {"text": "血"}}],
            "specimen": [{"reference": "#s"}],
        },
    ]
