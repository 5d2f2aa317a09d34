"""Results of one test over time, in one unit, and which of them a line may join (docs/implementation/trends.md)."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from alliance.config.dates import LOW
from records.meaning.results import Result
from records.meaning.times import moment
from records.meaning.units import Unit, convert


class Sourced(Protocol):
    """Whatever carries a Result and comes from somewhere."""

    @property
    def result(self) -> Result: ...

    @property
    def url(self) -> str: ...


S = TypeVar("S", bound=Sourced)


@dataclass(slots=True)
class Trend(Generic[S]):
    """Results that have one identity, the newest first. unit: of the newest, in which all are drawn."""

    unit: Unit
    points: list[S] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Point:
    """A result in the unit of its trend. exact: a line may lead to it; not so where it is only known to be less or more than its number."""

    at: dt.datetime
    number: float
    low: float | None
    high: float | None
    exact: bool


def order(item: Sourced) -> tuple[float, float, str, str]:
    """Sorts the newest first; what has one time stands in one order for ever: by when it was issued, then title, then address."""
    result = item.result
    return -(result.moment.starts or LOW).timestamp(), -(issued(result) or LOW).timestamp(), result.title, item.url


def issued(result: Result) -> dt.datetime | None:
    return moment(result.issued).starts if result.issued else None


def group(items: Iterable[S]) -> list[Trend[S]]:
    """By identity; the trend with the newest result first."""
    found: dict[object, Trend[S]] = {}
    for item in sorted(items, key=order):
        found.setdefault(item.result.identity, Trend(item.result.unit)).points.append(item)
    return list(found.values())


def point(result: Result, unit: Unit) -> Point | None:
    """None for what has no number, no time, or a unit that is not converted exactly or that its code contradicts."""
    if result.number is None or result.moment.starts is None or result.unit.odd:
        return None
    number = convert(result.number, result.unit.code, unit.code)
    if number is None:
        return None
    low, high = (None if b is None else convert(b, result.unit.code, unit.code) for b in (result.low, result.high))
    return Point(result.moment.starts, number, low, high, not result.value.comparator)
