"""A trend as drawn: in one unit, nothing joined that is not exact, each hospital by its shape."""

from typing import Any

from alliance.models import Hospital
from records.interactions.record import Shown
from records.meaning.ranges import Patient
from records.web.chart import Chart, draw
from records.web.results import result_lines, trends

A, B = Hospital(code="a", name_zh="甲院", name_en="A"), Hospital(code="b", name_zh="乙院", name_en="B")


def potassium(at: Hospital, day: int, value: float, unit: str = "mmol/L", **more: Any) -> Shown:
    comparator = {"comparator": more.pop("comparator")} if "comparator" in more else {}
    return Shown({"resourceType": "Observation", "status": "final", "code": {"text": "血钾", "coding": [{"system": "http://loinc.org", "code": "2823-3"}]}, "effectiveDateTime": f"2026-10-{day:02d}",
                  "valueQuantity": {"value": value, "unit": unit, **comparator}, **more}, at, f"{at.code}/{day}/{value}")


def drawn(*found: Shown) -> Chart | None:
    [trend] = trends([line for s in found for line in result_lines(s, Patient())])
    return draw(trend)


def test_a_line_leads_only_to_what_is_exact() -> None:
    chart = drawn(*(potassium(A, d, v) for d, v in ((1, 4), (2, 4.5), (4, 5), (5, 5.5))), potassium(A, 3, 3, comparator="<"))
    assert chart and [len(line.split()) for line in chart.lines] == [2, 2] and [m.open for m in chart.markers] == [False, False, True, False, False] and chart.hollow


def test_shapes_ranges_and_units() -> None:
    chart = drawn(potassium(A, 1, 4000, "umol/L", referenceRange=[{"high": {"value": 5300}}]), potassium(B, 2, 5), potassium(A, 3, 6, interpretation=[{"text": "↑"}]))
    assert chart and (chart.unit, chart.lowest, chart.highest, chart.first, chart.last) == ("mmol/L", "4", "6", "2026-10-01", "2026-10-03")
    assert [m.shape for m in chart.markers] == [0, 1, 0] and [k.hospital for k in chart.legend] == [str(A), str(B)] and [m.flag for m in chart.markers] == ["normal", "", "high"]
    assert chart.ranged and chart.markers[0].band and chart.markers[0].band[1] == 160, "a range without a lower end reaches down to the axis"
    assert [t.text for t in chart.dates] == ["2026-10-01", "2026-10-02", "2026-10-03"] and "血钾 2026-10-01 4000" in chart.markers[0].label


def test_what_is_no_trend_and_what_is_too_long() -> None:
    assert drawn(potassium(A, 1, 4)) is None and drawn(potassium(A, 1, 4), potassium(A, 2, 4, status="cancelled")) is None
    many = drawn(*(potassium(A, 1 + i % 28, i) for i in range(70)))
    assert many and len(many.markers) == 60 and many.left_out == 10
    flat = drawn(potassium(A, 1, 4), potassium(A, 1, 4))
    assert flat and flat.markers[0].x < flat.markers[1].x, "two of one moment stand side by side"
