"""Growth of children against one standard: tables, z-scores, percentiles, ages that are corrected
for preterm birth.

Source: WHO Child Growth Standards, methods and development (2006), chapter 7: z is
((y/M)^L - 1)/(L S), for what is weighed beyond 3 SD by the distance between SD 2 and SD 3; lying
length below 24 months, standing height from then on, 0.7 cm between them. The numbers stand in
growth_tables/who.csv.
"""

import csv
import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist

WHO_FILE = Path(__file__).parent / "growth_tables" / "who.csv"
STANDING_FROM = 731  # days: 24 months
MONTH = 30.4375  # days, as in the WHO's tables
LYING_LONGER = 0.7  # cm
TERM = 280  # days of gestation
PRETERM_BELOW = 37 * 7
YOUNGEST = 22 * 7
CORRECTED_UNTIL = 730  # days of age
PERCENTILES = (3, 15, 50, 85, 97)
NORMAL = NormalDist()
IMPLAUSIBLE = 6.0  # SD


class GrowthMeasure(StrEnum):
    """What is measured; the last two are weight by length, lying or standing, in cm."""

    WEIGHT = "weight"
    HEIGHT = "height"
    BMI = "bmi"
    HEAD = "head"
    FOR_LENGTH = "weight-for-length"
    FOR_HEIGHT = "weight-for-height"


WEIGHED = frozenset(GrowthMeasure) - {GrowthMeasure.HEIGHT, GrowthMeasure.HEAD}


@dataclass(frozen=True, slots=True)
class LmsTable:
    """Rows (x, L, M, S), by x; between them values are interpolated. weighed: tails by SD 2 and 3,
    for weight is not symmetric.
    """

    rows: tuple[tuple[float, float, float, float], ...]
    weighed: bool

    def z_score(self, value: float, x: float) -> float | None:
        """None where the table does not reach, or nothing positive was measured."""
        found = interpolate(self.rows, x)
        if found is None or value <= 0:
            return None
        power, median, spread = found
        z = (
            math.log(value / median) / spread
            if abs(power) < 1e-9
            else ((value / median) ** power - 1) / (power * spread)
        )
        if not self.weighed or abs(z) <= 3:
            return z
        side = math.copysign(1, z)
        third, second = (box_cox(found, side * n) for n in (3, 2))
        return side * 3 + (value - third) / abs(third - second)

    def value_at(self, z: float, x: float) -> float | None:
        found = interpolate(self.rows, x)
        return None if found is None else box_cox(found, z)

    @property
    def reach(self) -> tuple[float, float]:
        return self.rows[0][0], self.rows[-1][0]


@dataclass(frozen=True, slots=True)
class SdTable:
    """Rows (x, values at -3 to +3 SD), by x; between them, and beyond, straight lines."""

    rows: tuple[tuple[float, ...], ...]

    def z_score(self, value: float, x: float) -> float | None:
        found = interpolate(self.rows, x)
        if found is None or value <= 0:
            return None
        at = min(max(bisect_right(found, value), 1), len(found) - 1)
        return at - 4 + (value - found[at - 1]) / (found[at] - found[at - 1])

    def value_at(self, z: float, x: float) -> float | None:
        found = interpolate(self.rows, x)
        if found is None:
            return None
        at = min(max(math.floor(z) + 4, 1), len(found) - 1)
        return found[at - 1] + (z + 4 - at) * (found[at] - found[at - 1])

    @property
    def reach(self) -> tuple[float, float]:
        return self.rows[0][0], self.rows[-1][0]


GrowthTable = LmsTable | SdTable
GrowthStandard = dict[tuple[GrowthMeasure, str], GrowthTable]


class BadTable(Exception):
    """A file that is no table of growth; the words say where."""


def interpolate(rows: Sequence[tuple[float, ...]], x: float) -> tuple[float, ...] | None:
    """What stands behind x in a row, between two rows by a straight line."""
    at = bisect_right(rows, x, key=lambda r: r[0])
    if at == 0 or (at == len(rows) and x > rows[-1][0]):
        return None
    if rows[at - 1][0] == x:
        return rows[at - 1][1:]
    (a, *low), (b, *high) = rows[at - 1], rows[at]
    part = (x - a) / (b - a)
    return tuple(v + (w - v) * part for v, w in zip(low, high, strict=True))


def box_cox(lms: Sequence[float], z: float) -> float:
    power, median, spread = lms
    if abs(power) < 1e-9:
        return median * math.exp(spread * z)
    inside = 1 + power * spread * z
    return median * inside ** (1 / power) if inside > 0 else 0.0


@cache
def who_standard() -> GrowthStandard:
    """By (measure, FHIR gender)."""
    with WHO_FILE.open(encoding="utf-8") as file:
        return read_table(line for line in file if not line.startswith("#"))


SD_COLUMNS = tuple(f"sd{n}" for n in range(-3, 4))


def read_table(lines: Iterable[str]) -> GrowthStandard:
    """A CSV with measure, sex (male, female), x (days, or cm) or months, and l, m, s or sd-3 to
    sd3. Raises BadTable.
    """
    reader = csv.DictReader(lines)
    columns = set(reader.fieldnames or ())
    values = ("l", "m", "s") if {"l", "m", "s"} <= columns else SD_COLUMNS
    if not {"measure", "sex", *values} <= columns or not columns & {"x", "months"}:
        raise BadTable(
            "the first line names the columns: measure, sex, x (days, or cm) or months, and l, m, s"
            f" or {', '.join(SD_COLUMNS)}"
        )
    found: dict[tuple[GrowthMeasure, str], list[tuple[float, ...]]] = {}
    for number, row in enumerate(reader, 2):
        try:
            measure, sex = GrowthMeasure(row["measure"]), row["sex"]
            x = float(row["x"]) if row.get("x") else float(row["months"]) * MONTH
            numbers = tuple(float(row[c]) for c in values)
        except (ValueError, KeyError, TypeError) as error:
            raise BadTable(f"line {number}: {error}") from error
        if sex not in ("male", "female") or not all(map(math.isfinite, (x, *numbers))):
            raise BadTable(f"line {number}: sex is male or female, and all else a number")
        if values is SD_COLUMNS and any(a >= b for a, b in pairwise(numbers)):
            raise BadTable(f"line {number}: the values do not rise from -3 SD to +3 SD")
        found.setdefault((measure, sex), []).append((x, *numbers))
    for (measure, sex), rows in found.items():
        if len(rows) < 2 or any(a[0] >= b[0] for a, b in pairwise(rows)):
            raise BadTable(f"{measure}, {sex}: two rows at least, and x has to rise")
    if not found:
        raise BadTable("there is no row")
    make = make_lms_table if values == ("l", "m", "s") else make_sd_table
    return {key: make(key[0], rows) for key, rows in found.items()}


Rows = list[tuple[float, ...]]


def make_lms_table(measure: GrowthMeasure, rows: Rows) -> GrowthTable:
    return LmsTable(tuple((x, lam, m, s) for x, lam, m, s in rows), measure in WEIGHED)


def make_sd_table(_measure: GrowthMeasure, rows: Rows) -> GrowthTable:
    return SdTable(tuple(rows))


def z_of_percentile(percentile: float) -> float:
    return NORMAL.inv_cdf(percentile / 100)


def percentile_words(z: float) -> str:
    """As whole percentiles, as far as they tell anything."""
    percentile = 100 * NORMAL.cdf(z)
    if percentile < 0.1:
        return "P<0.1"
    if percentile > 99.9:
        return "P>99.9"
    return f"P{percentile:.0f}" if 1 <= percentile <= 99 else f"P{percentile:.1f}"


def corrected_days(days: int, gestation: int | None) -> int | None:
    """The age counted from the day on which a preterm child should have been born, below 24
    months; None where nothing is corrected. It may lie before that day.
    """
    if gestation is None or not YOUNGEST <= gestation < PRETERM_BELOW or days > CORRECTED_UNTIL:
        return None
    return days - (TERM - gestation)


def as_measured_for(height: float, days: float, lying: bool | None) -> float:
    """A length or height as the table of the age has it: lying below 24 months, standing from then
    on; lying: how it was measured, None where that is not told.
    """
    if lying is False and days < STANDING_FROM:
        return height + LYING_LONGER
    if lying is True and days >= STANDING_FROM:
        return height - LYING_LONGER
    return height
