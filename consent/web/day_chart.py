"""Acts by day as server-drawn SVG: a bar a day, and lines for what is usual."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from consent.audit.day_span import DaySpan

WIDTH, HEIGHT = 900, 190
LEFT, RIGHT, TOP, BOTTOM = 44, 20, 12, 26
DATE_TICKS = 6  # about
VALUE_TICKS = 4  # about


@dataclass(frozen=True, slots=True)
class DayBar:
    """marked: there was an emergency access, or a refusal, on the day."""

    day: dt.date
    count: int
    x: float
    y: float
    width: float
    height: float
    marked: bool


@dataclass(frozen=True, slots=True)
class ChartTick:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class DayChart:
    """bars: of days on which there was something; levels: (y, which line) of what is usual."""

    width: int
    height: int
    left: int
    bottom: int
    bars: tuple[DayBar, ...]
    values: tuple[ChartTick, ...]
    dates: tuple[ChartTick, ...]
    levels: tuple[tuple[float, int], ...]


def draw_days(
    counts: Mapping[dt.date, int],
    span: DaySpan,
    levels: Sequence[float | None] = (),
    marked: Collection[dt.date] = (),
) -> DayChart:
    """levels: values of lines, of which any may be missing."""
    days = span.days
    step = value_step(max([1, *counts.values(), *(v for v in levels if v)]))
    most = step * -(-max([1, *counts.values(), *(v for v in levels if v)]) // step)
    wide = (WIDTH - LEFT - RIGHT) / len(days)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (most - value) / most, 1)

    places = {day: round(LEFT + wide * n, 1) for n, day in enumerate(days)}
    bars = tuple(
        DayBar(
            day,
            counts[day],
            x,
            y(counts[day]),
            round(max(wide - 1, 1), 1),
            round(y(0) - y(counts[day]), 1),
            day in marked,
        )
        for day, x in places.items()
        if counts.get(day)
    )
    every = max(1, -(-len(days) // DATE_TICKS))
    return DayChart(
        WIDTH,
        HEIGHT,
        LEFT,
        HEIGHT - BOTTOM,
        bars,
        tuple(ChartTick(y(v), f"{v:g}") for v in range(0, int(most) + 1, step)),
        tuple(
            ChartTick(round(places[day] + wide / 2, 1), f"{day:%m-%d}") for day in days[::-every]
        ),
        tuple((y(value), n) for n, value in enumerate(levels) if value is not None),
    )


def value_step(most: float) -> int:
    """A round distance of ticks, of which about four reach the highest value."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if most / step <= VALUE_TICKS:
                return step
        size *= 10
