"""Search kind date: ranges against ranges, with the prefixes eq ne gt ge lt le sa eb ap (FHIR R4
search.html#date).
"""

import datetime as dt
import re
from typing import Any

from alliance.platform.dates import (
    EARLIEST_INSTANT,
    LATEST_INSTANT,
    TimeRange,
    clamp_range,
    parse_date_range,
)
from records.fhir.hashes import index_hash
from records.search.escapes import SearchValue
from records.search.search_parameters import SearchParameter
from records.search.search_terms import BadValue, IndexValues, SearchCondition
from records.search.timing_ranges import range_of_period, ranges_of_timing

MODIFIERS = frozenset({""})
PREFIX = re.compile(r"(eq|ne|gt|ge|lt|le|sa|eb|ap)?(.*)", re.S)
# Of a stored range [{low}, {high}) against an asked one [{a}, {b}); what {high} is compared with is
# {ha}, {hb}
TESTS = {
    "eq": "{low} >= {a} AND {high} <= {hb}",
    "ne": "NOT ({low} >= {a} AND {high} <= {hb})",
    "gt": "{high} > {hb}",
    "ge": "{high} > {ha}",
    "lt": "{low} < {a}",
    "le": "{low} < {b}",
    "sa": "{low} >= {b}",
    "eb": "{high} <= {ha}",
    "ap": "{high} > {ha} AND {low} < {b}",
}


# On the clinical date's own columns, said so that an index can start somewhere. A range ends after
# an instant if it begins after it, or shortly before, or is one of the few long ones, which have an
# index of their own.
SHORT = (
    "{low} >= {x}::timestamptz - interval '24 hours' AND {high} > {x} AND record_long({low},"
    " {high}) = 0"
)
LONG = "{high} > {x} AND record_long({low}, {high}) = 1"
AFTER = f"(({SHORT}) OR ({LONG}))"
INDEXED = {
    **TESTS,
    "eq": TESTS["eq"] + " AND {low} < {b}",
    "gt": AFTER.replace("{x}", "{hb}"),
    "ge": AFTER.replace("{x}", "{ha}"),
    "eb": TESTS["eb"] + " AND {low} < {a}",
    "ap": AFTER.replace("{x}", "{ha}") + " AND {low} < {b}",
}


def ranges_of_value(value: Any) -> list[TimeRange]:
    """The range of a date, dateTime, instant, Period or Timing; what is no date gives none."""
    try:
        if isinstance(value, str):
            return [clamp_range(parse_date_range(value))]
        if isinstance(value, dict) and ("start" in value or "end" in value):
            return [range_of_period(value)]
        return ranges_of_timing(value) if isinstance(value, dict) else []
    except ValueError:
        return []


def index_value(index: IndexValues, parameter: SearchParameter, value: Any) -> None:
    ranges = ranges_of_value(value)
    if parameter.column == "dated":
        index.spans += ranges
    else:
        index.dates.update((index_hash(parameter.type_name, parameter.code), *r) for r in ranges)


def parse_date_value(text: str) -> tuple[str, TimeRange]:
    """(prefix, range) of a value; a blank was a plus before it was decoded. ap: the range is
    wider at both ends by a tenth of the time between now and its beginning (R4 search.html#prefix).
    Raises BadValue.
    """
    prefix, date_text = PREFIX.fullmatch(text.replace(" ", "+")).groups()  # type: ignore[union-attr]
    try:
        low, high = clamp_range(parse_date_range(date_text))
    except ValueError as error:
        raise BadValue(str(error)) from error
    if prefix == "ap":
        approximation = abs(dt.datetime.now(dt.UTC) - low) / 10
        low, high = (
            max(low, EARLIEST_INSTANT + approximation) - approximation,
            min(high, LATEST_INSTANT - approximation) + approximation,
        )
    return prefix or "eq", (low, high)


def build_condition(
    parameter: SearchParameter, modifier: str, values: list[SearchValue]
) -> SearchCondition:
    is_row_column = parameter.column == "dated"
    low, high = ("{r}.dated", "{r}.dated_to") if is_row_column else ("d.low", "d.high")
    tests = []
    values_bound: list[object] = [index_hash(parameter.type_name, parameter.code)]
    for text in values:
        prefix, ends = parse_date_value(text)
        a, b = f"{{{len(values_bound)}}}", f"{{{len(values_bound) + 1}}}"
        tests.append(
            (INDEXED if is_row_column else TESTS)[prefix].format(
                low=low, high=high, a=a, b=b, ha=a, hb=b
            )
        )
        values_bound += ends
    either = " OR ".join(f"({t})" for t in tests)
    if is_row_column:
        return SearchCondition(f"({{r}}.dated > '-infinity' AND ({either}))", tuple(values_bound))
    return SearchCondition(
        f"{{r}}.rid IN (SELECT d.rid FROM record_date d WHERE d.parameter = {{0}} AND ({either}))",
        tuple(values_bound),
    )


STEP = dt.timedelta(milliseconds=1)  # what lastUpdated is told in


def updated_condition(values: list[SearchValue]) -> SearchCondition:
    """When a resource was written: the range of one millisecond that meta.lastUpdated says.
    Raises BadValue.
    """
    tests = []
    values_bound: list[object] = []
    for text in values:
        prefix, (low, high) = parse_date_value(text)
        a, b, ha, hb = (f"{{{len(values_bound) + i}}}" for i in range(4))
        tests.append(
            "("
            + TESTS[prefix].format(
                low="{r}.last_updated", high="{r}.last_updated", a=a, b=b, ha=ha, hb=hb
            )
            + ")"
        )
        values_bound += [low, high, low - STEP, high - STEP]
    return SearchCondition(" OR ".join(tests), tuple(values_bound))
