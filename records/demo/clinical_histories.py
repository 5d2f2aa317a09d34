"""Chronic illnesses as FHIR: encounters, problems, medicines, laboratory series and reports over
three years.
"""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

from records.demo.demo_patients import DEMO_SEED, DemoPatient
from records.mpi.matching.rules.resident_number import RESIDENT_NUMBER_SYSTEM

Json = dict[str, Any]
ICD, LOINC, UCUM = "http://hl7.org/fhir/sid/icd-10", "http://loinc.org", "http://unitsofmeasure.org"
# story: (ICD-10, name), (medicine, dose), [(LOINC, name, unit, start, end, low, high)], allergy
STORIES: dict[
    str,
    tuple[
        tuple[str, str],
        list[tuple[str, str]],
        list[tuple[str, str, str, float, float, float | None, float | None]],
        str,
    ],
] = {
    "diabetes": (
        ("E11.900", "2型糖尿病"),
        [
            ("盐酸二甲双胍片 0.5g", "口服，每次0.5g，每日2次，餐后"),
            ("格列美脲片 2mg", "口服，每次2mg，每日1次，早餐前"),
        ],
        [
            ("4548-4", "糖化血红蛋白", "%", 9.1, 6.8, 4.0, 6.0),
            ("1558-6", "空腹血糖", "mmol/L", 10.8, 6.9, 3.9, 6.1),
        ],
        "青霉素",
    ),
    "hypertension": (
        ("I10.x00", "原发性高血压"),
        [
            ("苯磺酸氨氯地平片 5mg", "口服，每次5mg，每日1次"),
            ("缬沙坦胶囊 80mg", "口服，每次80mg，每日1次"),
        ],
        [
            ("2823-3", "血钾", "mmol/L", 4.4, 4.1, 3.5, 5.3),
            ("22748-8", "低密度脂蛋白胆固醇", "mmol/L", 4.2, 2.9, None, 3.4),
        ],
        "",
    ),
    "copd": (
        ("J44.900", "慢性阻塞性肺疾病"),
        [
            ("噻托溴铵粉吸入剂 18μg", "吸入，每次18μg，每日1次"),
            ("布地奈德福莫特罗粉吸入剂", "吸入，每次1吸，每日2次"),
        ],
        [
            ("6690-2", "白细胞计数", "10*9/L", 11.4, 7.2, 3.5, 9.5),
            ("1988-5", "C反应蛋白", "mg/L", 24, 4, None, 8),
        ],
        "头孢曲松",
    ),
    "kidney": (
        ("N18.300", "慢性肾脏病3期"),
        [
            ("碳酸氢钠片 0.5g", "口服，每次1g，每日3次"),
            ("厄贝沙坦片 150mg", "口服，每次150mg，每日1次"),
        ],
        [
            ("2160-0", "血肌酐", "μmol/L", 131, 178, 57, 111),
            ("33914-3", "估算肾小球滤过率", "mL/min/1.73m2", 52, 37, 90, None),
        ],
        "碘造影剂",
    ),
    "heart": (
        ("I25.103", "冠状动脉粥样硬化性心脏病"),
        [
            ("阿司匹林肠溶片 100mg", "口服，每次100mg，每日1次"),
            ("阿托伐他汀钙片 20mg", "口服，每次20mg，每晚1次"),
        ],
        [
            ("22748-8", "低密度脂蛋白胆固醇", "mmol/L", 4.0, 1.7, None, 3.4),
            ("33762-6", "N末端脑钠肽前体", "pg/mL", 860, 240, None, 125),
        ],
        "",
    ),
    "depression": (
        ("F32.100", "中度抑郁发作"),
        [("盐酸舍曲林片 50mg", "口服，每次50mg，每日1次")],
        [("3016-3", "促甲状腺激素", "mIU/L", 3.1, 2.4, 0.27, 4.2)],
        "",
    ),
}
# one member's laboratory sends some tests in codes of its own (docs/adr/0068)
LOCAL_HOSPITAL, LOCAL_SYSTEM = "nanqiao", "urn:xinglin:local:nanqiao:lis:laboratory"
LOCAL_CODES = {"718-7": "HGB", "6690-2": "WBC", "1988-5": "CRP"}
COMMON = [("718-7", "血红蛋白", "g/L", 138, 134, 115, 150)]


def make_history_bundle(who: DemoPatient, hospital: str, today: dt.date) -> Json:
    """All that one hospital knows of one person, as a transaction of PUTs: sending it twice
    stores no second copy.
    """
    rng = random.Random(f"{DEMO_SEED}{who.key}{hospital}")
    entries = [
        {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
        for r in iter_history(who, hospital, today, rng)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def iter_history(
    who: DemoPatient, hospital: str, today: dt.date, rng: random.Random
) -> Iterator[Json]:
    about = {"reference": f"Patient/{who.key}"}
    yield {
        "resourceType": "Patient",
        "id": who.key,
        "gender": who.gender,
        "birthDate": who.born.isoformat(),
        "name": [
            {"use": "official", "text": who.name, "family": who.name[0], "given": [who.name[1:]]}
        ],
        "telecom": [{"system": "phone", "value": who.phone}],
        "identifier": [
            {"system": RESIDENT_NUMBER_SYSTEM, "value": who.number},
            {
                "type": {
                    "coding": [
                        {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}
                    ]
                },
                "system": f"urn:xinglin:demo:{hospital}:mrn",
                "value": f"{hospital[:2].upper()}{rng.randrange(10**7):07d}",
            },
        ],
    }
    (code, disease), medicines, labs, allergy = STORIES[who.story]
    began = today - dt.timedelta(days=rng.randrange(1100, 2600))
    yield {
        "resourceType": "Condition",
        "id": f"{who.key}-c1",
        "subject": about,
        "code": {"coding": [{"system": ICD, "code": code, "display": disease}], "text": disease},
        "clinicalStatus": codeable_concept(
            "http://terminology.hl7.org/CodeSystem/condition-clinical", "active"
        ),
        "verificationStatus": codeable_concept(
            "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"
        ),
        "onsetDateTime": began.isoformat(),
    }
    if allergy:
        yield {
            "resourceType": "AllergyIntolerance",
            "id": f"{who.key}-a1",
            "patient": about,
            "code": {"text": allergy},
            "criticality": "high",
            "clinicalStatus": codeable_concept(
                "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active"
            ),
            "recordedDate": began.isoformat(),
            "reaction": [{"manifestation": [{"text": "皮疹"}]}],
        }
    for n, (name, dose) in enumerate(medicines, 1):
        yield {
            "resourceType": "MedicationRequest",
            "id": f"{who.key}-m{n}",
            "status": "active",
            "intent": "order",
            "subject": about,
            "medicationCodeableConcept": {"text": name},
            "authoredOn": (today - dt.timedelta(days=rng.randrange(5, 60))).isoformat(),
            "dosageInstruction": [{"text": dose}],
        }
    visits = 8 if hospital == "xinglin" else 10
    for v in range(visits):
        day = today - dt.timedelta(
            days=int(1000 * (visits - 1 - v) / (visits - 1)) + rng.randrange(2, 14)
        )
        yield from iter_visit(
            who, hospital, about, day, v, v / (visits - 1), labs + COMMON, disease, rng
        )


def iter_visit(
    who: DemoPatient,
    hospital: str,
    about: Json,
    day: dt.date,
    v: int,
    part: float,
    labs: list[Any],
    disease: str,
    rng: random.Random,
) -> Iterator[Json]:
    inpatient = hospital == "xinglin" and v == 3
    at = f"{day.isoformat()}T0{rng.randrange(8, 10)}:{rng.randrange(10, 60)}:00+08:00"
    end = (day + dt.timedelta(days=6 if inpatient else 0)).isoformat()
    encounter = f"{who.key}-e{v}"
    yield {
        "resourceType": "Encounter",
        "id": encounter,
        "status": "finished",
        "subject": about,
        "period": {"start": at, "end": f"{end}T17:00:00+08:00"},
        "class": {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "code": "IMP" if inpatient else "AMB",
            "display": "住院" if inpatient else "门诊",
        },
        "type": [{"text": "住院" if inpatient else "门诊复诊"}],
        "reasonCode": [{"text": disease}],
    }
    for n, (code, name, unit, start, stop, low, high) in enumerate(labs):
        value = start + (stop - start) * part
        value *= 1 + rng.uniform(-0.06, 0.06)
        bounds = {
            k: {"value": b, "unit": unit}
            for k, b in (("low", low), ("high", high))
            if b is not None
        }
        yield {
            "resourceType": "Observation",
            "id": f"{who.key}-o{v}-{n}",
            "status": "final",
            "subject": about,
            "encounter": {"reference": f"Encounter/{encounter}"},
            "category": [
                codeable_concept(
                    "http://terminology.hl7.org/CodeSystem/observation-category", "laboratory"
                )
            ],
            "effectiveDateTime": at,
            "code": {"coding": [make_test_coding(hospital, code, name)], "text": name},
            "valueQuantity": {
                "value": round(value, 1 if value < 100 else 0),
                "unit": unit,
                "system": UCUM,
                "code": unit,
            },
            "referenceRange": [bounds],
        }
    if inpatient:
        yield {
            "resourceType": "DiagnosticReport",
            "id": f"{who.key}-r{v}",
            "status": "final",
            "subject": about,
            "effectiveDateTime": at,
            "code": {"text": "出院小结"},
            "conclusion": f"因{disease}入院，经治疗后病情平稳，建议社区随访，按时服药，定期复查。",
        }


def make_test_coding(hospital: str, code: str, name: str) -> Json:
    """In the hospital's own code where its laboratory has one instead of LOINC's."""
    if hospital == LOCAL_HOSPITAL and code in LOCAL_CODES:
        return {"system": LOCAL_SYSTEM, "code": LOCAL_CODES[code], "display": name}
    return {"system": LOINC, "code": code}


def codeable_concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}
