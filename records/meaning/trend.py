"""Results of one test over time, in one unit (docs/implementation/trends.md)."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from alliance.platform.dates import EARLIEST_INSTANT
from records.meaning.observation_results import Result
from records.meaning.result_units import NONE, Unit
from records.meaning.times import parse_moment
from records.meaning.trend_joins import convert_result_value
from records.meaning.vital_order import sort_title


class HasResult(Protocol):
    """Whatever carries a Result and comes from somewhere."""

    @property
    def result(self) -> Result: ...

    @property
    def url(self) -> str: ...


S = TypeVar("S", bound=HasResult)


@dataclass(slots=True)
class Trend(Generic[S]):
    """Results of one family, the newest first. unit: in which all are drawn."""

    unit: Unit
    points: list[S] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A result in the unit of its trend. exact: a line may lead to it; not so where it is only
    known to be less or more than its number.
    """

    at: dt.datetime
    number: float
    low: float | None
    high: float | None
    exact: bool


def trend_order(item: HasResult) -> tuple[float, float, str, str]:
    """Sorts the newest first; what has one time stands in one order for ever: by when it was
    issued, then title, then address.
    """
    result = item.result
    return (
        -(result.moment.starts or EARLIEST_INSTANT).timestamp(),
        -(issued_at(result) or EARLIEST_INSTANT).timestamp(),
        sort_title(result.title),
        item.url,
    )


def issued_at(result: Result) -> dt.datetime | None:
    return parse_moment(result.issued).starts if result.issued else None


def group_by_family(items: Iterable[S]) -> Trend[S]:
    """Results of one family as one trend, in the unit of the newest that has a number and a unit
    that can be compared.
    """
    points = sorted(items, key=trend_order)
    unit = next(
        (p.result.unit for p in points if p.result.number is not None and not p.result.unit.odd),
        NONE,
    )
    return Trend(unit, points)


def point_in_unit(result: Result, unit: Unit) -> TrendPoint | None:
    """None for what has no number, no time, or a unit that is converted neither exactly nor by
    its component's factor, or that its code contradicts.
    """
    if result.number is None or result.moment.starts is None or result.unit.odd:
        return None
    number = convert_result_value(result.number, result, unit)
    if number is None:
        return None
    low, high = (
        None if b is None else convert_result_value(b, result, unit)
        for b in (result.low, result.high)
    )
    return TrendPoint(result.moment.starts, number, low, high, not result.value.comparator)
