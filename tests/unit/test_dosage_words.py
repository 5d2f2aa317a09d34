"""All of a Dosage is said, in English and Chinese."""

from typing import Any

import pytest
from django.utils.translation import override

from records.meaning.dosage import describe_doses

MG = {"value": 15, "unit": "mg"}


@pytest.mark.parametrize(
    ("dosage", "english", "chinese"),
    [
        (
            {
                "doseAndRate": [{"doseQuantity": MG}],
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}},
            },
            "15 mg · once a week",
            "15 mg · 每周1次",
        ),
        (
            {"timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}},
            "3 times a day",
            "每日3次",
        ),
        (
            {"timing": {"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}}},
            "every 8 hours",
            "每8小时",
        ),
        (
            {
                "timing": {
                    "repeat": {
                        "frequency": 1,
                        "frequencyMax": 2,
                        "period": 6,
                        "periodMax": 8,
                        "periodUnit": "h",
                    }
                }
            },
            "1–2 times every 6–8 hours",
            "每6–8小时1–2次",
        ),
        (
            {"timing": {"repeat": {"frequency": 2, "period": 3, "periodUnit": "wk"}}},
            "2 times every 3 weeks",
            "每3周2次",
        ),
        (
            {
                "timing": {
                    "repeat": {
                        "dayOfWeek": ["mon", "thu"],
                        "timeOfDay": ["08:00:00"],
                        "when": ["ACM"],
                        "offset": 30,
                    }
                }
            },
            "on Monday, Thursday · at 08:00 · before breakfast, 30 minutes apart",
            "周一、周四 · 08:00 · 早餐前（间隔30分钟）",
        ),
        (
            {
                "timing": {
                    "repeat": {
                        "duration": 30,
                        "durationMax": 60,
                        "durationUnit": "min",
                        "count": 3,
                        "countMax": 5,
                        "boundsDuration": {"value": 7, "unit": "天"},
                    }
                }
            },
            "over 30–60 minutes · 3–5 times in all · course of 7 天",
            "持续30–60分钟 · 共3–5次 · 疗程7 天",
        ),
        (
            {
                "timing": {
                    "repeat": {
                        "boundsRange": {
                            "low": {"value": 5, "unit": "天"},
                            "high": {"value": 7, "unit": "天"},
                        }
                    }
                }
            },
            "course of 5–7 天",
            "疗程5–7 天",
        ),
        (
            {"timing": {"repeat": {"boundsPeriod": {"start": "2026-11-01", "end": "2026-11-14"}}}},
            "2026-11-01 to 2026-11-14",
            "2026-11-01 至 2026-11-14",
        ),
        ({"timing": {"code": {"coding": [{"code": "BID"}]}}}, "twice a day", "每日2次"),
        ({"timing": {"code": {"text": "每日两次"}}}, "每日两次", "每日两次"),
        (
            {"timing": {"event": ["2026-11-20T23:30:00Z"]}},
            "on 2026-11-21 07:30",
            "2026-11-21 07:30",
        ),
        (
            {"asNeededBoolean": True, "doseAndRate": [{"doseQuantity": MG}]},
            "15 mg · when needed",
            "15 mg · 必要时",
        ),
        ({"asNeededBoolean": False, "doseAndRate": [{"doseQuantity": MG}]}, "15 mg", "15 mg"),
        ({"asNeededCodeableConcept": {"text": "疼痛"}}, "when needed: 疼痛", "必要时（疼痛）"),
        (
            {
                "maxDosePerPeriod": {
                    "numerator": {"value": 60, "unit": "mg"},
                    "denominator": {"value": 24, "unit": "h"},
                }
            },
            "at most 60 mg / 24 h",
            "最多60 mg / 24 h",
        ),
        (
            {"maxDosePerAdministration": MG, "maxDosePerLifetime": {"value": 550, "unit": "mg"}},
            "at most 15 mg at a time · at most 550 mg in a lifetime",
            "单次最多15 mg · 终身累计最多550 mg",
        ),
        (
            {
                "doseAndRate": [
                    {
                        "doseRange": {
                            "low": {"value": 2, "unit": "mg"},
                            "high": {"value": 5, "unit": "mg"},
                        }
                    }
                ]
            },
            "2–5 mg",
            "2–5 mg",
        ),
        (
            {"doseAndRate": [{"doseQuantity": MG, "type": {"text": "按体重"}}]},
            "15 mg (按体重)",
            "15 mg（按体重）",
        ),
        (
            {"doseAndRate": [{"rateQuantity": {"value": 2, "unit": "U/h"}}]},
            "rate 2 U/h",
            "速度2 U/h",
        ),
        (
            {
                "doseAndRate": [
                    {
                        "rateRatio": {
                            "numerator": {"value": 100, "unit": "mL"},
                            "denominator": {"value": 1, "unit": "h"},
                        }
                    }
                ]
            },
            "rate 100 mL/h",
            "速度100 mL/h",
        ),
        (
            {
                "doseAndRate": [
                    {
                        "rateRange": {
                            "low": {"value": 1, "unit": "mL/h"},
                            "high": {"value": 3, "unit": "mL/h"},
                        }
                    }
                ]
            },
            "rate 1–3 mL/h",
            "速度1–3 mL/h",
        ),
        (
            {"route": {"text": "静脉滴注"}, "method": {"text": "缓慢"}, "site": {"text": "左臂"}},
            "静脉滴注 · 缓慢 · at: 左臂",
            "静脉滴注 · 缓慢 · 给药部位：左臂",
        ),
        (
            {"additionalInstruction": [{"text": "与食物同服"}], "patientInstruction": "多饮水"},
            "与食物同服 · told to the patient: 多饮水",
            "与食物同服 · 患者须知：多饮水",
        ),
        (
            {"doseAndRate": [{"doseQuantity": {"value": 5, "comparator": "<", "unit": "mg"}}]},
            "<5 mg",
            "<5 mg",
        ),
        ({"text": "口服"}, "口服", "口服"),
        ({"text": "15 mg", "doseAndRate": [{"doseQuantity": MG}]}, "15 mg", "15 mg"),
        (
            {
                "doseAndRate": [
                    {
                        "doseQuantity": {
                            "value": 5,
                            "unit": "mg",
                            "code": "ug",
                            "system": "http://unitsofmeasure.org",
                        }
                    }
                ]
            },
            "5 mg [coded: ug]",
            "5 mg［编码：ug］",
        ),
        (
            {
                "text": "5 mg",
                "doseAndRate": [
                    {
                        "doseQuantity": {
                            "value": 5,
                            "unit": "mg",
                            "code": "ug",
                            "system": "http://unitsofmeasure.org",
                        }
                    }
                ],
            },
            "5 mg [coded: 5 mg [coded: ug]]",
            "5 mg［编码医嘱：5 mg［编码：ug］］",
        ),
        (
            {"text": "每次5mg", "doseAndRate": [{"doseQuantity": MG}]},
            "每次5mg [coded: 15 mg]",
            "每次5mg［编码医嘱：15 mg］",
        ),
    ],
)
def test_all_of_a_dosage_is_said(dosage: dict[str, Any], english: str, chinese: str) -> None:
    for language, words in (("en", english), ("zh-hans", chinese)):
        with override(language):
            assert describe_doses([dosage]) == (words,)


@pytest.mark.parametrize(
    ("written", "value", "unit", "same"),
    [
        ("0.5mg", 5, "mg", False),
        ("15mg 每周一次", 5, "mg", False),
        ("25mg", 5, "mg", False),
        ("12.5mg", 2.5, "mg", False),
        ("115 mg", 15, "mg", False),
        ("10 mg/kg", 10, "mg", False),
        ("1-2片", 12, "片", False),
        ("1～2片", 2, "片", False),
        ("1至2片", 2, "片", False),
        ("1/2片", 2, "片", False),
        ("2片半", 2, "片", False),
        ("1,500 mg", 500, "mg", False),
        ("１５ｍｇ", 5, "mg", False),
        ("5 mg 每公斤", 5, "mg", False),
        ("5 mg×2", 5, "mg", False),
        ("<5 mg", 5, "mg", False),
        ("1 5mg", 15, "mg", False),
        ("50 mg", 5, "mg", False),
        ("早 10mg 晚 5mg", 5, "mg", False),
        ("5万单位", 5, "", False),
        ("5 mg", 5, "m", False),
        ("15mg 每周一次", 15, "mg", True),
        ("口服，每次０.５mg，每日3次", 0.5, "mg", True),
        ("take 15 mg po qd.", 15, "mg", True),
        ("每次:5mg", 5, "mg", True),
        ("5 MG, 3次/日", 5, "mg", True),
    ],
)
def test_a_text_hides_no_other_dose(written: str, value: float, unit: str, same: bool) -> None:
    with override("en"):
        [found] = describe_doses(
            [{"text": written, "doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}]}]
        )
    assert found == (written if same else f"{written} [coded: {f'{value} {unit}'.strip()}]")


def test_a_range_is_no_number() -> None:
    rate = {
        "doseAndRate": [
            {"doseRange": {"low": {"value": 1, "unit": "片"}, "high": {"value": 2, "unit": "片"}}}
        ]
    }
    with override("en"):
        assert describe_doses([{"text": "12片"} | rate]) == (
            "12片 [coded: 1–2 片]",
        ) and describe_doses([{"text": "每次1～2片"} | rate]) == ("每次1～2片",)


@pytest.mark.parametrize(
    ("coding", "shown"),
    [
        ({"system": "urn:his", "code": "MO", "display": "每周一"}, "每周一"),
        ({"system": "urn:local", "code": "AM", "display": "隔日一次"}, "隔日一次"),
        ({"system": "urn:his", "code": "MO"}, "MO"),
        (
            {"system": "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation", "code": "BID"},
            "twice a day",
        ),
        ({"code": "QD", "display": "qd"}, "once a day"),
        ({"code": "MO", "display": "每周一"}, "每周一"),
    ],
)
def test_only_standard_codes_of_frequency_are_translated(
    coding: dict[str, Any], shown: str
) -> None:
    with override("en"):
        assert describe_doses([{"timing": {"code": {"coding": [coding]}}}]) == (shown,)


def test_steps_stand_in_their_order() -> None:
    with override("en"):
        assert describe_doses(
            [{"sequence": 2, "text": "5 mg"}, {"sequence": 1, "text": "10 mg"}]
        ) == ("step 1: 10 mg", "step 2: 5 mg")
        assert describe_doses([{"text": "早 10 mg"}, {"text": "晚 5 mg"}]) == (
            "早 10 mg",
            "晚 5 mg",
        )
        assert (
            describe_doses([]) == ()
            and describe_doses([{"doseAndRate": [{"doseQuantity": {"unit": "片"}}]}]) == ()
        )
