"""Read files that are no tables: HL7 v2 messages, FHIR Bundles, NDJSON. TABLE by their ending."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

from .fhir.read_fhir_file import read_fhir_file
from .hl7.read_hl7_file import read_hl7_file
from .item import Item
from .refusal import Refusal
from .sets.column_set import Site

Read = Callable[[Path, Site], "tuple[list[Item], list[Refusal]]"]
READERS: dict[str, tuple[str, Read]] = {
    ".hl7": ("HL7 v2", read_hl7_file),
    ".json": ("FHIR", read_fhir_file),
    ".ndjson": ("FHIR", read_fhir_file),
}


def find_reader(path: Path) -> tuple[str, Read] | None:
    """What it holds, and how it is read; None of a table."""
    return READERS.get(path.suffix.casefold())
