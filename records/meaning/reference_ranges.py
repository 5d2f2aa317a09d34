"""A reference range, converted to the unit of a value, and where a number stands to it (FHIR R4
Observation.referenceRange).
"""

from dataclasses import dataclass, replace

from records.meaning.result_flags import ResultFlag
from records.meaning.result_units import NONE, Unit, convert_value


@dataclass(frozen=True, slots=True)
class ReferenceRange:
    """Bounds in `unit` (NONE: that of the value); open_low, open_high: the bound itself lies
    outside; expected: a quality ("阴性") instead of numbers; accepted: several grades of one
    ("阴性/弱阳性"); text: as sent.
    """

    low: float | None = None
    high: float | None = None
    unit: Unit = NONE
    open_low: bool = False
    open_high: bool = False
    expected: ResultFlag = ResultFlag.NONE
    text: str = ""
    accepted: frozenset[str] = frozenset()

    @property
    def known(self) -> bool:
        return self.low is not None or self.high is not None or self.graded

    @property
    def graded(self) -> bool:
        return self.expected is not ResultFlag.NONE or bool(self.accepted)


@dataclass(frozen=True, slots=True)
class PatientTraits:
    """Of whom a result is: FHIR gender and birth date, "" where they are not known."""

    sex: str = ""
    birth: str = ""


def flag_against_bounds(
    value: float, comparator: str, unit_code: str, bounds: ReferenceRange
) -> ResultFlag:
    """Where a number stands: high, low, normal, or NONE where that cannot be said (another unit;
    "<5" with the range 0–4).
    """
    same = convert_range(bounds, unit_code)
    if same is None:
        return ResultFlag.NONE
    low, high = same.low, same.high
    match comparator:
        case "":
            if high is not None and (value > high or (value == high and same.open_high)):
                return ResultFlag.HIGH
            if low is not None and (value < low or (value == low and same.open_low)):
                return ResultFlag.LOW
            return ResultFlag.NORMAL
        case "<" | "<=":
            if low is not None and (
                value < low or (value == low and (comparator == "<" or same.open_low))
            ):
                return ResultFlag.LOW
            fits_high = high is not None and (
                value < high or (value == high and (comparator == "<" or not same.open_high))
            )
            # a range that begins with 0 is of what is never below it: "<0.01" with 0–0.04 fits
            is_bounded = low is not None and (low != 0 or same.open_low)
            return ResultFlag.NORMAL if fits_high and not is_bounded else ResultFlag.NONE
        case ">" | ">=":
            if high is not None and (
                value > high or (value == high and (comparator == ">" or same.open_high))
            ):
                return ResultFlag.HIGH
            fits_low = low is not None and (
                value > low or (value == low and (comparator == ">" or not same.open_low))
            )
            return ResultFlag.NORMAL if high is None and fits_low else ResultFlag.NONE
    return ResultFlag.NONE


def convert_range(bounds: ReferenceRange, unit_code: str) -> ReferenceRange | None:
    """The same range in another unit; None where it has no numbers, or its unit is another."""
    if bounds.low is None and bounds.high is None:
        return None
    if not bounds.unit.code or bounds.unit.code == unit_code:
        return bounds
    ends = [
        None if b is None else convert_value(b, bounds.unit.code, unit_code)
        for b in (bounds.low, bounds.high)
    ]
    if any(
        e is None and b is not None for e, b in zip(ends, (bounds.low, bounds.high), strict=True)
    ):
        return None
    return replace(bounds, low=ends[0], high=ends[1], unit=Unit(unit_code))
