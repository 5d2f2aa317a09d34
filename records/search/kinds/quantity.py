"""Search kinds quantity and number: prefixes and implicit precision (FHIR R4 search.html#quantity). Units meet as written: none is
converted."""

import math
import re
from decimal import Decimal
from typing import Any

from records.search.definitions import Parameter
from records.search.hashes import hashed
from records.search.terms import BadValue, Condition, Index

MODIFIERS = frozenset({""})
FORM = re.compile(r"(eq|ne|gt|ge|lt|le|sa|eb|ap)?([+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?)")
# of a stored range [low, high]; {v}: the number that is asked for, [{a}, {b}): what it stands for by its precision
TESTS = {
    "eq": "q.low >= {a} AND q.high < {b}", "ne": "NOT (q.low >= {a} AND q.high < {b})", "gt": "q.high > {v}", "ge": "q.high >= {v}",
    "lt": "q.low < {v}", "le": "q.low <= {v}", "sa": "q.low > {v}", "eb": "q.high < {v}", "ap": "q.low >= {a} AND q.high <= {b}",
}


def bounds(value: Any) -> tuple[float, float] | None:
    """The range of a number, Quantity (with its comparator), Money, Range or SampledData's origin; None for no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value), float(value)
    if not isinstance(value, dict):
        return None
    if "origin" in value:
        return None
    if "low" in value or "high" in value:
        low, high = bounds(value.get("low")), bounds(value.get("high"))
        return (low[0] if low else -math.inf), (high[1] if high else math.inf)
    exact = value.get("value")
    if not isinstance(exact, int | float):
        return None
    match value.get("comparator"):
        case "<" | "<=":
            return -math.inf, float(exact)
        case ">" | ">=":
            return float(exact), math.inf
    return float(exact), float(exact)


def add(index: Index, parameter: Parameter, value: Any) -> None:
    found = bounds(value)
    if found is None:
        return
    told = value if isinstance(value, dict) else {}
    told = told.get("low") or told.get("high") or told
    code = str(told.get("code") or told.get("currency") or "")
    system = str(told.get("system") or ("urn:iso:std:iso:4217" if "currency" in told else ""))
    name = hashed(parameter.type_name, parameter.code)
    for label in {code, str(told.get("unit") or "")}:
        index.quantities.add((name, *found, hashed("unit", system, code) if code else 0, hashed("unit", label) if label else 0))


def condition(parameter: Parameter, modifier: str, values: list[str]) -> Condition:
    tests = []
    bound: list[object] = [hashed(parameter.type_name, parameter.code)]
    for text in values:
        number, _, unit = text.partition("|")
        m = FORM.fullmatch(number)
        if not m or (parameter.kind == "number" and unit):
            raise BadValue("a quantity is a number, number|system|code or number||unit, with a prefix such as gt before it")
        test, more = compare(m.group(1) or "eq", Decimal(m.group(2)), len(bound))
        bound += more
        if unit:
            system, _, code = unit.rpartition("|")
            test += f" AND q.{'unit' if system else 'label'} = {{{len(bound)}}}"
            bound.append(hashed("unit", system, code) if system else hashed("unit", code))
        tests.append(f"({test})")
    inner = f"SELECT q.rid FROM record_quantity q WHERE q.parameter = {{0}} AND ({' OR '.join(tests)})"
    return Condition(f"{{r}}.rid IN ({inner})", tuple(bound))


def compare(prefix: str, exact: Decimal, at: int) -> tuple[str, list[object]]:
    """The test, and the values from {at} on that it binds."""
    half = Decimal(5).scaleb(int(exact.as_tuple().exponent) - 1)
    if prefix == "ap":
        half = abs(exact) / 10
    value: list[object] = [float(exact)] if "{v}" in TESTS[prefix] else [float(exact - half), float(exact + half)]
    return TESTS[prefix].format(v=f"{{{at}}}", a=f"{{{at}}}", b=f"{{{at + 1}}}"), value
