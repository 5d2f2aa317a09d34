"""Reference ranges as Chinese reports print them, and which one is the patient's."""

from typing import Any

import pytest

from records.meaning.range_choice import choose_range
from records.meaning.range_display import summarize_ranges
from records.meaning.range_reading import parse_range
from records.meaning.reference_ranges import PatientTraits, ReferenceRange, flag_against_bounds
from records.meaning.result_flags import ResultFlag
from records.meaning.result_units import unit_from_text

MAN, WOMAN, CHILD = (
    PatientTraits("male", "1980-05-01"),
    PatientTraits("female", "1980-05-01"),
    PatientTraits("female", "2024-05-01"),
)
AT = "2026-10-05T08:00:00+08:00"


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7 ~ 40", 7, 40),
        ("7～40", 7, 40),
        ("7〜40", 7, 40),
        ("110-160", 110, 160),
        ("110～160", 110, 160),
        ("0.5－1.2", 0.5, 1.2),
        ("3.5--5.5", 3.5, 5.5),
        ("3.5—5.5", 3.5, 5.5),
        ("3.5–5.5", 3.5, 5.5),
        ("０～５", 0, 5),
        ("３．５－５．５", 3.5, 5.5),
        ("0～5 mg/L", 0, 5),
        ("(7-40)", 7, 40),
        ("[7-40]", 7, 40),
        ("参考值：7-40", 7, 40),
        ("3.5至5.5", 3.5, 5.5),
        ("3.5 to 5.5", 3.5, 5.5),
        ("-3~3", -3, 3),
        ("-3-3", -3, 3),
        ("1,000-4,000", 1000, 4000),
        ("20%-40%", 20, 40),
        ("7.0-40.0 U/L", 7, 40),
        ("4.0-10.0×10^9/L", 4, 10),
        ("4.0-10.0 10^9/L", 4, 10),
        ("4.0-10.0 10⁹/L", 4, 10),
        ("0-5/HP", 0, 5),
        ("0-5个/HP", 0, 5),
        ("<5", None, 5),
        ("＜5", None, 5),
        ("≤5", None, 5),
        ("<=5.0", None, 5),
        ("小于10", None, 10),
        ("5以下", None, 5),
        (">60", 60, None),
        ("≥90", 90, None),
        ("大于60", 60, None),
        ("90以上", 90, None),
        ("<0.5 ng/mL", None, 0.5),
        ("男:57-97 女:41-73", 57, 97),
        ("男 57~97；女 41~73", 57, 97),
        ("男性57～97μmol/L,女性41～73μmol/L", 57, 97),
        ("M:57-97 F:41-73", 57, 97),
        ("女:41-73 男:57-97", 57, 97),
        ("阴性(<1.0)", None, 1.0),
        ("见说明", None, None),
        ("<1:80", None, None),
        ("40-10", None, None),
        ("7-", None, None),
        ("-3--1", None, None),
        ("7~40~50", None, None),
        ("卵泡期:3-10 排卵期:5-9", None, None),
        ("成人:3-5", None, None),
        ("", None, None),
        ("0-5 岁: 3", None, None),
        ("4.0-10.0 20", None, None),
        ("女:41-73", None, None),
    ],
)
def test_texts(text: str, low: float | None, high: float | None) -> None:
    found = parse_range(text, "male")
    assert (found.low, found.high, found.text) == (low, high, text.strip())


def test_sexed_texts_say_nothing_of_an_unknown_sex() -> None:
    assert (
        parse_range("男:57-97 女:41-73", "female").low == 41
        and not parse_range("男:57-97 女:41-73", "").known
        and not parse_range("男:57-97 女:41-73", "other").known
    )


def between(low: float | None, high: float | None, by: str = "", **more: Any) -> dict[str, Any]:
    def end(v: float) -> dict[str, Any]:
        return {"value": v, **({"unit": by} if by else {})}

    return {
        **({"low": end(low)} if low is not None else {}),
        **({"high": end(high)} if high is not None else {}),
        **more,
    }


def kind(code: str) -> dict[str, Any]:
    return {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/referencerange-meaning", "code": code}
        ]
    }


def sex(code: str) -> list[dict[str, Any]]:
    return [{"coding": [{"system": "http://snomed.info/sct", "code": code}]}]


def aged(low: float | None, high: float | None, by: str = "a") -> dict[str, Any]:
    return {
        k: {"value": v, "unit": by, "system": "http://unitsofmeasure.org", "code": by}
        for k, v in (("low", low), ("high", high))
        if v is not None
    }


MALE, FEMALE = (
    between(57, 97, appliesTo=sex("248153007")),
    between(41, 73, appliesTo=sex("248152002")),
)


@pytest.mark.parametrize(
    ("nodes", "patient", "expected"),
    [
        ([between(7, 40)], MAN, (7, 40)),
        ([MALE, FEMALE], MAN, (57, 97)),
        ([MALE, FEMALE], WOMAN, (41, 73)),
        ([MALE, FEMALE], PatientTraits("", "1980"), None),
        ([MALE, FEMALE], PatientTraits("other", "1980"), None),
        *(
            ([between(1, 2, appliesTo=sex(code))], PatientTraits(who, "1980"), None)
            for code in "12"
            for who in ("", "unknown", "other", "male", "female")
        ),
        ([between(1, 2, appliesTo=[{"coding": [{"code": "1"}], "text": "男"}])], MAN, (1, 2)),
        (
            [between(1, 2, appliesTo=[{"coding": [{"code": "1"}], "text": "男"}])],
            PatientTraits("", "1980"),
            None,
        ),
        (
            [between(2, 3, type=kind("therapeutic")), between(0.8, 1.2, type=kind("normal"))],
            MAN,
            (0.8, 1.2),
        ),
        ([between(2, 3, type=kind("treatment"))], MAN, None),
        ([between(2, 3, type=kind("recommended"))], MAN, None),
        ([between(2, 3, type={"text": "治疗目标"})], MAN, None),
        ([between(2, 3, type={"text": "参考范围"})], MAN, (2, 3)),
        (
            [between(3, 10, type=kind("follicular")), between(20, 90, type=kind("midcycle"))],
            WOMAN,
            None,
        ),
        (
            [between(110, 160, age=aged(18, None)), between(105, 145, age=aged(0, 17))],
            MAN,
            (110, 160),
        ),
        (
            [between(110, 160, age=aged(18, None)), between(105, 145, age=aged(0, 17))],
            CHILD,
            (105, 145),
        ),
        (
            [between(1, 2, age=aged(0, 28, "d")), between(3, 4, age=aged(1, 36, "mo"))],
            CHILD,
            (3, 4),
        ),
        ([between(1, 2, age=aged(18, None))], PatientTraits("male", ""), None),
        ([between(1, 2, age=aged(18, None))], PatientTraits("male", "1980"), (1, 2)),
        ([between(1, 2, age=aged(46, None))], PatientTraits("male", "1980"), None),
        ([between(7, 40), between(9, 50)], MAN, None),
        ([between(7, 40), between(7, 40)], MAN, (7, 40)),
        ([between(7, 40), MALE], MAN, (57, 97)),
        ([between(7, 40), MALE], WOMAN, (7, 40)),
        ([between(1, 2, appliesTo=[{"text": "孕妇"}]), between(7, 40)], WOMAN, (7, 40)),
        ([between(1, 2, appliesTo=[{"text": "女性"}])], WOMAN, (1, 2)),
        ([between(1, 2, appliesTo=[*sex("248152002"), {"text": "孕妇"}])], WOMAN, None),
        ([{"text": "男:57-97 女:41-73"}], WOMAN, (41, 73)),
        ([between(40, 7)], MAN, None),
        ([], MAN, None),
        (None, MAN, None),
        (["x"], MAN, None),
        ([between(0, 5, text="儿童: 0-5")], MAN, None),
        ([between(0, 5, text="新生儿参考范围")], MAN, None),
        ([between(0, 5, text="0-50")], MAN, None),
        ([between(0, 5, text="0-5")], MAN, (0, 5)),
        ([between(None, 5, text="0-5")], MAN, (None, 5)),
        ([between(0, 5, text="成人: 0-5")], MAN, (0, 5)),
        ([between(0, 5, text="成人: 0-5")], CHILD, None),
        ([between(0, 5, text="女 0-5")], MAN, None),
        ([between(0, 5, text="参考范围")], MAN, (0, 5)),
        ([between(0, 5, "mg/L", text="0-5 mg/L")], MAN, (0, 5)),
        ([between(0, 5, text="妊娠晚期")], WOMAN, None),
        ([between(0, 5, text="Newborn 0-5")], MAN, None),
        ([{"low": {"value": 1, "unit": "g/L"}, "high": {"value": 2, "unit": "mg/L"}}], MAN, None),
    ],
)
def test_the_one_that_fits(
    nodes: Any, patient: PatientTraits, expected: tuple[float, float] | None
) -> None:
    found = choose_range(nodes, patient, AT)
    assert (found and (found.low, found.high)) == expected


def test_the_age_is_that_at_the_time_of_the_result() -> None:
    young_then = [between(1, 2, age=aged(0, 17)), between(3, 4, age=aged(18, None))]
    who = PatientTraits("male", "2008-10-05")
    assert choose_range(young_then, who, "2026-10-04T16:30:00Z") == ReferenceRange(
        3, 4, text="3–4"
    ), "18 at midnight of the hospital's clock"
    assert choose_range(young_then, who, "2026-10-04T15:30:00Z") == ReferenceRange(1, 2, text="1–2")


@pytest.mark.parametrize(
    ("value", "comparator", "code", "bounds", "flag"),
    [
        (52, "", "U/L", ReferenceRange(7, 40), ResultFlag.HIGH),
        (7, "", "U/L", ReferenceRange(7, 40), ResultFlag.NORMAL),
        (40, "", "U/L", ReferenceRange(7, 40), ResultFlag.NORMAL),
        (6.9, "", "U/L", ReferenceRange(7, 40), ResultFlag.LOW),
        (5, "<", "", ReferenceRange(7, 40), ResultFlag.LOW),
        (7, "<", "", ReferenceRange(7, 40), ResultFlag.LOW),
        (7, "<=", "", ReferenceRange(7, 40), ResultFlag.NONE),
        (5, "<", "", ReferenceRange(0, 4), ResultFlag.NONE),
        (0.01, "<", "", ReferenceRange(0, 0.04), ResultFlag.NORMAL),
        (0, "<", "", ReferenceRange(0, 0.04), ResultFlag.LOW),
        (1, "<", "", ReferenceRange(-3, 3), ResultFlag.NONE),
        (0.01, "<", "", ReferenceRange(0, 0.04, open_low=True), ResultFlag.NONE),
        (5, "<", "", ReferenceRange(None, 10), ResultFlag.NORMAL),
        (20, "<", "", ReferenceRange(None, 10), ResultFlag.NONE),
        (20, ">", "", ReferenceRange(0, 10), ResultFlag.HIGH),
        (10, ">", "", ReferenceRange(0, 10), ResultFlag.HIGH),
        (10, ">=", "", ReferenceRange(0, 10), ResultFlag.NONE),
        (5, ">", "", ReferenceRange(0, 10), ResultFlag.NONE),
        (90, ">", "", ReferenceRange(60, None), ResultFlag.NORMAL),
        (5, "", "", ReferenceRange(None, 5, open_high=True), ResultFlag.HIGH),
        (5, "", "", ReferenceRange(None, 5), ResultFlag.NORMAL),
        (60, "", "", ReferenceRange(60, None, open_low=True), ResultFlag.LOW),
        (5, "", "", ReferenceRange(), ResultFlag.NONE),
        (5, "ad", "", ReferenceRange(0, 10), ResultFlag.NONE),
        (
            92,
            "",
            "umol/L",
            ReferenceRange(0.057, 0.097, unit_from_text("mmol/L")),
            ResultFlag.NORMAL,
        ),
        (
            110,
            "",
            "umol/L",
            ReferenceRange(0.057, 0.097, unit_from_text("mmol/L")),
            ResultFlag.HIGH,
        ),
        (5, "", "mmol/L", ReferenceRange(70, 110, unit_from_text("mg/dL")), ResultFlag.NONE),
        (5, "", "", ReferenceRange(70, 110, unit_from_text("mg/dL")), ResultFlag.NONE),
    ],
)
def test_where_a_number_stands(
    value: float, comparator: str, code: str, bounds: ReferenceRange, flag: ResultFlag
) -> None:
    assert flag_against_bounds(value, comparator, code, bounds) == flag


def test_what_stands_beside_the_value() -> None:
    goal = between(2, 3, type={"coding": [{"code": "therapeutic", "display": "治疗目标"}]})
    assert (
        summarize_ranges(
            [goal, between(0.8, 1.2)], choose_range([goal, between(0.8, 1.2)], MAN, AT), ""
        )
        == "0.8–1.2；治疗目标：2–3"
    )
    assert summarize_ranges([MALE, FEMALE], None, "") == "♂：57–97；♀：41–73"
    assert (
        summarize_ranges([between(3, None), between(0.1, 0.2, "mmol/L")], None, "umol/L")
        == "≥ 3；0.1–0.2 mmol/L"
    )
    assert (
        summarize_ranges([between(0, 5, text="0-50")], None, "") == "0-50；0–5"
        and summarize_ranges([between(0, 5, text="新生儿参考范围")], None, "")
        == "新生儿参考范围；0–5"
    )
    assert summarize_ranges([between(0, 5, text="儿童: 0-5")], None, "") == "儿童: 0-5"
    assert (
        summarize_ranges([between(1, 2, age=aged(18, None))], None, "") == "18岁及以上：1–2"
        and summarize_ranges([between(1, 2, age=aged(None, 17))], None, "", chinese=False)
        == "up to 17y: 1–2"
    )
    assert (
        summarize_ranges([between(1, 2, age=aged(0, 28, "d"))], None, "") == "0天–28天：1–2"
        and summarize_ranges(None, None, "") == ""
    )
