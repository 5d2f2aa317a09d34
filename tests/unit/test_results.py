"""An Observation's lines: the laboratory's word first, its range where it said nothing."""

from typing import Any

import pytest

from records.meaning.result_flags import ResultFlag
from tests.support.results import line, low_high, quantity

UCUM = "http://unitsofmeasure.org"


@pytest.mark.parametrize(
    ("sent", "value", "flag", "said"),
    [
        (
            {
                "valueQuantity": quantity(52, "U/L"),
                "interpretation": [{"text": "高"}],
                "referenceRange": [{"text": "7 ~ 40"}],
            },
            "52",
            ResultFlag.HIGH,
            "高",
        ),
        (
            {"valueQuantity": quantity(52, "U/L"), "referenceRange": [{"text": "7 ~ 40"}]},
            "52",
            ResultFlag.HIGH,
            "",
        ),
        (
            {"valueQuantity": quantity(98, "g/L"), "referenceRange": [{"text": "110～160"}]},
            "98",
            ResultFlag.LOW,
            "",
        ),
        (
            {
                "valueQuantity": quantity(6.8, "mmol/L"),
                "interpretation": [{"coding": [{"code": "HH"}]}],
            },
            "6.8",
            ResultFlag.CRITICAL_HIGH,
            "HH",
        ),
        (
            {"valueQuantity": quantity(0.01, "ng/mL", "<"), "referenceRange": low_high(None, 0.04)},
            "<0.01",
            ResultFlag.NORMAL,
            "",
        ),
        (
            {"valueQuantity": quantity(5, "", "<"), "referenceRange": low_high(7, None)},
            "<5",
            ResultFlag.LOW,
            "",
        ),
        (
            {"valueQuantity": quantity(20, "", ">="), "referenceRange": low_high(0, 10)},
            "≥20",
            ResultFlag.HIGH,
            "",
        ),
        ({"valueString": "52↑"}, "52", ResultFlag.HIGH, "↑"),
        ({"valueString": "6.8 危急值"}, "6.8", ResultFlag.CRITICAL, "危急值"),
        ({"valueString": "＜0.5"}, "＜0.5", ResultFlag.NONE, ""),
        (
            {"valueString": "阳性(+)", "referenceRange": [{"text": "阴性"}]},
            "阳性(+)",
            ResultFlag.POSITIVE,
            "",
        ),
        (
            {"valueString": "阴性", "referenceRange": [{"text": "阴性"}]},
            "阴性",
            ResultFlag.NORMAL,
            "",
        ),
        (
            {"valueString": "阴性", "referenceRange": [{"text": "阳性"}]},
            "阴性",
            ResultFlag.ABNORMAL,
            "",
        ),
        (
            {"valueString": "阳性", "interpretation": [{"text": "正常"}]},
            "阳性",
            ResultFlag.NORMAL,
            "正常",
        ),
        ({"valueString": "黄色"}, "黄色", ResultFlag.NONE, ""),
        (
            {
                "valueCodeableConcept": {"text": "阳性"},
                "interpretation": [{"coding": [{"code": "A"}]}],
            },
            "阳性",
            ResultFlag.ABNORMAL,
            "A",
        ),
        (
            {
                "valueCodeableConcept": {"text": "阴性"},
                "interpretation": [{"coding": [{"code": "NEG"}]}],
            },
            "阴性",
            ResultFlag.NORMAL,
            "NEG",
        ),
        (
            {
                "valueQuantity": quantity(9, "mmol/L"),
                "referenceRange": [{"high": {"value": 100, "unit": "mg/dL"}}],
            },
            "9",
            ResultFlag.NONE,
            "",
        ),
        (
            {
                "valueQuantity": quantity(9, "mmol/L"),
                "referenceRange": low_high(3, 6),
                "interpretation": [{"text": "已复核"}],
            },
            "9",
            ResultFlag.HIGH,
            "已复核",
        ),
        (
            {
                "valueQuantity": quantity(9, "mmol/L"),
                "referenceRange": low_high(3, 6),
                "interpretation": [{"coding": [{"code": "W"}]}],
            },
            "9",
            ResultFlag.HIGH,
            "W",
        ),
        (
            {
                "valueQuantity": quantity(9, "mmol/L"),
                "referenceRange": low_high(3, 6),
                "interpretation": [{"coding": [None, {"code": "-"}]}],
            },
            "9",
            ResultFlag.HIGH,
            "-",
        ),
        (
            {
                "valueQuantity": quantity(9, "mmol/L"),
                "interpretation": [{"coding": [{"code": "-"}]}],
            },
            "9",
            ResultFlag.NONE,
            "-",
        ),
        ({"valueInteger": 0}, "0", ResultFlag.NONE, ""),
        (
            {
                "valueQuantity": {"value": 92, "unit": "mmol/L", "code": "umol/L", "system": UCUM},
                "referenceRange": low_high(57, 90),
            },
            "92",
            ResultFlag.NONE,
            "",
        ),
    ],
)
def test_marks_of_a_line(sent: dict[str, Any], value: str, flag: ResultFlag, said: str) -> None:
    found = line(**sent)
    assert (found.value.text, found.flag, found.said, found.contradicts) == (
        value,
        flag,
        said,
        False,
    )
