"""Search kind date: ranges against ranges, with the prefixes eq ne gt ge lt le sa eb ap (FHIR R4 search.html#date)."""

import datetime as dt
import re
from typing import Any

from alliance.config.dates import HIGH, LOW, Range, bounded, span
from records.fhir.hashes import hashed
from records.search.definitions import Parameter
from records.search.escapes import Value
from records.search.terms import BadValue, Condition, Index
from records.search.timing import period, ranges_of_timing

MODIFIERS = frozenset({""})
PREFIX = re.compile(r"(eq|ne|gt|ge|lt|le|sa|eb|ap)?(.*)", re.S)
# Of a stored range [{low}, {high}) against an asked one [{a}, {b}); what {high} is compared with is {ha}, {hb}
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


# On the clinical date's own columns, said so that an index can start somewhere. A range ends after an instant if it begins after it, or
# shortly before, or is one of the few long ones, which have an index of their own.
SHORT = "{low} >= {x}::timestamptz - interval '24 hours' AND {high} > {x} AND record_long({low}, {high}) = 0"
LONG = "{high} > {x} AND record_long({low}, {high}) = 1"
AFTER = f"(({SHORT}) OR ({LONG}))"
INDEXED = {
    **TESTS, "eq": TESTS["eq"] + " AND {low} < {b}", "gt": AFTER.replace("{x}", "{hb}"), "ge": AFTER.replace("{x}", "{ha}"), "eb": TESTS["eb"] + " AND {low} < {a}",
    "ap": AFTER.replace("{x}", "{ha}") + " AND {low} < {b}",
}


def ranges(value: Any) -> list[Range]:
    """The range of a date, dateTime, instant, Period or Timing; what is no date gives none."""
    try:
        if isinstance(value, str):
            return [bounded(span(value))]
        if isinstance(value, dict) and ("start" in value or "end" in value):
            return [period(value)]
        return ranges_of_timing(value) if isinstance(value, dict) else []
    except ValueError:
        return []


def add(index: Index, parameter: Parameter, value: Any) -> None:
    found = ranges(value)
    if parameter.column == "dated":
        index.spans += found
    else:
        index.dates.update((hashed(parameter.type_name, parameter.code), *r) for r in found)


def asked(text: str) -> tuple[str, Range]:
    """(prefix, range) of a value; a blank was a plus before it was decoded. ap: the range is wider at both ends by a tenth of the time between now and
    its beginning (R4 search.html#prefix). Raises BadValue."""
    prefix, rest = PREFIX.fullmatch(text.replace(" ", "+")).groups()  # type: ignore[union-attr]
    try:
        low, high = bounded(span(rest))
    except ValueError as error:
        raise BadValue(str(error)) from error
    if prefix == "ap":
        more = abs(dt.datetime.now(dt.UTC) - low) / 10
        low, high = max(low, LOW + more) - more, min(high, HIGH - more) + more
    return prefix or "eq", (low, high)


def condition(parameter: Parameter, modifier: str, values: list[Value]) -> Condition:
    own = parameter.column == "dated"
    low, high = ("{r}.dated", "{r}.dated_to") if own else ("d.low", "d.high")
    tests = []
    bound: list[object] = [hashed(parameter.type_name, parameter.code)]
    for text in values:
        prefix, ends = asked(text)
        a, b = f"{{{len(bound)}}}", f"{{{len(bound) + 1}}}"
        tests.append((INDEXED if own else TESTS)[prefix].format(low=low, high=high, a=a, b=b, ha=a, hb=b))
        bound += ends
    either = " OR ".join(f"({t})" for t in tests)
    if own:
        return Condition(f"({{r}}.dated > '-infinity' AND ({either}))", tuple(bound))
    return Condition(f"{{r}}.rid IN (SELECT d.rid FROM record_date d WHERE d.parameter = {{0}} AND ({either}))", tuple(bound))


STEP = dt.timedelta(milliseconds=1)  # what lastUpdated is told in


def updated(values: list[Value]) -> Condition:
    """When a resource was written: the range of one millisecond that meta.lastUpdated says. Raises BadValue."""
    tests = []
    bound: list[object] = []
    for text in values:
        prefix, (low, high) = asked(text)
        a, b, ha, hb = (f"{{{len(bound) + i}}}" for i in range(4))
        tests.append("(" + TESTS[prefix].format(low="{r}.last_updated", high="{r}.last_updated", a=a, b=b, ha=ha, hb=hb) + ")")
        bound += [low, high, low - STEP, high - STEP]
    return Condition(" OR ".join(tests), tuple(bound))
