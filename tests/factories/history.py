"""Invented entries of a history: procedures, devices, immunizations, plans, family, social history,
imaging, growth.
"""

from typing import Any

LOINC = "http://loinc.org"


def make_procedure(about: str, text: str = "阑尾切除术", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "subject": {"reference": about},
        "code": {"text": text},
        "performedDateTime": "2019-05-04",
        **more,
    }


def make_immunization(about: str, dose: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "patient": {"reference": about},
        "vaccineCode": {"text": "重组乙型肝炎疫苗"},
        "occurrenceDateTime": f"2024-0{dose}-11",
        "protocolApplied": [{"doseNumberPositiveInt": dose}],
        **more,
    }


def make_family(about: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "FamilyMemberHistory",
        "status": "completed",
        "patient": {"reference": about},
        "date": "2025-03-01",
        "relationship": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "FTH"}
            ]
        },
        "condition": [
            {"code": {"text": "冠心病"}, "onsetAge": {"value": 52, "unit": "岁"}},
            {"code": {"text": "2型糖尿病"}},
        ],
        "deceasedAge": {"value": 60, "unit": "岁"},
        **more,
    }


def make_study(about: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ImagingStudy",
        "status": "available",
        "subject": {"reference": about},
        "started": "2026-02-03T09:10:00+08:00",
        "description": "胸部CT平扫",
        "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}],
        "numberOfSeries": 2,
        "numberOfInstances": 320,
        "series": [
            {
                "uid": f"1.2.3.{n}",
                "number": n,
                "modality": {"code": "CT"},
                "description": words,
                "numberOfInstances": 160,
                "bodySite": {"display": "胸部"},
            }
            for n, words in ((1, "肺窗"), (2, "纵隔窗"))
        ],
        **more,
    }


def make_growth(
    about: str, code: str, value: float, unit: str, day: str, **more: Any
) -> dict[str, Any]:
    """code: of LOINC; "" for a sender that gives a name alone, in `code` of more."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": about},
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": unit},
        **more,
    }


def make_history(about: str) -> list[dict[str, Any]]:
    """Something in each section, with what is not done, planned, ended or withdrawn."""
    subject = {"subject": {"reference": about}}
    return [
        make_procedure(
            about,
            bodySite=[{"text": "右下腹"}],
            outcome={"text": "治愈"},
            performer=[{"actor": {"display": "王医生"}}],
        ),
        make_procedure(about, "经皮冠状动脉支架植入术", performedDateTime="2023-11-02T08:00:00Z"),
        make_procedure(
            about,
            "结肠镜检查",
            status="not-done",
            statusReason={"text": "患者拒绝"},
            performedDateTime="2025-06-01",
        ),
        make_procedure(about, "误录的截肢术", status="entered-in-error"),
        {
            "resourceType": "DeviceUseStatement",
            "status": "active",
            **subject,
            "timingDateTime": "2023-11-02",
            "device": {"reference": "#stent"},
            "contained": [
                {
                    "resourceType": "Device",
                    "id": "stent",
                    "deviceName": [{"name": "药物洗脱支架", "type": "user-friendly-name"}],
                }
            ],
            "bodySite": {"text": "前降支"},
        },
        *(make_immunization(about, n) for n in (1, 2, 3)),
        make_immunization(
            about,
            4,
            vaccineCode={"text": "流感疫苗"},
            status="not-done",
            statusReason={"text": "鸡蛋过敏"},
        ),
        {
            "resourceType": "CarePlan",
            "status": "active",
            "intent": "plan",
            **subject,
            "title": "糖尿病管理方案",
            "period": {"start": "2025-01-01"},
            "activity": [
                {"detail": {"status": "in-progress", "description": "每日步行30分钟"}},
                {"detail": {"status": "stopped", "description": "低脂饮食"}},
            ],
        },
        {
            "resourceType": "CarePlan",
            "status": "active",
            "intent": "proposal",
            **subject,
            "title": "戒烟方案",
        },
        {
            "resourceType": "Goal",
            "lifecycleStatus": "active",
            **subject,
            "description": {"text": "糖化血红蛋白低于7%"},
            "target": [{"measure": {"text": "糖化血红蛋白"}, "detailString": "<7%"}],
        },
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            **subject,
            "code": {"text": "转诊心内科"},
            "authoredOn": "2026-01-02",
            "reasonCode": [{"text": "胸痛"}],
        },
        make_family(about),
        make_family(about, relationship={"text": "母亲"}, condition=[{"code": {"text": "无殊"}}]),
        {
            "resourceType": "Observation",
            "status": "final",
            **subject,
            "category": [{"coding": [{"code": "social-history"}]}],
            "code": {"text": "吸烟史", "coding": [{"system": LOINC, "code": "72166-2"}]},
            "effectiveDateTime": "2025-02-02",
            "valueCodeableConcept": {"text": "已戒烟5年"},
        },
    ]
