"""Search kinds quantity and number: prefixes and implicit precision (FHIR R4 search.html#quantity). With a UCUM unit, amounts are
compared in base units; without a unit, or with one that has no table row, as written."""

import math
import re
from decimal import Decimal
from typing import Any

from records.fhir.hashes import hashed, short
from records.search.definitions import Parameter
from records.search.escapes import Value
from records.search.terms import BadValue, Condition, Index, Quantity
from records.search.units import base, converted

MODIFIERS = frozenset({""})
FORM = re.compile(r"(eq|ne|gt|ge|lt|le|sa|eb|ap)?([+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?)")
# of a stored range [low, high]; {v}: the number that is asked for, [{a}, {b}): what it stands for by its precision
TESTS = {
    "eq": "{low} >= {a} AND {high} < {b}", "ne": "NOT ({low} >= {a} AND {high} < {b})", "gt": "{high} > {v}", "ge": "{high} >= {v}",
    "lt": "{low} < {v}", "le": "{low} <= {v}", "sa": "{low} > {v}", "eb": "{high} < {v}", "ap": "{low} <= {b} AND {high} >= {a}",
}
WRITTEN = "a quantity is a number, number|system|code or number||unit, with a prefix such as gt before it"
CURRENCY = "urn:iso:std:iso:4217"


# What a comparator says: which end of the range is the number, and whether the number belongs to it (R4 datatypes.html#Quantity)
COMPARATORS = {"<": ("high", False), "<=": ("high", True), ">": ("low", False), ">=": ("low", True)}


def beside(value: float, end: str) -> float:
    """The next number inside an open end, so that a closed range [low, high] stands for the open one."""
    return math.nextafter(value, -math.inf if end == "high" else math.inf)


def bounds(value: Any, by: tuple[float, float, str] | None = None) -> tuple[float, float] | None:
    """The range of a number, Quantity (with its comparator), Money or Range, in base units where these are given; None for no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        exact = converted(value, by) if by else float(value)
        return exact, exact
    if not isinstance(value, dict) or "origin" in value:
        return None
    if "low" in value or "high" in value:
        low, high = bounds(value.get("low"), by), bounds(value.get("high"), by)
        return (low[0] if low else -math.inf), (high[1] if high else math.inf)
    found = bounds(value.get("value"), by) if isinstance(value.get("value"), int | float) else None
    if found is None or value.get("comparator") not in COMPARATORS:
        return found
    end, closed = COMPARATORS[value["comparator"]]
    number = found[0] if closed else beside(found[0], end)
    return (-math.inf, number) if end == "high" else (number, math.inf)


def add(index: Index, parameter: Parameter, value: Any) -> None:
    found = bounds(value)
    if found is None:
        return
    low, high = found
    told = value if isinstance(value, dict) else {}
    told = told.get("low") or told.get("high") or told
    code = str(told.get("code") or told.get("currency") or "")
    system = str(told.get("system") or (CURRENCY if "currency" in told else ""))
    by = base(system, code)
    low_base, high_base = (bounds(value, by) or found) if by else (None, None)
    index.quantities.add(Quantity(
        hashed(parameter.type_name, parameter.code), low, high if high != low else None, low_base, high_base if high != low else None,
        unit(system, code), short("label", code) if code else 0, short("label", str(told["unit"])) if told.get("unit") else 0))


def pair(index: Index, parameter: Parameter, values: list[Any]) -> None:
    """Two numbers of one element as one row: the first as its lower, the second as its upper end."""
    if len(values) == 2 and all(isinstance(v, int | float) for v in values):
        index.quantities.add(Quantity(hashed(parameter.type_name, parameter.code), float(values[0]), float(values[1]), None, None, 0, 0, 0))


def pair_condition(parameter: Parameter, values: list[Value]) -> Condition:
    """Each number with a prefix of its own. Raises BadValue."""
    tests: list[str] = []
    bound: list[object] = [hashed(parameter.type_name, parameter.code)]
    for column, text in zip(("q.low", "q.high"), values, strict=True):
        m = FORM.fullmatch(text)
        if not m:
            raise BadValue("its last two parts are numbers, with a prefix such as gt before them")
        prefix, numbers = m.group(1) or "eq", around(m.group(1) or "eq", Decimal(m.group(2)))
        tests.append(TESTS[prefix].format(low=column, high=column, **places(len(bound))))
        bound += numbers
    return Condition(f"{{r}}.rid IN (SELECT q.rid FROM record_quantity q WHERE q.parameter = {{0}} AND {' AND '.join(tests)})", tuple(bound))


def unit_asked(value: Value) -> tuple[str, str]:
    """(system, code or unit) behind the number; ("", "") for none, also where only the bars are there (R4 search.html#quantity). Raises BadValue."""
    _, *told = value.pieces
    if len(told) > 2 or (len(told) == 1 and told[0]) or (len(told) == 2 and told[0] and not told[1]):
        raise BadValue(WRITTEN)
    system, code = told if len(told) == 2 else ("", "")
    return system, code


def unit(system: str, code: str) -> int:
    by = base(system, code)
    return short("dimension", by[2]) if by else short("unit", system, code) if code else 0


def condition(parameter: Parameter, modifier: str, values: list[Value]) -> Condition:
    tests = []
    bound: list[object] = [[hashed(parameter.type_name, n) for n in parameter.names]]
    for text in values:
        system, code = unit_asked(text)
        m = FORM.fullmatch(text.pieces[0])
        if not m or (parameter.kind == "number" and code):
            raise BadValue(WRITTEN)
        by = base(system, code) if system else None
        test, more = compare(m.group(1) or "eq", Decimal(m.group(2)), len(bound), by)
        bound += more
        if system:
            test += f" AND q.unit = {{{len(bound)}}}"
            bound.append(unit(system, code))
        elif code:
            test += f" AND {{{len(bound)}}} IN (q.code, q.label)"
            bound.append(short("label", code))
        tests.append(f"({test})")
    one = "= {0}" if len(parameter.names) == 1 else "= ANY({0})"
    if len(parameter.names) == 1:
        bound[0] = hashed(parameter.type_name, parameter.names[0])
    inner = f"SELECT q.rid FROM record_quantity q WHERE q.parameter {one} AND ({' OR '.join(tests)})"
    return Condition(f"{{r}}.rid IN ({inner})", tuple(bound))


def compare(prefix: str, exact: Decimal, at: int, by: tuple[float, float, str] | None) -> tuple[str, list[object]]:
    """The test, and the values from {at} on that it binds. Points and ranges apart: each has an index of its own."""
    value: list[object] = list(around(prefix, exact, by))
    low, high = ("q.base", "q.base_to") if by else ("q.low", "q.high")
    point = TESTS[prefix].format(low=low, high=low, **places(at))
    span = TESTS[prefix].format(low=low, high=high, **places(at))
    return f"(({high} IS NULL AND {point}) OR ({high} IS NOT NULL AND {span}))", value


def around(prefix: str, exact: Decimal, by: tuple[float, float, str] | None = None) -> list[float]:
    """The number itself, or where the prefix asks for it the range that it stands for by its precision; in base units where these are given. The index keeps 17 digits: a
    number that is written more exactly stands for the one that is kept of it."""
    half = width(prefix, exact)
    numbers = [exact] if half is None else [exact, exact - half, exact + half]
    point, *ends = [converted(float(n), by) if by else float(n) for n in numbers]
    return [min(ends[0], point), max(ends[1], beside(point, "low"))] if ends else [point]


def width(prefix: str, exact: Decimal) -> Decimal | None:
    """Half of the range around a number; None where it is taken as it is."""
    if "{v}" in TESTS[prefix]:
        return None
    return abs(exact) / 10 if prefix == "ap" else Decimal(5).scaleb(int(exact.as_tuple().exponent) - 1)


def places(at: int) -> dict[str, str]:
    return {"v": f"{{{at}}}", "a": f"{{{at}}}", "b": f"{{{at + 1}}}"}
