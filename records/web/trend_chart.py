"""A trend as server-drawn SVG: one point a result, in one unit, each with its own reference
range, one marker shape a hospital, and lines only between what may be compared.
"""

import datetime as dt
import math
from dataclasses import dataclass
from itertools import pairwise

from alliance.platform.dates import HOSPITAL_ZONE
from records.meaning.result_wording import is_reader_chinese
from records.meaning.trend import Trend, TrendPoint, point_in_unit
from records.meaning.trend_joins import GAP_WORDS, Gap, Join, find_join
from records.web.result_display import ResultLine

WIDTH, HEIGHT = 900, 330
LEFT, RIGHT, TOP, BOTTOM = 64, 18, 32, 40
MAX_POINTS = 120  # points
VALUE_TICKS, DATE_TICKS = 5, 6  # about
BAND_REACH = 9  # of a range beside its point, where no neighbour is nearer
SHAPES = (  # paths around 0,0
    "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0Z",
    "M-4,-4H4V4H-4Z",
    "M0,-5L5,4H-5Z",
    "M0,-5.5L5,0L0,5.5L-5,0Z",
    "M0,5L5,-4H-5Z",
    "M-5,-1.6H-1.6V-5H1.6V-1.6H5V1.6H1.6V5H-1.6V1.6H-5Z",
)
LETTERS = "abcdefghijklmn"


@dataclass(frozen=True, slots=True)
class ChartMarker:
    """open: drawn hollow, for it is only known to be less or more, or preliminary; label: what a
    pointer over it reads.
    """

    x: float
    y: float
    shape: int
    path: str
    flag: str
    open: bool
    label: str


@dataclass(frozen=True, slots=True)
class ChartBand:
    """The reference range of one point; top, height: as drawn."""

    x: float
    width: float
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class ChartLine:
    """Between two points. flat: no change can be told between them; long: nothing was measured for
    so long that it tells no course.
    """

    x1: float
    y1: float
    x2: float
    y2: float
    flat: bool
    long: bool


@dataclass(frozen=True, slots=True)
class GapMark:
    """Where a line is missing, with the letter of its reason."""

    x: float
    letter: str


@dataclass(frozen=True, slots=True)
class GapReason:
    letter: str
    words: str
    places: int


@dataclass(frozen=True, slots=True)
class AxisTick:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A line of the legend."""

    shape: int
    path: str
    hospital: str


@dataclass(frozen=True, slots=True)
class TrendChart:
    """left_out: how many older results are not drawn; unplaced: how many have no number or no
    time, or a unit that is not converted.
    """

    width: int
    height: int
    left: int
    bottom: int
    unit: str
    lines: tuple[ChartLine, ...]
    gaps: tuple[GapMark, ...]
    reasons: tuple[GapReason, ...]
    markers: tuple[ChartMarker, ...]
    bands: tuple[ChartBand, ...]
    values: tuple[AxisTick, ...]
    dates: tuple[AxisTick, ...]
    legend: tuple[LegendEntry, ...]
    hollow: bool
    flat: bool
    long: bool
    highest: str
    lowest: str
    first: str
    last: str
    left_out: int
    unplaced: int


def draw_trend(trend: Trend[ResultLine]) -> TrendChart | None:
    """None for fewer than two numbers with a time: a single point is no trend."""
    placed = [(p, x) for p in trend.points if (x := point_in_unit(p.result, trend.unit))]
    found = placed[:MAX_POINTS][::-1]
    if len(found) < 2:
        return None
    points = [p for _, p in found]
    numbers = [p.number for p in points]
    bounds = [b for p in points for b in (p.low, p.high) if b is not None]
    ticks = round_ticks(min(numbers + bounds), max(numbers + bounds), VALUE_TICKS)
    low, high = min(ticks[0], *numbers, *bounds), max(ticks[-1], *numbers, *bounds)
    start, end = points[0].at, points[-1].at

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low), 1)

    def x(at: dt.datetime, number: int = 0) -> float:
        part = (at - start) / (end - start) if end > start else number / (len(found) - 1)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * part, 1)

    houses = list(dict.fromkeys(line.hospital.code for line, _ in found))
    markers = tuple(
        draw_marker(line, p, x(p.at, n), y(p.number), houses.index(line.hospital.code))
        for n, (line, p) in enumerate(found)
    )
    joins = [
        find_join(a.result, b.result, a.hospital.code, b.hospital.code)
        for (a, _), (b, _) in pairwise(found)
    ]
    names = {line.hospital.code: str(line.hospital) for line, _ in found}
    lines, gaps, reasons = draw_joins(markers, joins)
    return TrendChart(
        WIDTH,
        HEIGHT,
        LEFT,
        HEIGHT - BOTTOM,
        trend.unit.shown(chinese=is_reader_chinese()),
        lines,
        gaps,
        reasons,
        markers,
        tuple(
            draw_band(markers, n, *(None if b is None else y(b) for b in (p.high, p.low)))
            for n, p in enumerate(points)
            if p.low is not None or p.high is not None
        ),
        tuple(AxisTick(y(v), f"{v:.6g}") for v in ticks),
        tuple(AxisTick(x(at), text) for at, text in date_ticks(start, end)),
        tuple(
            LegendEntry(i % len(SHAPES), SHAPES[i % len(SHAPES)], names[code])
            for i, code in enumerate(houses)
        ),
        any(m.open for m in markers),
        any(j.flat and not j.long for j in joins),
        any(j.long for j in joins),
        f"{max(numbers):.6g}",
        f"{min(numbers):.6g}",
        local_day(start),
        local_day(end),
        len(placed) - len(found),
        len(trend.points) - len(placed),
    )


def draw_marker(line: ResultLine, point: TrendPoint, x: float, y: float, house: int) -> ChartMarker:
    shape = house % len(SHAPES)
    text = " ".join(filter(None, (line.date, line.value, line.unit, line.sign, line.word)))
    return ChartMarker(
        x,
        y,
        shape,
        SHAPES[shape],
        line.flag,
        not point.exact or line.result.status == "preliminary",
        f"{line.title} {text} · {line.hospital}",
    )


def draw_band(
    markers: tuple[ChartMarker, ...], number: int, top: float | None, bottom: float | None
) -> ChartBand:
    """From half way to the point before to half way to the next, for ranges of neighbours may
    differ; a range without an end reaches to the edge.
    """
    here = markers[number].x
    before = here - markers[number - 1].x if number else 2 * BAND_REACH
    behind = markers[number + 1].x - here if number + 1 < len(markers) else 2 * BAND_REACH
    left = max(float(LEFT), here - min(before / 2, 60))
    right = min(float(WIDTH - RIGHT), here + min(behind / 2, 60))
    upper = float(TOP) if top is None else top
    lower = float(HEIGHT - BOTTOM) if bottom is None else bottom
    return ChartBand(
        round(left, 1), round(max(right - left, 2), 1), upper, round(max(lower - upper, 1), 1)
    )


def draw_joins(
    markers: tuple[ChartMarker, ...], joins: list[Join]
) -> tuple[tuple[ChartLine, ...], tuple[GapMark, ...], tuple[GapReason, ...]]:
    """A line or a letter between each two that follow one another, and what the letters mean."""
    lines, gaps, counts = [], [], dict[Gap, int]()
    for a, b, join in zip(markers, markers[1:], joins, strict=False):
        if join.gap is None:
            lines.append(ChartLine(a.x, a.y, b.x, b.y, join.flat, join.long))
            continue
        counts[join.gap] = counts.get(join.gap, 0) + 1
        letter = LETTERS[list(counts).index(join.gap)]
        gaps.append(GapMark(round((a.x + b.x) / 2, 1), letter))
    reasons = tuple(
        GapReason(LETTERS[i], str(GAP_WORDS[gap]), many)
        for i, (gap, many) in enumerate(counts.items())
    )
    return tuple(lines), tuple(gaps), reasons


def round_ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers at even distances that hold low and high between them."""
    if high <= low:
        low, high = low - (abs(low) * 0.1 or 1), high + (abs(high) * 0.1 or 1)
    rough = (high - low) / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(s * size for s in (1, 2, 2.5, 5, 10) if s * size >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{n * step:.9g}") for n in range(first, last + 1)]


def date_ticks(start: dt.datetime, end: dt.datetime) -> list[tuple[dt.datetime, str]]:
    """Days at even distances, the first and the last among them; each day once."""
    many = DATE_TICKS if (end - start).days >= DATE_TICKS else max((end - start).days + 1, 2)
    found = [start + (end - start) * n / (many - 1) for n in range(many)]
    named = {local_day(at): at for at in reversed(found)}
    return [(at, day) for day, at in sorted(named.items())]


def local_day(at: dt.datetime) -> str:
    return f"{at.astimezone(HOSPITAL_ZONE):%Y-%m-%d}"
