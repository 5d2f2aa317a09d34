"""A trend as drawn: in one unit, nothing joined that is not exact, each hospital by its shape."""

from typing import Any

from alliance.models import Hospital
from records.meaning.reference_ranges import PatientTraits
from records.meaning.trend import group_by_family
from records.operations.shared_record import ShownResource
from records.web.result_display import build_result_lines
from records.web.trend_chart import TrendChart, draw_trend, round_ticks

A, B = (
    Hospital(code="a", name_zh="甲院", name_en="A"),
    Hospital(code="b", name_zh="乙院", name_en="B"),
)


def potassium(
    at: Hospital, day: int, value: float, unit: str = "mmol/L", **more: Any
) -> ShownResource:
    comparator = {"comparator": more.pop("comparator")} if "comparator" in more else {}
    return ShownResource(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "血钾", "coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
            "effectiveDateTime": f"2026-10-{day:02d}",
            "valueQuantity": {"value": value, "unit": unit, **comparator},
            **more,
        },
        at,
        f"{at.code}/{day}/{value}",
    )


def drawn(*found: ShownResource) -> TrendChart | None:
    return draw_trend(
        group_by_family(line for s in found for line in build_result_lines(s, PatientTraits()))
    )


def test_a_line_leads_only_to_what_is_exact_and_the_reason_is_told() -> None:
    chart = drawn(
        *(potassium(A, d, v) for d, v in ((1, 4), (2, 4.5), (4, 5), (5, 5.5))),
        potassium(A, 3, 3, comparator="<"),
        potassium(A, 6, 5, method={"text": "离子选择电极"}),
    )
    assert chart and chart.hollow
    assert [(a.x1, a.x2) for a in chart.lines] == [
        (chart.markers[n].x, chart.markers[n + 1].x) for n in (0, 3)
    ]
    assert [m.open for m in chart.markers] == [False, False, True, False, False, False]
    assert [g.letter for g in chart.gaps] == ["a", "a", "b"]
    assert [(r.letter, r.places) for r in chart.reasons] == [("a", 2), ("b", 1)]
    assert all(r.words for r in chart.reasons)


def test_a_line_over_a_long_time_is_drawn_as_such_and_told() -> None:
    old = potassium(A, 1, 4)
    old.resource["effectiveDateTime"] = "2024-01-01"
    chart = drawn(old, potassium(A, 2, 4.5), potassium(A, 3, 5))
    assert chart and [x.long for x in chart.lines] == [True, False] and chart.long
    near = drawn(potassium(A, 2, 4.5), potassium(A, 3, 5))
    assert near and not near.long


def test_shapes_ranges_and_units() -> None:
    chart = drawn(
        potassium(A, 1, 4000, "umol/L", referenceRange=[{"high": {"value": 5300}}]),
        potassium(B, 2, 5),
        potassium(A, 3, 6, interpretation=[{"text": "↑"}]),
    )
    assert chart and (chart.unit, chart.lowest, chart.highest, chart.first, chart.last) == (
        "mmol/L",
        "4",
        "6",
        "2026-10-01",
        "2026-10-03",
    )
    assert [m.shape for m in chart.markers] == [0, 1, 0]
    assert [k.hospital for k in chart.legend] == [str(A), str(B)]
    assert [m.flag for m in chart.markers] == ["normal", "", "high"]
    [band] = chart.bands
    assert band.top + band.height == chart.bottom, (
        "a range without a lower end reaches down to the axis"
    )
    assert band.x + band.width < chart.markers[1].x, "and not to the next result"
    assert [t.text for t in chart.dates] == ["2026-10-01", "2026-10-02", "2026-10-03"]
    assert "血钾 2026-10-01 4000" in chart.markers[0].label
    assert [t.text for t in chart.values] == ["4", "4.5", "5", "5.5", "6"]


def test_values_of_a_component_are_drawn_in_one_unit() -> None:
    molar = {"code": {"coding": [{"system": "http://loinc.org", "code": "14682-9"}]}}
    mass = {"code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]}}
    chart = drawn(potassium(A, 1, 1, "mg/dL", **mass), potassium(B, 2, 92, "umol/L", **molar))
    assert chart and (chart.unit, chart.lowest, chart.highest) == ("μmol/L", "88.4", "92")
    assert [a.flat for a in chart.lines] == [True] and chart.flat
    changed = drawn(potassium(A, 1, 1, "mg/dL", **mass), potassium(B, 2, 192, "umol/L", **molar))
    assert changed and [a.flat for a in changed.lines] == [False], "the control"


def test_what_is_no_trend_and_what_is_too_long() -> None:
    assert (
        drawn(potassium(A, 1, 4)) is None
        and drawn(potassium(A, 1, 4), potassium(A, 2, 4, status="cancelled")) is None
    )
    many = drawn(*(potassium(A, 1 + i % 28, i) for i in range(130)), potassium(A, 1, 2, "mg/dL"))
    assert many and (len(many.markers), many.left_out, many.unplaced) == (120, 10, 1)
    flat = drawn(potassium(A, 1, 4), potassium(A, 1, 4))
    assert flat and flat.markers[0].x < flat.markers[1].x, "two of one moment stand side by side"


def test_ticks_are_round_and_hold_everything() -> None:
    assert round_ticks(3.1, 6.8, 5) == [3, 4, 5, 6, 7]
    assert round_ticks(0, 0, 5)[0] < 0 < round_ticks(0, 0, 5)[-1]
    for low, high in ((0.001, 0.0013), (12345, 99999), (-3, 5), (7, 7)):
        found = round_ticks(low, high, 5)
        assert found[0] <= low <= high <= found[-1] and 2 <= len(found) <= 9
