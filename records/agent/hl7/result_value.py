"""Read units, ranges, flags and structured numbers of results as FHIR's elements. Pure."""

from __future__ import annotations

from typing import Any

from ..values.results import FLAG_NAMES, flag_code, parse_range, parse_result, quality_code
from ..values.units import UCUM_SYSTEM, ucum_of
from .code_tables import V3
from .message import Repetition, Segment

INTERPRETATION = V3 + "ObservationInterpretation"
# codes of table 0078 beside those that laboratories write as words
FURTHER_FLAGS = frozenset(
    [
        "<",
        ">",
        "U",
        "D",
        "B",
        "W",
        "S",
        "R",
        "I",
        "MS",
        "VS",
        "DET",
        "ND",
        "HU",
        "LU",
        "RR",
        "WR",
        "NR",
    ]
)
FURTHER_NAMES = {"S": "Susceptible", "I": "Intermediate", "R": "Resistant"}
COMPARATORS = frozenset(("<", "<=", ">", ">="))


def read_unit(segment: Segment) -> dict[str, str]:
    """OBX-6 as parts of a Quantity: the unit as written, and its UCUM code where it surely has
    one.
    """
    found = segment.repetitions(6)
    if not found:
        return {}
    code, text, system = found[0].text(1), found[0].text(2), found[0].text(3).upper()
    unit = text or code
    if not unit:
        return {}
    known = code if system == "UCUM" and code else ucum_of(unit) or ucum_of(code)
    return {"unit": unit, **({"system": UCUM_SYSTEM, "code": known} if known else {})}


def measure(text: str, unit: dict[str, str]) -> dict[str, Any] | None:
    """A Quantity, with its comparator; None where the text is not one number."""
    found = parse_result(text)
    if found.number is None:
        return None
    if not unit and found.unit:
        code = ucum_of(found.unit)
        unit = {"unit": found.unit, **({"system": UCUM_SYSTEM, "code": code} if code else {})}
    comparator = {"comparator": found.comparator} if found.comparator else {}
    return {"value": found.number, **comparator, **unit}


def read_range(text: str, unit: dict[str, str]) -> dict[str, Any]:
    """A referenceRange: its text, and its ends where they can be read."""
    low, high = parse_range(text.replace("_", "-"))
    ends = {
        name: {"value": end, **unit}
        for name, end in (("low", low), ("high", high))
        if end is not None
    }
    return {"text": text, **ends}


def read_flag(text: str) -> dict[str, Any]:
    """An interpretation: coded where the flag is known, else as text alone."""
    upper = text.upper()
    code = upper if upper in FURTHER_FLAGS else flag_code(text)
    if not code:
        return {"text": text}
    coding = {"system": INTERPRETATION, "code": code}
    name = FLAG_NAMES.get(code) or FURTHER_NAMES.get(code)
    if name:
        coding["display"] = name
    return {"coding": [coding], "text": text}


def read_implied_flag(text: str) -> dict[str, Any] | None:
    """Where no flag was sent: of a result in words (阴性(-)), or of the mark behind a number
    (5.2↑).
    """
    mark = parse_result(text).mark
    code = flag_code(mark) if mark else quality_code(text)
    if not code:
        return None
    coding = {"system": INTERPRETATION, "code": code, "display": FLAG_NAMES[code]}
    return {"coding": [coding], "text": mark or text}


def read_structured(value: Repetition, unit: dict[str, str]) -> dict[str, Any]:
    """SN (comparator, number, separator, number) as value[x]."""
    comparator, first, sign, second = (value.text(n) for n in (1, 2, 3, 4))
    one, two = measure(first, unit), measure(second, unit)
    if one and two and sign == "-" and one["value"] <= two["value"]:
        return {"valueRange": {"low": one, "high": two}}
    if one and two and sign in (":", "/"):
        return {
            "valueRatio": {
                "numerator": {"value": one["value"]},
                "denominator": {"value": two["value"]},
            }
        }
    if one and not sign and not second:
        if comparator in COMPARATORS:
            return {"valueQuantity": {"value": one["value"], "comparator": comparator, **unit}}
        if comparator in ("", "="):
            return {"valueQuantity": one}
    spoken = comparator + first + sign + second
    return {"valueString": spoken} if spoken else {}
