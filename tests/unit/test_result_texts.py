"""Results whose value is a text: shown as sent, read as a number and a unit where they are that."""

from typing import Any

import pytest

from records.fhir.json_codec import parse_json
from records.meaning.observation_results import read_results
from records.meaning.result_flags import ResultFlag
from records.meaning.result_values import ValueKind
from records.meaning.trend import point_in_unit
from tests.support.results import MAN, line, low_high, observation, quantity

UCUM = "http://unitsofmeasure.org"


@pytest.mark.parametrize(
    "sent",
    [
        "1.2×10^3 IU/mL",
        "1.2e3 IU/mL",
        "1.2E3",
        "3-8 /HP",
        "0-1 /HP",
        "120/80 mmHg",
        "2.5 x 3.0 cm",
        "1 : 320",
        "1:320",
        "10 ± 2 mg",
        "10±2",
        "1 型 糖尿病",
        "3 天前 开始",
        "52↑ (7-40)",
        "<1.0E+2 copies/mL",
        "12.5 109/L",
        "2A",
        "1b",
        "3 月",
        "1,5 mmol/L",
        "1 234",
        "5.6.7",
        "2026-11-05",
        "12.5 10^9",
        "3 /4",
        "5 COI 3",
        "5－8 /HP",
        "2×3 cm",
        "7.3 复查 7.1",
        "5 mg 2 次",
        "1.5 ～ 2 g/L",
    ],
)
def test_a_text_that_is_no_whole_number_is_shown_as_sent(sent: str) -> None:
    found = line(valueString=sent, referenceRange=low_high(0, 1))
    assert (found.value.kind, found.value.text, found.number, found.flag) == (
        ValueKind.TEXT,
        sent,
        None,
        ResultFlag.NONE,
    ) and point_in_unit(found, found.unit) is None


@pytest.mark.parametrize(
    ("sent", "number", "code"),
    [
        ("12.5 10^9/L", 12.5, "10*9/L"),
        ("12.5×10⁹/L", 12.5, "10*9/L"),
        ("12.5 x 10^9/L", 12.5, "10*9/L"),
        ("5．6", 5.6, ""),
        ("５．６ mmol/L", 5.6, "mmol/L"),
        ("120 mmHg", 120, "mm[Hg]"),
        ("7.5%", 7.5, "%"),
        ("<0.5 ng/mL", 0.5, "ng/mL"),
        ("-2.3 mmol/L", -2.3, "mmol/L"),
        ("3 /HP", 3, "/[HPF]"),
        ("24.1 kg/m²", 24.1, "kg/m2"),
        ("52", 52, ""),
        ("80 次/分", 80, "/min"),
        ("52 U/L ↑", 52, "U/L"),
    ],
)
def test_a_text_that_is_a_number_and_a_unit(sent: str, number: float, code: str) -> None:
    found = line(valueString=sent)
    assert (found.number, found.unit.code) == (number, code)


@pytest.mark.parametrize(
    ("sent", "bounds", "flag"),
    [
        *(
            (sent, {"text": "0-1"}, ResultFlag.NONE)
            for sent in (
                "24h",
                "12 h",
                "24(h)",
                "24小时",
                "3天",
                "5 min",
                "3L",
                "2周",
                "0.5 h",
                "5d",
                "24 hours",
            )
        ),
        ("24h", {"high": {"value": 1}}, ResultFlag.NONE),
        ("24h", {"text": "0-1 mmol/L"}, ResultFlag.NONE),
        ("52", {"text": "7-40 U/L"}, ResultFlag.NONE),
        ("24h", {"text": "0-12h"}, ResultFlag.HIGH),
        ("3.5 mmol/L", {"text": "0-1 mmol/L"}, ResultFlag.HIGH),
        ("0.5 mmol/L", {"text": "0-1 mmol/L"}, ResultFlag.NORMAL),
        ("3500 umol/L", {"text": "0-1 mmol/L"}, ResultFlag.HIGH),
        ("52", {"text": "7-40"}, ResultFlag.HIGH),
        ("5.2H", {"text": "3-5"}, ResultFlag.HIGH),
    ],
)
def test_a_unit_within_a_text_has_to_be_that_of_the_range(
    sent: str, bounds: dict[str, Any], flag: ResultFlag
) -> None:
    found = line(valueString=sent, referenceRange=[bounds])
    assert found.flag is flag and (found.high is None) is (flag is ResultFlag.NONE)


@pytest.mark.parametrize(
    ("value", "expected", "flag"),
    [
        ("阴性", "阴性/弱阳性", ResultFlag.NORMAL),
        ("弱阳性", "阴性/弱阳性", ResultFlag.NORMAL),
        ("强阳性", "阴性/弱阳性", ResultFlag.POSITIVE),
        ("阴性", "阴性或±", ResultFlag.NORMAL),
        ("±", "-～±", ResultFlag.NORMAL),
        ("++", "- ~ ±", ResultFlag.POSITIVE),
        ("1+", "阴性~1+", ResultFlag.NORMAL),
        ("黄色", "阴性/弱阳性", ResultFlag.NONE),
        ("+1", "阴性", ResultFlag.POSITIVE),
        ("+2", "阴性", ResultFlag.POSITIVE),
        ("1+(0.3g/L)", "阴性", ResultFlag.POSITIVE),
        ("阳性(5.2)", "阴性", ResultFlag.POSITIVE),
        ("阴性(0.2)", "阴性", ResultFlag.NORMAL),
        ("+2", "-3~3", ResultFlag.NONE),
    ],
)
def test_a_quality_against_what_is_expected(value: str, expected: str, flag: ResultFlag) -> None:
    found = line(valueString=value, referenceRange=[{"text": expected}])
    assert (found.flag, found.number, found.value.text) == (flag, None, value)


@pytest.mark.parametrize(
    ("unit", "code"),
    [("%", "mmol/mol"), ("%", "1"), ("S/CO", "U/mL"), ("万单位", "[IU]"), ("mmol/L", "umol/L")],
)
def test_a_unit_that_its_code_contradicts_is_shown_and_compared_with_nothing(
    unit: str, code: str
) -> None:
    found = line(
        valueQuantity=quantity(6.5, unit, code=code, system=UCUM), referenceRange=low_high(1, 2)
    )
    assert (found.flag, found.low, found.high, point_in_unit(found, found.unit)) == (
        ResultFlag.NONE,
        None,
        None,
        None,
    )
    assert (
        found.unit.shown() == f"{unit}［编码：{code}］"
        and found.unit.shown(chinese=False) == f"{unit} [coded: {code}]"
    )


@pytest.mark.parametrize(
    "more",
    [
        {"interpretation": [None]},
        {"interpretation": "H"},
        {"referenceRange": [{"type": "normal", **low_high(1, 9)[0]}]},
        {"referenceRange": [{"appliesTo": "x", "age": "y", "type": 3}]},
        {"referenceRange": [None, {"type": {"coding": {"code": "normal"}}}]},
    ],
)
def test_what_is_malformed_is_no_error(more: dict[str, Any]) -> None:
    assert line(valueQuantity=quantity(5), **more).value.text == "5"


@pytest.mark.parametrize(
    ("said", "odd"),
    [("正常", True), ("偏低", True), ("高", False), ("阳性", False), ("异常", False)],
)
def test_a_contradiction_is_told_and_the_laboratory_has_the_word(said: str, odd: bool) -> None:
    found = line(
        valueQuantity=quantity(9), referenceRange=low_high(3, 6), interpretation=[{"text": said}]
    )
    assert (
        found.contradicts is odd
        and found.said == said
        and (found.flag is not ResultFlag.HIGH or said == "高")
    )
    assert line(
        valueQuantity=quantity(5), referenceRange=low_high(3, 6), interpretation=[{"text": "高"}]
    ).contradicts


def test_a_number_keeps_its_digits() -> None:
    [found] = read_results(
        parse_json(b'{"code":{"text":"x"},"valueQuantity":{"value":7.10}}'), MAN, "a"
    )
    assert found.value.text == "7.10" and found.number == 7.1


def test_components_each_have_their_own() -> None:
    systolic, diastolic = read_results(
        observation(
            "85354-9",
            text="血压",
            component=[
                {
                    "code": {"text": "收缩压"},
                    "valueQuantity": quantity(182, "mm[Hg]"),
                    "interpretation": [{"text": "偏高"}],
                },
                {"code": {"text": "舒张压"}, "valueQuantity": quantity(80, "mm[Hg]")},
            ],
        ),
        MAN,
        "a",
    )
    assert (systolic.title, systolic.flag, diastolic.title, diastolic.flag) == (
        "收缩压",
        ResultFlag.HIGH,
        "舒张压",
        ResultFlag.NONE,
    ) and systolic.identity != diastolic.identity
    assert (
        read_results(observation(hasMember=[{"reference": "Observation/1"}]), MAN, "a") == []
        and line().value.kind is ValueKind.NOTHING
    )
    marked = read_results(
        observation(
            interpretation=[{"text": "危急值"}],
            component=[{"code": {"text": "pH"}, "valueQuantity": quantity(7.0)}],
        ),
        MAN,
        "a",
    )
    assert [(x.title, x.flag) for x in marked] == [
        ("血钾", ResultFlag.CRITICAL),
        ("pH", ResultFlag.NONE),
    ], "a mark of the whole is not lost"
    assert line(dataAbsentReason={"text": "标本溶血"}).value.kind is ValueKind.ABSENT
