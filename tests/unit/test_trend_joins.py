"""What a line of a trend may join and what not, row by row, with the reason."""

from typing import Any

import pytest

from records.meaning.trend_joins import GAP_WORDS, Gap, find_join
from tests.support.results import line, quantity

K = {"valueQuantity": quantity(4, "mmol/L")}
CREA = {"code": "14682-9", "text": "肌酐", "valueQuantity": quantity(90, "umol/L")}
CREA_MG = {"code": "2160-0", "text": "Creatinine", "valueQuantity": quantity(1.0, "mg/dL")}
TNI = {"code": "10839-9", "text": "肌钙蛋白I", "valueQuantity": quantity(0.1, "ng/mL")}
LOCAL = {"code": "", "text": "某项目", "valueQuantity": quantity(3, "mmol/L")}
ALT = {"code": "1742-6", "text": "ALT", "valueQuantity": quantity(40, "U/L")}
A1C = {"code": "4548-4", "text": "糖化血红蛋白", "valueQuantity": quantity(7, "%")}
GLU = {"code": "2345-7", "valueQuantity": quantity(6, "mmol/L")}
B = {"hospital": "b"}

JOINED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("one laboratory", K, K),
    ("two laboratories, one shared code", K, K | B),
    ("another size of a unit", CREA, CREA | B | {"valueQuantity": quantity(0.09, "mmol/L")}),
    ("mass and amount by the component's factor", CREA, CREA_MG | B),
    ("one code, mass sent under it", CREA, CREA | {"valueQuantity": quantity(1.1, "mg/dL")}),
    (
        "HbA1c NGSP and IFCC",
        A1C,
        {**A1C, "code": "59261-8"} | {"valueQuantity": quantity(53, "mmol/mol")},
    ),
    (
        "chemistry with traceable calibration, two methods",
        CREA | {"method": {"text": "酶法"}},
        CREA | {"method": {"text": "苦味酸法"}},
    ),
    ("chemistry, a method told and none", CREA | {"method": {"text": "酶法"}}, CREA | B),
    ("amended", K, K | {"status": "amended"}),
    ("corrected", K, K | {"status": "corrected"}),
    ("LOINC names the specimen, one told and one not", K, K | {"specimen": {"display": "血清"}}),
    (
        "one assay, two laboratories",
        TNI | {"method": {"text": "化学发光 X"}},
        TNI | B | {"method": {"text": "化学发光 X"}},
    ),
    ("an assay not stated, one laboratory", TNI, TNI),
    ("a test without a code, one laboratory", LOCAL, LOCAL),
    ("a marked name", LOCAL, LOCAL | {"text": "【全国HR】某项目"}),
    ("enzymes", ALT, ALT | B),
    ("one meal", GLU | {"text": "餐后血糖"}, GLU | {"text": "餐后2小时血糖"}),
]
REFUSED: list[tuple[Gap, str, dict[str, Any], dict[str, Any]]] = [
    (Gap.PRELIMINARY, "preliminary", K, K | {"status": "preliminary"}),
    (Gap.WITHDRAWN, "cancelled", K, K | {"status": "cancelled"}),
    (Gap.WITHDRAWN, "entered in error", K | {"status": "entered-in-error"}, K),
    (Gap.INEXACT, "<5 is not 5", K, K | {"valueQuantity": quantity(5, "mmol/L", "<")}),
    (
        Gap.INEXACT,
        "a comparator in the text",
        K,
        K | {"valueQuantity": None, "valueString": "<0.5 mmol/L"},
    ),
    (
        Gap.WORDS,
        "qualitative and quantitative",
        K,
        K | {"valueQuantity": None, "valueString": "阳性"},
    ),
    (Gap.TEST, "two codes", K, K | {"code": "2951-2"}),
    (Gap.TEST, "24 h and spot urine", K | {"code": "2889-4"}, K | {"code": "2888-6"}),
    (Gap.TEST, "free and total", K | {"code": "3024-7"}, K | {"code": "3026-2"}),
    (
        Gap.TEST,
        "a local code of two hospitals",
        K | {"system": "urn:lis"},
        K | B | {"system": "urn:lis"},
    ),
    (Gap.TEST, "a name alone, two hospitals", LOCAL, LOCAL | B),
    (Gap.TEST, "D-dimer as FEU and as DDU", K | {"code": "48065-7"}, K | {"code": "48066-5"}),
    (Gap.TEST, "troponin I and T", TNI, TNI | {"code": "6598-7", "text": "肌钙蛋白T"}),
    (Gap.TEST, "troponin, conventional and high sensitivity", TNI, TNI | {"code": "89579-7"}),
    (
        Gap.SPECIMEN,
        "serum and urine",
        K | {"specimen": {"display": "血清"}},
        K | {"specimen": {"display": "尿"}},
    ),
    (
        Gap.SPECIMEN,
        "told and not told, no shared code",
        LOCAL,
        LOCAL | {"specimen": {"display": "尿"}},
    ),
    (
        Gap.SITE,
        "left and right",
        LOCAL | {"bodySite": {"text": "左"}},
        LOCAL | {"bodySite": {"text": "右"}},
    ),
    (
        Gap.TIME,
        "fasting and after a meal under one code",
        GLU | {"text": "空腹血糖"},
        GLU | {"text": "餐后2小时血糖"},
    ),
    (
        Gap.TIME,
        "24 hours under one local name's code",
        K | {"text": "尿蛋白", "system": "urn:lis"},
        K | {"text": "24小时尿蛋白", "system": "urn:lis"},
    ),
    (
        Gap.METHOD,
        "two methods of what has no factor",
        ALT | {"method": {"text": "IFCC 37℃"}},
        ALT | {"method": {"text": "25℃"}},
    ),
    (
        Gap.METHOD,
        "two assays of troponin",
        TNI | {"method": {"text": "X"}},
        TNI | {"method": {"text": "Y"}},
    ),
    (Gap.METHOD_UNKNOWN, "troponin of two laboratories", TNI, TNI | B),
    (Gap.METHOD_UNKNOWN, "an assay stated by one of them", TNI, TNI | {"method": {"text": "X"}}),
    (
        Gap.METHOD_UNKNOWN,
        "a tumour marker",
        TNI | {"code": "2039-6", "text": "癌胚抗原"},
        TNI | B | {"code": "2039-6", "text": "CEA"},
    ),
    (Gap.METHOD_UNKNOWN, "ferritin", TNI | {"code": "2276-4"}, TNI | B | {"code": "2276-4"}),
    (Gap.METHOD_UNKNOWN, "a hormone by its name", K | {"text": "睾酮"}, K | B | {"text": "睾酮"}),
    (Gap.METHOD_UNKNOWN, "viral loads", K | {"code": "42595-9"}, K | B | {"code": "42595-9"}),
    (
        Gap.METHOD_UNKNOWN,
        "prothrombin time in seconds",
        K | {"text": "凝血酶原时间"},
        K | B | {"text": "凝血酶原时间"},
    ),
    (
        Gap.UNIT,
        "mass and amount of what has no factor",
        K,
        K | {"valueQuantity": quantity(16, "mg/dL")},
    ),
    (
        Gap.UNIT,
        "% and 1",
        A1C | {"code": "4544-3"},
        A1C | {"code": "4544-3", "valueQuantity": quantity(0.45, "1")},
    ),
    (
        Gap.UNIT,
        "FEU and DDU under one code",
        K | {"valueQuantity": quantity(1, "mg/L{FEU}")},
        K | {"valueQuantity": quantity(1, "mg/L{DDU}")},
    ),
    (
        Gap.UNIT,
        "a component in a unit that is none of its own",
        CREA,
        CREA | {"valueQuantity": quantity(1, "U/L")},
    ),
    (Gap.UNIT_MISSING, "no unit", K, K | {"valueQuantity": quantity(4)}),
    (
        Gap.UNIT_ODD,
        "unit against code",
        K,
        K
        | {
            "valueQuantity": quantity(4, "mmol/L", system="http://unitsofmeasure.org", code="mg/dL")
        },
    ),
    (
        Gap.UNIT_OF_MAKER,
        "arbitrary units",
        K | {"valueQuantity": quantity(4, "COI")},
        K | B | {"valueQuantity": quantity(4, "COI")},
    ),
]


def pair(one: dict[str, Any], two: dict[str, Any]):  # type: ignore[no-untyped-def]
    results = [line(**{k: v for k, v in side.items() if v is not None}) for side in (one, two)]
    return results, [side.get("hospital", "a") for side in (one, two)]


@pytest.mark.parametrize(("one", "two"), [x[1:] for x in JOINED], ids=[x[0] for x in JOINED])
def test_joined(one: dict[str, Any], two: dict[str, Any]) -> None:
    (a, b), (house_a, house_b) = pair(one, two)
    assert find_join(a, b, house_a, house_b).gap is None
    assert find_join(b, a, house_b, house_a).gap is None


@pytest.mark.parametrize(
    ("gap", "one", "two"), [(x[0], *x[2:]) for x in REFUSED], ids=[x[1] for x in REFUSED]
)
def test_refused(gap: Gap, one: dict[str, Any], two: dict[str, Any]) -> None:
    (a, b), (house_a, house_b) = pair(one, two)
    assert find_join(a, b, house_a, house_b).gap is gap
    assert find_join(b, a, house_b, house_a).gap is gap
    assert find_join(a, a, "a", "a").gap is None or gap in (
        Gap.WITHDRAWN,
        Gap.INEXACT,
        Gap.WORDS,
    ), "the control: with itself it is joined"


def test_every_reason_has_words_and_a_row() -> None:
    assert {x[0] for x in REFUSED} == set(Gap) == set(GAP_WORDS)


@pytest.mark.parametrize(
    ("at", "long"),
    [
        ("2026-10-04T08:00:00+08:00", False),
        ("2025-09-05T08:00:00+08:00", False),  # 395 days: the yearly check-up, a month late
        ("2025-08-30T08:00:00+08:00", True),
        ("2019", True),
    ],
)
def test_a_line_over_a_long_time_is_joined_and_says_so(at: str, long: bool) -> None:
    early, late = line(**K, at=at), line(**K)
    for join in (find_join(early, late, "a", "a"), find_join(late, early, "a", "b")):
        assert join.gap is None and join.long is long


def test_no_change_between_two_laboratories() -> None:
    def flat(value: float, hospital: str, **more: Any) -> bool:
        other = CREA | {"valueQuantity": quantity(value, "umol/L")} | more
        return find_join(line(**CREA), line(hospital=hospital, **other), "a", hospital).flat

    assert flat(100, "b"), "10 of 95 are less than √2 × 12 %"
    assert not flat(120, "b")
    assert not flat(100, "a"), "within one laboratory it is as it is"
    near = CREA_MG | {"valueQuantity": quantity(1.1, "mg/dL")}
    assert find_join(line(**CREA), line(hospital="b", **near), "a", "b").flat
