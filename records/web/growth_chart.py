"""A child's growth as server-drawn SVG: the standard's percentiles, and the child's measurements
with a shape for each hospital.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from records.meaning.growth import (
    MONTH,
    PERCENTILES,
    GrowthMeasure,
    GrowthTable,
    z_of_percentile,
)
from records.web.trend_chart import SHAPES, AxisTick, LegendEntry

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 46, 48, 12, 30
STEPS = 60  # points of a curve
BY_LENGTH = (GrowthMeasure.FOR_LENGTH, GrowthMeasure.FOR_HEIGHT)
WINDOWS = ((0.0, 731.0), (0.0, 1856.0), (0.0, 6940.0))  # days: 24 months, 5 years, 19 years
TICKS = {731.0: 3, 1856.0: 12, 6940.0: 24}  # months between ticks


@dataclass(frozen=True, slots=True)
class PlottedPoint:
    """One measurement as it is drawn. joined: with its neighbours."""

    x: float
    value: float
    hospital_code: str
    hospital: str
    label: str
    joined: bool


@dataclass(frozen=True, slots=True)
class GrowthCurve:
    """One percentile; at: where its label stands."""

    name: str
    points: str
    at: float
    median: bool


@dataclass(frozen=True, slots=True)
class GrowthMark:
    x: float
    y: float
    shape: int
    path: str
    label: str
    open: bool


@dataclass(frozen=True, slots=True)
class GrowthChart:
    """line: joins the plausible measurements; left_out: how many lie beyond the table or the
    paper.
    """

    width: int
    height: int
    curves: tuple[GrowthCurve, ...]
    line: str
    marks: tuple[GrowthMark, ...]
    across: tuple[AxisTick, ...]
    upward: tuple[AxisTick, ...]
    legend: tuple[LegendEntry, ...]
    left_out: int
    label_x: float


def draw_growth(
    measure: GrowthMeasure, table: GrowthTable, points: Sequence[PlottedPoint]
) -> GrowthChart:
    """points: in the order of their ages."""
    start, end = choose_span(measure, table, points)
    xs = [start + (end - start) * i / STEPS for i in range(STEPS + 1)]
    curves = {
        p: [(x, v) for x in xs if (v := table.value_at(z_of_percentile(p), x)) is not None]
        for p in PERCENTILES
    }
    heights = [v for curve in curves.values() for _x, v in curve]
    inside = [p for p in points if start <= p.x <= end and within_paper(p, heights)]
    low = min([*heights, *(p.value for p in inside)])
    high = max([*heights, *(p.value for p in inside)])

    def x(value: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (value - start) / (end - start), 1)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low), 1)

    codes = list(dict.fromkeys(p.hospital_code for p in inside))
    names = {p.hospital_code: p.hospital for p in inside}
    return GrowthChart(
        WIDTH,
        HEIGHT,
        tuple(
            GrowthCurve(
                f"P{p}",
                " ".join(f"{x(a):g},{y(v):g}" for a, v in curve),
                y(curve[-1][1]) + 4,
                p == 50,
            )
            for p, curve in curves.items()
            if curve
        ),
        " ".join(f"{x(p.x):g},{y(p.value):g}" for p in inside if p.joined),
        tuple(
            GrowthMark(
                x(p.x),
                y(p.value),
                shape := codes.index(p.hospital_code) % len(SHAPES),
                SHAPES[shape],
                p.label,
                not p.joined,
            )
            for p in inside
        ),
        tuple(AxisTick(x(a), words) for a, words in list_ticks(measure, start, end)),
        tuple(AxisTick(y(v), f"{v:g}") for v in list_values(low, high)),
        tuple(
            LegendEntry(i % len(SHAPES), SHAPES[i % len(SHAPES)], names[c])
            for i, c in enumerate(codes)
        ),
        len(points) - len(inside),
        x(max((c[-1][0] for c in curves.values() if c), default=end)) + 5,
    )


def choose_span(
    measure: GrowthMeasure, table: GrowthTable, points: Sequence[PlottedPoint]
) -> tuple[float, float]:
    """The part of the table that holds the measurements."""
    first, last = table.reach
    if measure in BY_LENGTH:
        return first, last
    newest = max((p.x for p in points), default=0.0)
    start, end = next((w for w in WINDOWS if newest <= w[1]), WINDOWS[-1])
    return max(start, first), min(end, last)


def within_paper(p: PlottedPoint, heights: Sequence[float]) -> bool:
    """A value far beyond the curves would press them flat: it stands in the table alone."""
    spread = max(heights) - min(heights)
    return min(heights) - spread / 2 <= p.value <= max(heights) + spread / 2


def list_ticks(measure: GrowthMeasure, start: float, end: float) -> list[tuple[float, str]]:
    if measure in BY_LENGTH:
        return [(float(x), f"{x}") for x in range(int(start) + 4, int(end) + 1) if x % 10 == 0]
    step = next((s for w, s in TICKS.items() if end <= w), 24)
    months = range(0, int(end / MONTH) + 1, step)
    return [
        (m * MONTH, _("%s y") % (m // 12) if step >= 12 else str(m))
        for m in months
        if start <= m * MONTH <= end
    ]


def list_values(low: float, high: float) -> list[float]:
    """Five to ten round numbers between the ends."""
    step = next(s for s in (0.5, 1, 2, 5, 10, 20, 50, 100) if (high - low) / s <= 10)
    first = -(-low // step)
    return [step * i for i in range(int(first), int(high // step) + 1)]
