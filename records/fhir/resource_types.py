"""TABLE resource type -> whom it is about, its clinical date. Generated from the official
definitions (generate_definitions).
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "definitions"


@dataclass(frozen=True, slots=True)
class ResourceType:
    """number: what stored rows carry instead of the name; subject: the element that names the
    patient; subject_params: search parameters that ask for just that element; date: the search
    parameter that is the clinical date; summary, required: elements of _summary=true, and those
    without which a resource is none.
    """

    name: str
    number: int
    subject: str | None
    subject_params: frozenset[str]
    date: str | None
    summary: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()


@cache
def load_definition_table(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text())  # type: ignore[no-any-return]


TYPES: dict[str, ResourceType] = {
    name: ResourceType(
        name,
        row["number"],
        row["subject"],
        frozenset(row["subject_params"]),
        row["date"],
        frozenset(row["summary"]),
        frozenset(row["required"]),
    )
    for name, row in load_definition_table("types").items()
}
TYPE_NAMES: dict[int, str] = {t.number: name for name, t in TYPES.items()}
# Records about no patient: any member may read them by id, to resolve what a shared record refers
# to.
DIRECTORY_TYPES = frozenset(
    {
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "Location",
        "HealthcareService",
        "Medication",
        "Substance",
    }
)
DIRECTORY_NUMBERS = frozenset(TYPES[name].number for name in DIRECTORY_TYPES)
