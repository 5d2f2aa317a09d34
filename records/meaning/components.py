"""Substances that laboratories report as amount or as mass under different codes: which codes
are one component, its factor, and how far two laboratories may differ.
"""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from records.meaning.result_units import convert_value

HERE = Path(__file__).parent
FACTORS, ERRORS = HERE / "component_factors.csv", HERE / "allowable_errors.csv"
EDITION_LINE = "# edition: "


@dataclass(frozen=True, slots=True)
class Component:
    """value in unit_b = value in unit_a * factor + offset. codes: of LOINC, those of unit_a and
    of unit_b.
    """

    name: str
    codes: tuple[str, ...]
    unit_a: str
    unit_b: str
    factor: float
    offset: float

    def convert(self, value: float, sent: str, wanted: str) -> float | None:
        """From one of its units to another of either side; None where one is none of them."""
        for start, end, forward in (
            (self.unit_a, self.unit_b, True),
            (self.unit_b, self.unit_a, False),
        ):
            here = convert_value(value, sent, start)
            if here is None:
                continue
            there = (
                here * self.factor + self.offset if forward else (here - self.offset) / self.factor
            )
            found = convert_value(there, end, wanted)
            return None if found is None else float(f"{found:.6g}")
        return None


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of one of the tables; lines of remarks begin with #."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))


@cache
def components_by_code() -> dict[str, Component]:
    found: dict[str, Component] = {}
    for row in read_rows(FACTORS):
        component = Component(
            f"{row['component']}, {row['system']}",
            (*row["codes_a"].split(), *row["codes_b"].split()),
            row["unit_a"],
            row["unit_b"],
            float(row["factor"]),
            float(row["offset"]),
        )
        found |= dict.fromkeys(component.codes, component)
    return found


def find_component(loinc_code: str) -> Component | None:
    """None for a code whose units alone tell how it is converted, or which nobody has put here."""
    return components_by_code().get(loinc_code)


@cache
def allowable_errors() -> dict[str, float]:
    """{LOINC code: percent}"""
    return {code: float(r["percent"]) for r in read_rows(ERRORS) for code in r["codes"].split()}


@cache
def allowable_errors_edition() -> str:
    """The standard and edition that the table of allowable errors is of."""
    lines = ERRORS.read_text(encoding="utf-8").splitlines()
    return next(x.removeprefix(EDITION_LINE) for x in lines if x.startswith(EDITION_LINE))


def is_within_allowable_error(loinc_code: str, one: float, two: float) -> bool:
    """Whether two laboratories' values, in one unit, differ by less than √2 of the allowable
    total error, so that no change can be told from them.
    """
    percent = allowable_errors().get(loinc_code)
    mean = (abs(one) + abs(two)) / 2
    return bool(percent and mean) and abs(one - two) < math.sqrt(2) * (percent or 0) / 100 * mean
