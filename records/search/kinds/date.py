"""Search kind date: ranges against ranges, with the prefixes eq ne gt ge lt le sa eb (FHIR R4 search.html#date)."""

import re
from typing import Any

from alliance.config.dates import HIGH, LOW, Range, span
from records.fhir.hashes import hashed
from records.fhir.types import TYPES
from records.search.definitions import Parameter
from records.search.terms import BadValue, Condition, Index

MODIFIERS = frozenset({""})
PREFIX = re.compile(r"(eq|ne|gt|ge|lt|le|sa|eb)?(.*)", re.S)
TESTS = {
    "eq": "{low} >= {{{a}}} AND {high} <= {{{b}}}",
    "ne": "NOT ({low} >= {{{a}}} AND {high} <= {{{b}}})",
    "gt": "{high} > {{{b}}}",
    "ge": "{high} > {{{a}}}",
    "lt": "{low} < {{{a}}}",
    "le": "{low} < {{{b}}}",
    "sa": "{low} >= {{{b}}}",
    "eb": "{high} <= {{{a}}}",
}


# On the clinical date's own columns, said so that an index can start somewhere. A range ends after an instant if it begins after it, or
# shortly before, or is one of the few long ones, which have an index of their own.
SHORT = "{low} >= {{{x}}}::timestamptz - interval '24 hours' AND {high} > {{{x}}} AND record_long({low}, {high}) = 0"
LONG = "{high} > {{{x}}} AND record_long({low}, {high}) = 1"
AFTER = f"(({SHORT}) OR ({LONG}))"
INDEXED = {**TESTS, "eq": TESTS["eq"] + " AND {low} < {{{b}}}", "gt": AFTER.replace("{x}", "{b}"), "ge": AFTER.replace("{x}", "{a}"), "eb": TESTS["eb"] + " AND {low} < {{{a}}}"}


def ranges(value: Any) -> list[Range]:
    """The range of a date, dateTime, instant or Period, or the ranges of a Timing's events; what is no date gives none."""
    try:
        if isinstance(value, str):
            return [span(value)]
        if isinstance(value, dict) and ("start" in value or "end" in value):
            return [(span(value["start"])[0] if "start" in value else LOW, span(value["end"])[1] if "end" in value else HIGH)]
        if isinstance(value, dict):
            return [span(e) for e in value.get("event", [])]
    except ValueError:
        return []
    return []


def add(index: Index, parameter: Parameter, value: Any) -> None:
    found = ranges(value)
    if TYPES[parameter.type_name].date == parameter.code:
        index.spans += found
    else:
        index.dates.update((hashed(parameter.type_name, parameter.code), *r) for r in found)


def split(text: str) -> tuple[str, str]:
    """(prefix, date); a blank was a plus before it was decoded."""
    prefix, rest = PREFIX.fullmatch(text.replace(" ", "+")).groups()  # type: ignore[union-attr]
    return prefix or "eq", rest


def condition(parameter: Parameter, modifier: str, values: list[str]) -> Condition:
    own = TYPES[parameter.type_name].date == parameter.code
    low, high = ("{r}.dated", "{r}.dated_to") if own else ("d.low", "d.high")
    tests = []
    bound: list[object] = [hashed(parameter.type_name, parameter.code)]
    for text in values:
        prefix, rest = split(text)
        try:
            a, b = span(rest)
        except ValueError as error:
            raise BadValue(str(error)) from error
        tests.append((INDEXED if own else TESTS)[prefix].format(low=low, high=high, a=len(bound), b=len(bound) + 1))
        bound += [a, b]
    either = " OR ".join(f"({t})" for t in tests)
    if own:
        return Condition(f"({{r}}.dated > '-infinity' AND ({either}))", tuple(bound))
    return Condition(f"{{r}}.rid IN (SELECT d.rid FROM record_date d WHERE d.parameter = {{0}} AND ({either}))", tuple(bound))
