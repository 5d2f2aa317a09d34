"""What may be joined in one trend: the identity of a test, one unit, one order."""

from dataclasses import dataclass
from typing import Any

import pytest

from records.meaning.observation_results import Result, read_results
from records.meaning.trend import group_by_family, point_in_unit
from tests.support.results import MAN, line, low_high, observation, quantity

UCUM = "http://unitsofmeasure.org"


@dataclass(frozen=True)
class Item:
    result: Result
    url: str = ""


NUMBER = {"valueQuantity": quantity(4, "mmol/L")}
SAME = [  # whether two results are of one test
    ("shared code, two hospitals, other names", ({}, {"hospital": "b", "text": "钾 (K+)"}), True),
    (
        "LOINC under its OID",
        ({}, {"hospital": "b", "system": "urn:oid:2.16.840.1.113883.6.1"}),
        True,
    ),
    (
        "a national code",
        (
            {"system": "urn:oid:2.16.156.10011.2.3.1.1"},
            {"system": "urn:oid:2.16.156.10011.2.3.1.1", "hospital": "b"},
        ),
        True,
    ),
    (
        "a local system in one hospital",
        ({"system": "urn:lis"}, {"system": "urn:lis", "text": "钾"}),
        True,
    ),
    (
        "one local system's name in two hospitals",
        ({"system": "urn:lis"}, {"system": "urn:lis", "hospital": "b"}),
        False,
    ),
    ("alike by chance in two systems", ({"system": "urn:lis"}, {"system": "urn:lis2"}), False),
    ("a code without a system, one hospital", ({"system": ""}, {"system": ""}), True),
    ("two hospitals", ({"system": ""}, {"system": "", "hospital": "b"}), False),
    (
        "a code without a system that names another test",
        ({"system": ""}, {"system": "", "text": "尿酸"}),
        False,
    ),
    ("text alone, one hospital", ({"code": ""}, {"code": "", "text": "血 钾"}), True),
    ("text alone, two hospitals", ({"code": ""}, {"code": "", "hospital": "b"}), False),
    ("two texts", ({"code": ""}, {"code": "", "text": "尿钾"}), False),
    (
        "another spelling of a unit",
        ({"valueQuantity": quantity(92, "umol/L")}, {"valueQuantity": quantity(92, "μmol/l")}),
        True,
    ),
    (
        "another size of a unit",
        ({"valueQuantity": quantity(92, "umol/L")}, {"valueQuantity": quantity(0.1, "mmol/L")}),
        True,
    ),
    (
        "cells",
        (
            {"valueQuantity": quantity(9, "×10⁹/L")},
            {"valueQuantity": quantity(9, "10*9/L", code="10*9/L", system=UCUM)},
        ),
        True,
    ),
    (
        "molar and mass",
        ({"valueQuantity": quantity(5, "mmol/L")}, {"valueQuantity": quantity(90, "mg/dL")}),
        False,
    ),
    (
        "with a unit and without",
        ({"valueQuantity": quantity(5, "mmol/L")}, {"valueQuantity": quantity(5)}),
        False,
    ),
    (
        "% and 1",
        ({"valueQuantity": quantity(45, "%")}, {"valueQuantity": quantity(0.45, "1")}),
        False,
    ),
    ("a number and a word", ({}, {"valueQuantity": None, "valueString": "阳性"}), False),
    ("methods", ({"method": {"text": "酶法"}}, {"method": {"text": "苦味酸法"}}), False),
    ("one method", ({"method": {"text": "酶法"}}, {"method": {"text": "酶法"}}), True),
    ("a method given and none", ({"method": {"text": "酶法"}}, {}), False),
    ("specimens", ({"specimen": {"display": "血清"}}, {"specimen": {"display": "尿"}}), False),
    (
        "numbers of specimens",
        ({"specimen": {"display": "T2026100501"}}, {"specimen": {"display": "T2026100502"}}),
        True,
    ),
    (
        "contained specimens",
        (
            {
                "specimen": {"reference": "#s"},
                "contained": [{"resourceType": "Specimen", "id": "s", "type": {"text": "血清"}}],
            },
            {"specimen": {"display": "血清"}},
        ),
        True,
    ),
    ("sites", ({"bodySite": {"text": "左"}}, {"bodySite": {"text": "右"}}), False),
]


@pytest.mark.parametrize(
    ("pair", "same"), [(p, s) for _, p, s in SAME], ids=[name for name, _, _ in SAME]
)
def test_identity_of_a_test(pair: tuple[dict[str, Any], dict[str, Any]], same: bool) -> None:
    one, two = (line(**{k: v for k, v in (NUMBER | p).items() if v is not None}) for p in pair)
    assert (one.identity == two.identity) is same


def test_a_test_without_a_name_is_like_no_other() -> None:
    nameless = [read_results({"id": i, "code": {}, **NUMBER}, MAN, "a")[0] for i in "12"]
    displayed = [
        read_results({"code": {"coding": [{"display": "血钾"}]}, **NUMBER}, MAN, "a")[0]
        for _ in "12"
    ]
    assert (
        nameless[0].identity != nameless[1].identity
        and displayed[0].identity == displayed[1].identity
    )


def test_several_codes_count_as_the_shared_one() -> None:
    both = {
        "coding": [
            {"system": "urn:lis", "code": "K"},
            {"system": "http://loinc.org", "code": "2823-3"},
        ],
        "text": "钾",
    }
    [one] = read_results(observation() | NUMBER | {"code": both}, MAN, "b")
    assert one.identity == line(**NUMBER).identity


def test_a_trend_is_in_order_and_in_one_unit() -> None:
    sent = [
        ("2026-10-06T01:00:00+08:00", 0.092, "mmol/L", ""),
        ("2026-10-05T23:00:00Z", 130, "umol/L", ""),
        ("2026-10", 90, "μmol/L", ""),
        ("2026-10-05T20:00:00+08:00", 60, "umol/L", "<"),
    ]
    items = [
        Item(
            line(
                at=at,
                valueQuantity=quantity(v, by, sign),
                referenceRange=low_high(57, 97) if by == "umol/L" else None,
            ),
            str(i),
        )
        for i, (at, v, by, sign) in enumerate(sent)
    ]
    trend = group_by_family(items)
    assert [i.url for i in trend.points] == [
        "1",
        "0",
        "3",
        "2",
    ], "by the instant: 23:00 UTC is 07:00 on the next day here"
    drawn = [point_in_unit(i.result, trend.unit) for i in trend.points]
    assert (
        [(p and p.number, p and p.exact) for p in drawn]
        == [(130, True), (92, True), (60, False), (90, True)]
        and drawn[0]
        and (drawn[0].low, drawn[0].high) == (57, 97)
    )


def test_what_has_one_time_always_stands_in_one_order() -> None:
    items = [
        Item(line(text=t, code="", valueQuantity=quantity(1)), u)
        for t, u in (("b", "1"), ("a", "3"), ("a", "2"))
    ]
    first = [i.url for i in group_by_family(items).points]
    assert first == [i.url for i in group_by_family(items[::-1]).points] == ["2", "3", "1"]
