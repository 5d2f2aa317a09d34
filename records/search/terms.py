"""What a search kind gives: index values on the write side, conditions on the read side. Pure."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(slots=True)
class Index:
    """All index values of one resource."""

    tokens: set[int] = field(default_factory=set)
    strings: set[tuple[int, str]] = field(default_factory=set)
    dates: set[tuple[int, dt.datetime, dt.datetime]] = field(default_factory=set)
    references: set[tuple[int, int]] = field(default_factory=set)  # parameter, target
    quantities: set[tuple[int, float, float, int, int]] = field(default_factory=set)  # parameter, low, high, unit, label
    present: int = 0  # bit n: it has a value of the type's n-th parameter
    spans: list[tuple[dt.datetime, dt.datetime]] = field(default_factory=list)  # of the clinical date


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL over a row of record_resource, whose alias {r} is; {0}, {1} … stand for the values, in order, which the planner binds."""

    sql: str
    values: tuple[object, ...]
    rare: bool = False  # few rows fulfil it, whatever the planner's statistics say


class BadValue(ValueError):
    """A search value that cannot be understood; the message says why."""
