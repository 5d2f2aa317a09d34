"""Search kinds quantity and number: prefixes and implicit precision (FHIR R4
search.html#quantity). With a UCUM unit, amounts are compared in base units; without a unit, or with
one that has no table row, as written.
"""

import math
import re
from decimal import Decimal
from typing import Any

from records.fhir.hashes import index_hash, short_hash
from records.search.base_units import convert_to_base, find_base_unit
from records.search.escapes import SearchValue
from records.search.search_parameters import SearchParameter
from records.search.search_terms import BadValue, IndexedQuantity, IndexValues, SearchCondition

MODIFIERS = frozenset({""})
FORM = re.compile(
    r"(eq|ne|gt|ge|lt|le|sa|eb|ap)?([+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?)"
)
# of a stored range [low, high]; {v}: the number that is asked for, [{a}, {b}): what it stands for
# by its precision
TESTS = {
    "eq": "{low} >= {a} AND {high} < {b}",
    "ne": "NOT ({low} >= {a} AND {high} < {b})",
    "gt": "{high} > {v}",
    "ge": "{high} >= {v}",
    "lt": "{low} < {v}",
    "le": "{low} <= {v}",
    "sa": "{low} > {v}",
    "eb": "{high} < {v}",
    "ap": "{low} <= {b} AND {high} >= {a}",
}
WRITTEN = (
    "a quantity is a number, number|system|code or number||unit, with a prefix such as gt before it"
)
CURRENCY = "urn:iso:std:iso:4217"


# What a comparator says: which end of the range is the number, and whether the number belongs to it
# (R4 datatypes.html#Quantity)
COMPARATORS = {"<": ("high", False), "<=": ("high", True), ">": ("low", False), ">=": ("low", True)}


def next_number_inside(value: float, end: str) -> float:
    """The next number inside an open end, so that a closed range [low, high] stands for the open
    one.
    """
    return math.nextafter(value, -math.inf if end == "high" else math.inf)


def quantity_bounds(
    value: Any, base_unit: tuple[float, float, str] | None = None
) -> tuple[float, float] | None:
    """The range of a number, Quantity (with its comparator), Money or Range, in base units where
    these are given; None for no number.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        exact = convert_to_base(value, base_unit) if base_unit else float(value)
        return exact, exact
    if not isinstance(value, dict) or "origin" in value:
        return None
    if "low" in value or "high" in value:
        low, high = (
            quantity_bounds(value.get("low"), base_unit),
            quantity_bounds(value.get("high"), base_unit),
        )
        return (low[0] if low else -math.inf), (high[1] if high else math.inf)
    bounds = (
        quantity_bounds(value.get("value"), base_unit)
        if isinstance(value.get("value"), int | float)
        else None
    )
    if bounds is None or value.get("comparator") not in COMPARATORS:
        return bounds
    end, closed = COMPARATORS[value["comparator"]]
    number = bounds[0] if closed else next_number_inside(bounds[0], end)
    return (-math.inf, number) if end == "high" else (number, math.inf)


def index_value(index: IndexValues, parameter: SearchParameter, value: Any) -> None:
    bounds = quantity_bounds(value)
    if bounds is None:
        return
    low, high = bounds
    quantity = value if isinstance(value, dict) else {}
    quantity = quantity.get("low") or quantity.get("high") or quantity
    code = str(quantity.get("code") or quantity.get("currency") or "")
    system = str(quantity.get("system") or (CURRENCY if "currency" in quantity else ""))
    base_unit = find_base_unit(system, code)
    low_base, high_base = (
        (quantity_bounds(value, base_unit) or bounds) if base_unit else (None, None)
    )
    index.quantities.add(
        IndexedQuantity(
            index_hash(parameter.type_name, parameter.code),
            low,
            high if high != low else None,
            low_base,
            high_base if high != low else None,
            unit_hash(system, code),
            short_hash("label", code) if code else 0,
            short_hash("label", str(quantity["unit"])) if quantity.get("unit") else 0,
        )
    )


def index_pair(index: IndexValues, parameter: SearchParameter, values: list[Any]) -> None:
    """Two numbers of one element as one row: the first as its lower, the second as its upper
    end.
    """
    if len(values) == 2 and all(isinstance(v, int | float) for v in values):
        index.quantities.add(
            IndexedQuantity(
                index_hash(parameter.type_name, parameter.code),
                float(values[0]),
                float(values[1]),
                None,
                None,
                0,
                0,
                0,
            )
        )


def pair_condition(parameter: SearchParameter, values: list[SearchValue]) -> SearchCondition:
    """Each number with a prefix of its own. Raises BadValue."""
    tests: list[str] = []
    values_bound: list[object] = [index_hash(parameter.type_name, parameter.code)]
    for column, text in zip(("q.low", "q.high"), values, strict=True):
        number_form = FORM.fullmatch(text)
        if not number_form:
            raise BadValue("its last two parts are numbers, with a prefix such as gt before them")
        prefix, numbers = (
            number_form.group(1) or "eq",
            precision_range(number_form.group(1) or "eq", Decimal(number_form.group(2))),
        )
        tests.append(
            TESTS[prefix].format(low=column, high=column, **placeholder_names(len(values_bound)))
        )
        values_bound += numbers
    return SearchCondition(
        "{r}.rid IN (SELECT q.rid FROM record_quantity q WHERE q.parameter = {0} AND"
        f" {' AND '.join(tests)})",
        tuple(values_bound),
    )


def parse_asked_unit(value: SearchValue) -> tuple[str, str]:
    """(system, code or unit) behind the number; ("", "") for none, also where only the bars are
    there (R4 search.html#quantity). Raises BadValue.
    """
    _, *told = value.pieces
    if (
        len(told) > 2
        or (len(told) == 1 and told[0])
        or (len(told) == 2 and told[0] and not told[1])
    ):
        raise BadValue(WRITTEN)
    system, code = told if len(told) == 2 else ("", "")
    return system, code


def unit_hash(system: str, code: str) -> int:
    base_unit = find_base_unit(system, code)
    return (
        short_hash("dimension", base_unit[2])
        if base_unit
        else short_hash("unit", system, code)
        if code
        else 0
    )


def build_condition(
    parameter: SearchParameter, modifier: str, values: list[SearchValue]
) -> SearchCondition:
    tests = []
    values_bound: list[object] = [[index_hash(parameter.type_name, n) for n in parameter.names]]
    for text in values:
        system, code = parse_asked_unit(text)
        number_form = FORM.fullmatch(text.pieces[0])
        if not number_form or (parameter.kind == "number" and code):
            raise BadValue(WRITTEN)
        base_unit = find_base_unit(system, code) if system else None
        test, test_values = quantity_test_sql(
            number_form.group(1) or "eq",
            Decimal(number_form.group(2)),
            len(values_bound),
            base_unit,
        )
        values_bound += test_values
        if system:
            test += f" AND q.unit = {{{len(values_bound)}}}"
            values_bound.append(unit_hash(system, code))
        elif code:
            test += f" AND {{{len(values_bound)}}} IN (q.code, q.label)"
            values_bound.append(short_hash("label", code))
        tests.append(f"({test})")
    parameter_test = "= {0}" if len(parameter.names) == 1 else "= ANY({0})"
    if len(parameter.names) == 1:
        values_bound[0] = index_hash(parameter.type_name, parameter.names[0])
    rows_sql = (
        f"SELECT q.rid FROM record_quantity q WHERE q.parameter {parameter_test}"
        f" AND ({' OR '.join(tests)})"
    )
    return SearchCondition(f"{{r}}.rid IN ({rows_sql})", tuple(values_bound))


def quantity_test_sql(
    prefix: str, exact: Decimal, first_placeholder: int, base_unit: tuple[float, float, str] | None
) -> tuple[str, list[object]]:
    """The test, and the values from {at} on that it binds. Points and ranges apart: each has an
    index of its own.
    """
    value: list[object] = list(precision_range(prefix, exact, base_unit))
    low, high = ("q.base", "q.base_to") if base_unit else ("q.low", "q.high")
    point = TESTS[prefix].format(low=low, high=low, **placeholder_names(first_placeholder))
    span = TESTS[prefix].format(low=low, high=high, **placeholder_names(first_placeholder))
    return f"(({high} IS NULL AND {point}) OR ({high} IS NOT NULL AND {span}))", value


def precision_range(
    prefix: str, exact: Decimal, base_unit: tuple[float, float, str] | None = None
) -> list[float]:
    """The number itself, or where the prefix asks for it the range that it stands for by its
    precision; in base units where these are given. The index keeps 17 digits: a number that is
    written more exactly stands for the one that is kept of it.
    """
    half = half_precision(prefix, exact)
    numbers = [exact] if half is None else [exact, exact - half, exact + half]
    point, *ends = [
        convert_to_base(float(n), base_unit) if base_unit else float(n) for n in numbers
    ]
    return (
        [min(ends[0], point), max(ends[1], next_number_inside(point, "low"))] if ends else [point]
    )


def half_precision(prefix: str, exact: Decimal) -> Decimal | None:
    """Half of the range around a number; None where it is taken as it is."""
    if "{v}" in TESTS[prefix]:
        return None
    return (
        abs(exact) / 10 if prefix == "ap" else Decimal(5).scaleb(int(exact.as_tuple().exponent) - 1)
    )


def placeholder_names(first_placeholder: int) -> dict[str, str]:
    return {
        "v": f"{{{first_placeholder}}}",
        "a": f"{{{first_placeholder}}}",
        "b": f"{{{first_placeholder + 1}}}",
    }
