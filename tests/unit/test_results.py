"""An Observation's lines: the laboratory's word first, its range where it said nothing, and what may be joined in one trend."""

from dataclasses import dataclass
from typing import Any

import pytest

from records.fhir.json import parse
from records.meaning.marks import Flag
from records.meaning.ranges import Patient
from records.meaning.results import Kind, Result, read
from records.meaning.trend import group, point

MAN = Patient("male", "1980-05-01")
UCUM = "http://unitsofmeasure.org"


def quantity(value: float, unit: str = "", comparator: str = "", **more: str) -> dict[str, Any]:
    return {"value": value, **({"unit": unit} if unit else {}), **({"comparator": comparator} if comparator else {}), **more}


def observation(code: str = "2823-3", system: str | None = "http://loinc.org", text: str = "血钾", at: str = "2026-10-05T08:00:00+08:00", **more: Any) -> dict[str, Any]:
    coding = {"coding": [{"code": code, **({"system": system} if system else {})}]} if code else {}
    return {"resourceType": "Observation", "status": "final", "code": {"text": text, **coding}, "effectiveDateTime": at, **more}


def line(hospital: str = "a", **more: Any) -> Result:
    [found] = read(observation(**more), MAN, hospital)
    return found


def low_high(low: float | None, high: float | None) -> list[dict[str, Any]]:
    return [{k: {"value": v} for k, v in (("low", low), ("high", high)) if v is not None}]


@pytest.mark.parametrize(("sent", "value", "flag", "said"), [
    ({"valueQuantity": quantity(52, "U/L"), "interpretation": [{"text": "高"}], "referenceRange": [{"text": "7 ~ 40"}]}, "52", Flag.HIGH, "高"),
    ({"valueQuantity": quantity(52, "U/L"), "referenceRange": [{"text": "7 ~ 40"}]}, "52", Flag.HIGH, ""),
    ({"valueQuantity": quantity(98, "g/L"), "referenceRange": [{"text": "110～160"}]}, "98", Flag.LOW, ""),
    ({"valueQuantity": quantity(6.8, "mmol/L"), "interpretation": [{"coding": [{"code": "HH"}]}]}, "6.8", Flag.CRITICAL_HIGH, "HH"),
    ({"valueQuantity": quantity(0.01, "ng/mL", "<"), "referenceRange": low_high(None, 0.04)}, "<0.01", Flag.NORMAL, ""),
    ({"valueQuantity": quantity(5, "", "<"), "referenceRange": low_high(7, None)}, "<5", Flag.LOW, ""),
    ({"valueQuantity": quantity(20, "", ">="), "referenceRange": low_high(0, 10)}, "≥20", Flag.HIGH, ""), ({"valueString": "52↑"}, "52", Flag.HIGH, "↑"),
    ({"valueString": "6.8 危急值"}, "6.8", Flag.CRITICAL, "危急值"),
    ({"valueString": "＜0.5"}, "＜0.5", Flag.NONE, ""), ({"valueString": "阳性(+)", "referenceRange": [{"text": "阴性"}]}, "阳性(+)", Flag.POSITIVE, ""),
    ({"valueString": "阴性", "referenceRange": [{"text": "阴性"}]}, "阴性", Flag.NORMAL, ""),
    ({"valueString": "阴性", "referenceRange": [{"text": "阳性"}]}, "阴性", Flag.ABNORMAL, ""), ({"valueString": "阳性", "interpretation": [{"text": "正常"}]}, "阳性", Flag.NORMAL, "正常"),
    ({"valueString": "黄色"}, "黄色", Flag.NONE, ""),
    ({"valueCodeableConcept": {"text": "阳性"}, "interpretation": [{"coding": [{"code": "A"}]}]}, "阳性", Flag.ABNORMAL, "A"),
    ({"valueCodeableConcept": {"text": "阴性"}, "interpretation": [{"coding": [{"code": "NEG"}]}]}, "阴性", Flag.NORMAL, "NEG"),
    ({"valueQuantity": quantity(9, "mmol/L"), "referenceRange": [{"high": {"value": 100, "unit": "mg/dL"}}]}, "9", Flag.NONE, ""),
    ({"valueQuantity": quantity(9, "mmol/L"), "referenceRange": low_high(3, 6), "interpretation": [{"text": "已复核"}]}, "9", Flag.HIGH, "已复核"),
    ({"valueQuantity": quantity(9, "mmol/L"), "referenceRange": low_high(3, 6), "interpretation": [{"coding": [{"code": "W"}]}]}, "9", Flag.HIGH, "W"),
    ({"valueQuantity": quantity(9, "mmol/L"), "referenceRange": low_high(3, 6), "interpretation": [{"coding": [None, {"code": "-"}]}]}, "9", Flag.HIGH, "-"),
    ({"valueQuantity": quantity(9, "mmol/L"), "interpretation": [{"coding": [{"code": "-"}]}]}, "9", Flag.NONE, "-"), ({"valueInteger": 0}, "0", Flag.NONE, ""),
    ({"valueQuantity": {"value": 92, "unit": "mmol/L", "code": "umol/L", "system": UCUM}, "referenceRange": low_high(57, 90)}, "92", Flag.NONE, ""),
])
def test_marks_of_a_line(sent: dict[str, Any], value: str, flag: Flag, said: str) -> None:
    found = line(**sent)
    assert (found.value.text, found.flag, found.said, found.contradicts) == (value, flag, said, False)


@pytest.mark.parametrize("sent", [
    "1.2×10^3 IU/mL", "1.2e3 IU/mL", "1.2E3", "3-8 /HP", "0-1 /HP", "120/80 mmHg", "2.5 x 3.0 cm", "1 : 320", "1:320", "10 ± 2 mg", "10±2", "1 型 糖尿病", "3 天前 开始", "52↑ (7-40)",
    "<1.0E+2 copies/mL", "12.5 109/L", "2A", "1b", "3 月", "1,5 mmol/L", "1 234", "5.6.7", "2026-11-05", "12.5 10^9", "3 /4", "5 COI 3", "5－8 /HP", "2×3 cm",
    "7.3 复查 7.1", "5 mg 2 次", "1.5 ～ 2 g/L",
])
def test_a_text_that_is_no_whole_number_is_shown_as_sent(sent: str) -> None:
    found = line(valueString=sent, referenceRange=low_high(0, 1))
    assert (found.value.kind, found.value.text, found.number, found.flag) == (Kind.TEXT, sent, None, Flag.NONE) and point(found, found.unit) is None


@pytest.mark.parametrize(("sent", "number", "code"), [
    ("12.5 10^9/L", 12.5, "10*9/L"), ("12.5×10⁹/L", 12.5, "10*9/L"), ("12.5 x 10^9/L", 12.5, "10*9/L"), ("5．6", 5.6, ""),
    ("５．６ mmol/L", 5.6, "mmol/L"), ("120 mmHg", 120, "mm[Hg]"),
    ("7.5%", 7.5, "%"),
    ("<0.5 ng/mL", 0.5, "ng/mL"), ("-2.3 mmol/L", -2.3, "mmol/L"), ("3 /HP", 3, "/[HPF]"), ("24.1 kg/m²", 24.1, "kg/m2"), ("52", 52, ""), ("80 次/分", 80, "/min"), ("52 U/L ↑", 52, "U/L"),
])
def test_a_text_that_is_a_number_and_a_unit(sent: str, number: float, code: str) -> None:
    found = line(valueString=sent)
    assert (found.number, found.unit.code) == (number, code)


@pytest.mark.parametrize(("sent", "bounds", "flag"), [
    *((sent, {"text": "0-1"}, Flag.NONE) for sent in ("24h", "12 h", "24(h)", "24小时", "3天", "5 min", "3L", "2周", "0.5 h", "5d", "24 hours")),
    ("24h", {"high": {"value": 1}}, Flag.NONE), ("24h", {"text": "0-1 mmol/L"}, Flag.NONE), ("52", {"text": "7-40 U/L"}, Flag.NONE),
    ("24h", {"text": "0-12h"}, Flag.HIGH), ("3.5 mmol/L", {"text": "0-1 mmol/L"}, Flag.HIGH), ("0.5 mmol/L", {"text": "0-1 mmol/L"}, Flag.NORMAL), ("3500 umol/L", {"text": "0-1 mmol/L"}, Flag.HIGH),
    ("52", {"text": "7-40"}, Flag.HIGH), ("5.2H", {"text": "3-5"}, Flag.HIGH),
])
def test_a_unit_within_a_text_has_to_be_that_of_the_range(sent: str, bounds: dict[str, Any], flag: Flag) -> None:
    found = line(valueString=sent, referenceRange=[bounds])
    assert found.flag is flag and (found.high is None) is (flag is Flag.NONE)


@pytest.mark.parametrize(("value", "expected", "flag"), [
    ("阴性", "阴性/弱阳性", Flag.NORMAL), ("弱阳性", "阴性/弱阳性", Flag.NORMAL), ("强阳性", "阴性/弱阳性", Flag.POSITIVE), ("阴性", "阴性或±", Flag.NORMAL), ("±", "-～±", Flag.NORMAL),
    ("++", "- ~ ±", Flag.POSITIVE), ("1+", "阴性~1+", Flag.NORMAL), ("黄色", "阴性/弱阳性", Flag.NONE),
    ("+1", "阴性", Flag.POSITIVE), ("+2", "阴性", Flag.POSITIVE), ("1+(0.3g/L)", "阴性", Flag.POSITIVE), ("阳性(5.2)", "阴性", Flag.POSITIVE), ("阴性(0.2)", "阴性", Flag.NORMAL),
    ("+2", "-3~3", Flag.NONE),
])
def test_a_quality_against_what_is_expected(value: str, expected: str, flag: Flag) -> None:
    found = line(valueString=value, referenceRange=[{"text": expected}])
    assert (found.flag, found.number, found.value.text) == (flag, None, value)


@pytest.mark.parametrize(("unit", "code"), [("%", "mmol/mol"), ("%", "1"), ("S/CO", "U/mL"), ("万单位", "[IU]"), ("mmol/L", "umol/L")])
def test_a_unit_that_its_code_contradicts_is_shown_and_compared_with_nothing(unit: str, code: str) -> None:
    found = line(valueQuantity=quantity(6.5, unit, code=code, system=UCUM), referenceRange=low_high(1, 2))
    assert (found.flag, found.low, found.high, point(found, found.unit)) == (Flag.NONE, None, None, None)
    assert found.unit.shown() == f"{unit}［编码：{code}］" and found.unit.shown(chinese=False) == f"{unit} [coded: {code}]"


@pytest.mark.parametrize("more", [{"interpretation": [None]}, {"interpretation": "H"},
                                  {"referenceRange": [{"type": "normal", **low_high(1, 9)[0]}]}, {"referenceRange": [{"appliesTo": "x", "age": "y", "type": 3}]},
                                  {"referenceRange": [None, {"type": {"coding": {"code": "normal"}}}]}])
def test_what_is_malformed_is_no_error(more: dict[str, Any]) -> None:
    assert line(valueQuantity=quantity(5), **more).value.text == "5"


@pytest.mark.parametrize(("said", "odd"), [("正常", True), ("偏低", True), ("高", False), ("阳性", False), ("异常", False)])
def test_a_contradiction_is_told_and_the_laboratory_has_the_word(said: str, odd: bool) -> None:
    found = line(valueQuantity=quantity(9), referenceRange=low_high(3, 6), interpretation=[{"text": said}])
    assert found.contradicts is odd and found.said == said and (found.flag is not Flag.HIGH or said == "高")
    assert line(valueQuantity=quantity(5), referenceRange=low_high(3, 6), interpretation=[{"text": "高"}]).contradicts


def test_a_number_keeps_its_digits() -> None:
    [found] = read(parse(b'{"code":{"text":"x"},"valueQuantity":{"value":7.10}}'), MAN, "a")
    assert found.value.text == "7.10" and found.number == 7.1


def test_components_each_have_their_own() -> None:
    systolic, diastolic = read(observation("85354-9", text="血压", component=[
        {"code": {"text": "收缩压"}, "valueQuantity": quantity(182, "mm[Hg]"), "interpretation": [{"text": "偏高"}]},
        {"code": {"text": "舒张压"}, "valueQuantity": quantity(80, "mm[Hg]")}]), MAN, "a")
    assert (systolic.title, systolic.flag, diastolic.title, diastolic.flag) == ("收缩压", Flag.HIGH, "舒张压", Flag.NONE) and systolic.identity != diastolic.identity
    assert read(observation(hasMember=[{"reference": "Observation/1"}]), MAN, "a") == [] and line().value.kind is Kind.NOTHING
    marked = read(observation(interpretation=[{"text": "危急值"}], component=[{"code": {"text": "pH"}, "valueQuantity": quantity(7.0)}]), MAN, "a")
    assert [(x.title, x.flag) for x in marked] == [("血钾", Flag.CRITICAL), ("pH", Flag.NONE)], "a mark of the whole is not lost"
    assert line(dataAbsentReason={"text": "标本溶血"}).value.kind is Kind.ABSENT


@dataclass(frozen=True)
class Item:
    result: Result
    url: str = ""


NUMBER = {"valueQuantity": quantity(4, "mmol/L")}
SAME = [  # whether two results are of one test
    ("shared code, two hospitals, other names", ({}, {"hospital": "b", "text": "钾 (K+)"}), True),
    ("LOINC under its OID", ({}, {"hospital": "b", "system": "urn:oid:2.16.840.1.113883.6.1"}), True),
    ("a national code", ({"system": "urn:oid:2.16.156.10011.2.3.1.1"}, {"system": "urn:oid:2.16.156.10011.2.3.1.1", "hospital": "b"}), True),
    ("a local system in one hospital", ({"system": "urn:lis"}, {"system": "urn:lis", "text": "钾"}), True),
    ("one local system's name in two hospitals", ({"system": "urn:lis"}, {"system": "urn:lis", "hospital": "b"}), False),
    ("alike by chance in two systems", ({"system": "urn:lis"}, {"system": "urn:lis2"}), False),
    ("a code without a system, one hospital", ({"system": ""}, {"system": ""}), True), ("two hospitals", ({"system": ""}, {"system": "", "hospital": "b"}), False),
    ("a code without a system that names another test", ({"system": ""}, {"system": "", "text": "尿酸"}), False),
    ("text alone, one hospital", ({"code": ""}, {"code": "", "text": "血 钾"}), True), ("text alone, two hospitals", ({"code": ""}, {"code": "", "hospital": "b"}), False), ("two texts",
    ({"code": ""}, {"code": "", "text": "尿钾"}), False),
    ("another spelling of a unit", ({"valueQuantity": quantity(92, "umol/L")}, {"valueQuantity": quantity(92, "μmol/l")}), True), ("another size of a unit",
    ({"valueQuantity": quantity(92, "umol/L")}, {"valueQuantity": quantity(0.1, "mmol/L")}), True),
    ("cells", ({"valueQuantity": quantity(9, "×10⁹/L")}, {"valueQuantity": quantity(9, "10*9/L", code="10*9/L", system=UCUM)}), True), ("molar and mass", ({"valueQuantity": quantity(5, "mmol/L")},
    {"valueQuantity": quantity(90, "mg/dL")}), False),
    ("with a unit and without", ({"valueQuantity": quantity(5, "mmol/L")}, {"valueQuantity": quantity(5)}), False), ("% and 1", ({"valueQuantity": quantity(45, "%")},
    {"valueQuantity": quantity(0.45, "1")}), False),
    ("a number and a word", ({}, {"valueQuantity": None, "valueString": "阳性"}), False), ("methods", ({"method": {"text": "酶法"}}, {"method": {"text": "苦味酸法"}}), False), ("one method",
    ({"method": {"text": "酶法"}}, {"method": {"text": "酶法"}}), True),
    ("a method given and none", ({"method": {"text": "酶法"}}, {}), False), ("specimens", ({"specimen": {"display": "血清"}}, {"specimen": {"display": "尿"}}), False), ("numbers of specimens",
    ({"specimen": {"display": "T2026100501"}}, {"specimen": {"display": "T2026100502"}}), True),
    ("contained specimens", ({"specimen": {"reference": "#s"}, "contained": [{"resourceType": "Specimen", "id": "s", "type": {"text": "血清"}}]}, {"specimen": {"display": "血清"}}), True),
    ("sites", ({"bodySite": {"text": "左"}}, {"bodySite": {"text": "右"}}), False),
]


@pytest.mark.parametrize(("pair", "same"), [(p, s) for _, p, s in SAME], ids=[name for name, _, _ in SAME])
def test_identity_of_a_test(pair: tuple[dict[str, Any], dict[str, Any]], same: bool) -> None:
    one, two = (line(**{k: v for k, v in (NUMBER | p).items() if v is not None}) for p in pair)
    assert (one.identity == two.identity) is same
    assert len(group([Item(one), Item(two)])) == (1 if same else 2)


def test_a_test_without_a_name_is_like_no_other() -> None:
    nameless = [read({"id": i, "code": {}, **NUMBER}, MAN, "a")[0] for i in "12"]
    displayed = [read({"code": {"coding": [{"display": "血钾"}]}, **NUMBER}, MAN, "a")[0] for _ in "12"]
    assert nameless[0].identity != nameless[1].identity and displayed[0].identity == displayed[1].identity


def test_several_codes_count_as_the_shared_one() -> None:
    both = {"coding": [{"system": "urn:lis", "code": "K"}, {"system": "http://loinc.org", "code": "2823-3"}], "text": "钾"}
    [one] = read(observation() | NUMBER | {"code": both}, MAN, "b")
    assert one.identity == line(**NUMBER).identity


def test_a_trend_is_in_order_and_in_one_unit() -> None:
    sent = [("2026-10-06T01:00:00+08:00", 0.092, "mmol/L", ""), ("2026-10-05T23:00:00Z", 130, "umol/L", ""), ("2026-10", 90, "μmol/L", ""), ("2026-10-05T20:00:00+08:00", 60, "umol/L", "<")]
    items = [Item(line(at=at, valueQuantity=quantity(v, by, sign), referenceRange=low_high(57, 97) if by == "umol/L" else None), str(i)) for i, (at, v, by, sign) in enumerate(sent)]
    [trend] = group(items)
    assert [i.url for i in trend.points] == ["1", "0", "3", "2"], "by the instant: 23:00 UTC is 07:00 on the next day here"
    drawn = [point(i.result, trend.unit) for i in trend.points]
    assert [(p and p.number, p and p.exact) for p in drawn] == [(130, True), (92, True), (60, False), (90, True)] and drawn[0] and (drawn[0].low, drawn[0].high) == (57, 97)


def test_what_has_one_time_always_stands_in_one_order() -> None:
    items = [Item(line(text=t, code="", valueQuantity=quantity(1)), u) for t, u in (("b", "1"), ("a", "3"), ("a", "2"))]
    first = [[i.url for i in t.points] for t in group(items)]
    assert first == [[i.url for i in t.points] for t in group(items[::-1])] == [["2", "3"], ["1"]]
