"""All search parameters of FHIR R4 for the hosted types, with their kinds and targets: as the
official definitions list them (tests/fixtures/r4-search-parameters.txt, of the package
hl7.fhir.r4.examples 4.0.1; a * for any target).
"""

from pathlib import Path

from records.fhir.resource_types import TYPES, load_definition_table

LISTED = Path(__file__).resolve().parents[1] / "fixtures" / "r4-search-parameters.txt"
UNSAID = {
    "Patient age:number",
    "Patient birthOrderBoolean:token",
}  # official, but their definitions have no expression


def official() -> set[str]:
    rows = [line.split() for line in LISTED.read_text().splitlines()]
    return {f"{name} {parameter}" for name, *parameters in rows for parameter in parameters}


def told(code: str, row: dict[str, object]) -> str:
    targets = row.get("target") or []
    assert isinstance(targets, list)
    return f"{code}:{row['kind']}" + (
        f":{'*' if len(targets) > 100 else ','.join(targets)}"
        if targets and row["kind"] == "reference"
        else ""
    )


def test_nothing_is_missing_and_nothing_is_added() -> None:
    ours = {
        f"{name} {told(code, row)}"
        for name in TYPES
        for code, row in load_definition_table("parameters")[name].items()
        if not code.startswith("_")
    }
    assert official() - ours == UNSAID and not ours - official()


def test_no_type_has_more_than_its_column_of_bits_holds() -> None:
    assert max(len(rows) for rows in load_definition_table("parameters").values()) < 63
