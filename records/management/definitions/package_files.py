"""Read the definitions of an unpacked FHIR package, and compare R4 with R4B."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

# The same codes under another canonical name: R4 and R4B disagree on the value set's URL only.
SAME_CODES = {
    "http://terminology.hl7.org/ValueSet/v3-Confidentiality": (
        "http://terminology.hl7.org/ValueSet/v3-ConfidentialityClassification"
    )
}


def load_definitions(folder: Path, prefix: str) -> Iterator[Json]:
    for path in sorted(folder.glob(prefix + "-*.json")):
        yield json.loads(path.read_text())


def load_structure_definitions(folder: Path) -> dict[str, Json]:
    return {
        d["name"]: d
        for d in load_definitions(folder, "StructureDefinition")
        if d.get("derivation") == "specialization" and d["kind"] in ("resource", "complex-type")
    }


def summarize_definition(definition: Json) -> Json:
    out = {}
    for e in definition["snapshot"]["element"]:
        binding = e.get("binding", {})
        required = (
            binding.get("valueSet", "").split("|")[0]
            if binding.get("strength") == "required"
            else ""
        )
        out[e["path"]] = (
            e["min"],
            e["max"],
            sorted(t["code"] for t in e.get("type", [])),
            SAME_CODES.get(required, required),
        )
    return out
