"""A trend as server-drawn SVG: one point a result, in one unit, each with its own reference range, one marker shape a hospital."""

import datetime as dt
from dataclasses import dataclass

from alliance.config.dates import ZONE
from records.meaning.trend import Point, Trend, point
from records.meaning.wording import chinese
from records.web.results import ResultLine

WIDTH, HEIGHT = 560, 190
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 14, 30
MOST = 60  # points
SHAPES = (  # paths around 0,0
    "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0Z", "M-4,-4H4V4H-4Z", "M0,-5L5,4H-5Z", "M0,-5.5L5,0L0,5.5L-5,0Z", "M0,5L5,-4H-5Z", "M-5,-1.6H-1.6V-5H1.6V-1.6H5V1.6H1.6V5H-1.6V1.6H-5Z",
)


@dataclass(frozen=True, slots=True)
class Marker:
    """open: drawn hollow, for it is only known to be less or more; label: what a pointer over it reads."""

    x: float
    y: float
    shape: int
    path: str
    flag: str
    open: bool
    label: str
    band: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the legend."""

    shape: int
    path: str
    hospital: str


@dataclass(frozen=True, slots=True)
class Chart:
    """lines: each joins exact results that follow one another; left_out: how many older ones are not drawn."""

    width: int
    height: int
    unit: str
    lines: tuple[str, ...]
    markers: tuple[Marker, ...]
    values: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    legend: tuple[Key, ...]
    hollow: bool
    ranged: bool
    highest: str
    lowest: str
    first: str
    last: str
    left_out: int


def draw(trend: Trend[ResultLine]) -> Chart | None:
    """None for fewer than two numbers with a time: a single point is no trend."""
    all_of_them = [(p, x) for p in trend.points if (x := point(p.result, trend.unit))]
    found = all_of_them[:MOST][::-1]
    if len(found) < 2:
        return None
    numbers = [v for _, x in found for v in (x.number, x.low, x.high) if v is not None]
    low, high = min(numbers), max(numbers)
    if high == low:
        low, high = low - 1, high + 1
    start, end = found[0][1].at, found[-1][1].at
    shapes = {code: i for i, code in enumerate(dict.fromkeys(line.hospital.code for line, _ in found))}

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low), 1)

    def x(at: dt.datetime, i: int) -> float:
        part = (at - start) / (end - start) if end > start else i / (len(found) - 1)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * part, 1)

    def marker(i: int, line: ResultLine, p: Point) -> Marker:
        shape = shapes[line.hospital.code] % len(SHAPES)
        text = " ".join(filter(None, (line.date, line.value, line.unit, line.sign, line.word)))
        return Marker(x(p.at, i), y(p.number), shape, SHAPES[shape], line.flag, not p.exact or line.result.status == "preliminary", f"{line.title} {text} · {line.hospital}", band(p))

    def band(p: Point) -> tuple[float, float] | None:
        if p.low is None and p.high is None:
            return None
        return (y(p.high) if p.high is not None else float(TOP)), (y(p.low) if p.low is not None else float(HEIGHT - BOTTOM))

    markers = tuple(marker(i, line, p) for i, (line, p) in enumerate(found))
    names = {line.hospital.code: str(line.hospital) for line, _ in found}
    days = [p.at.astimezone(ZONE).strftime("%Y-%m-%d") for _, p in found]
    middle = start + (end - start) / 2
    dates = [Tick(LEFT, days[0]), Tick(x(middle, 0), f"{middle.astimezone(ZONE):%Y-%m-%d}"), Tick(WIDTH - RIGHT, days[-1])]
    dates = dates if (end - start).days > 1 else dates[::2] if days[0] != days[-1] else dates[:1]
    return Chart(
        WIDTH, HEIGHT, trend.unit.shown(chinese=chinese()), join_exact_points(markers, [p.exact for _, p in found]), markers,
        tuple(Tick(y(v), f"{v:.6g}") for v in (high, (high + low) / 2, low)), tuple(dates),
        tuple(Key(i % len(SHAPES), SHAPES[i % len(SHAPES)], names[code]) for code, i in shapes.items()), any(m.open for m in markers), any(m.band for m in markers),
        f"{high:.6g}", f"{low:.6g}", days[0], days[-1], len(all_of_them) - len(found))


def join_exact_points(markers: tuple[Marker, ...], exact: list[bool]) -> tuple[str, ...]:
    """One polyline for each run of exact points; one that is not exact parts two runs."""
    runs: list[list[str]] = [[]]
    for m, known in zip(markers, exact, strict=True):
        if known:
            runs[-1].append(f"{m.x:g},{m.y:g}")
        else:
            runs.append([])
    return tuple(" ".join(r) for r in runs if len(r) > 1)
