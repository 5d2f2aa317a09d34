"""What a search kind produces: index values when writing, conditions when reading. Pure."""

import datetime as dt
from dataclasses import dataclass, field
from typing import NamedTuple

from records.fhir.issues import NotSupported

VISIBLE = (  # in a condition: where the store writes the scope's test on that alias
    "<visible:{alias}>"
)


class IndexedQuantity(NamedTuple):
    """One amount: as written and in base units; high and base_to only where it is a range. unit:
    hash of the dimension, or of system and code; code, label: hashes of the unit as written.
    """

    parameter: int
    low: float
    high: float | None
    base: float | None
    base_to: float | None
    unit: int
    code: int
    label: int


@dataclass(slots=True)
class IndexValues:
    """All index values of one resource."""

    tokens: set[int] = field(default_factory=set)
    strings: set[tuple[int, str]] = field(default_factory=set)
    dates: set[tuple[int, dt.datetime, dt.datetime]] = field(default_factory=set)
    references: set[tuple[int, int]] = field(default_factory=set)  # parameter, target
    quantities: set[IndexedQuantity] = field(default_factory=set)
    marks: set[int] = field(
        default_factory=set
    )  # of its codes, references and authors, for consents
    texts: set[tuple[int, str, int]] = field(
        default_factory=set
    )  # parameter, text of a code, its hash among the tokens
    present: int = 0  # bit n: it has a value of the type's n-th parameter
    spans: list[tuple[dt.datetime, dt.datetime]] = field(
        default_factory=list
    )  # of the clinical date


@dataclass(frozen=True, slots=True)
class SearchCondition:
    """SQL over a row of record_resource, whose alias {r} is; {0}, {1} … stand for the values, in
    order, which the planner binds.
    """

    sql: str
    values: tuple[object, ...]
    rare: bool = False  # few rows fulfil it, whatever the planner's statistics say


class BadValue(ValueError):
    """A search value that cannot be understood; the message says why."""


class NeverFits(BadValue):
    """A value that nothing of this parameter can ever have."""


class UnfitParameter(NotSupported):
    """A parameter that nothing of one type can ever fit: refused where that type alone is asked
    for, without hits where others are.
    """
