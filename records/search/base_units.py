"""UCUM codes -> base units, so that 5.4 g and 5400 mg meet (FHIR R4 search.html#quantity; UCUM
2.2). TABLE units.json, generated.
"""

from records.fhir.resource_types import load_definition_table

SYSTEM = "http://unitsofmeasure.org"


def find_base_unit(system: str, code: str) -> tuple[float, float, str] | None:
    """(factor, offset, dimension): a value times factor plus offset is in base units. None for
    what is compared as written: other systems, logarithmic units, and codes outside the value set
    ucum-common.
    """
    row = load_definition_table("units").get(code) if system == SYSTEM else None
    return (row[0], row[1], row[2]) if row else None


def convert_to_base(value: float, by: tuple[float, float, str]) -> float:
    """In base units, rounded to twelve digits, so that equal amounts are equal whatever they
    were written in.
    """
    return float(f"{value * by[0] + by[1]:.12g}")
