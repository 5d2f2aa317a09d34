"""A laboratory line as server-drawn SVG: one point a result, each with its own reference range, one marker shape a hospital."""

from dataclasses import dataclass

from records.web.present import Line, Series

WIDTH, HEIGHT, PAD = 560, 150, 14


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float
    shape: int
    flag: str
    label: str
    low_y: float | None
    high_y: float | None


@dataclass(frozen=True, slots=True)
class Chart:
    width: int
    height: int
    line: str
    points: tuple[Point, ...]
    highest: str
    lowest: str
    first: str
    last: str


def draw(one: Series) -> Chart | None:
    """None for fewer than two numbers: a single point is no trend."""
    found = [p for p in one.points if p.number is not None and p.when is not None][:60][::-1]
    if len(found) < 2:
        return None
    numbers = [p.number for p in found if p.number is not None] + [v for p in found for v in (p.low, p.high) if v is not None]
    low, high = min(numbers), max(numbers)
    if high == low:
        low, high = low - 1, high + 1
    start, end = found[0].when.timestamp(), found[-1].when.timestamp()  # type: ignore[union-attr]
    shapes = {code: i % 4 for i, code in enumerate(dict.fromkeys(p.hospital.code for p in found))}

    def y(value: float | None) -> float | None:
        return None if value is None else round(PAD + (HEIGHT - 2 * PAD) * (high - value) / (high - low), 1)

    def x(p: Line, i: int) -> float:
        part = (p.when.timestamp() - start) / (end - start) if end > start else i / (len(found) - 1)  # type: ignore[union-attr]
        return round(PAD + (WIDTH - 2 * PAD) * part, 1)

    points = tuple(
        Point(x(p, i), y(p.number) or 0, shapes[p.hospital.code], p.flag, f"{p.date} {p.value} {p.unit} · {p.hospital.name}", y(p.low), y(p.high))
        for i, p in enumerate(found))
    return Chart(WIDTH, HEIGHT, " ".join(f"{p.x},{p.y}" for p in points), points, f"{high:g}", f"{low:g}", found[0].date[:10], found[-1].date[:10])
