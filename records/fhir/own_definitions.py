"""TABLE of what is our own in FHIR: extensions, codes, an operation, identifiers; each with its
definition, which is public (FHIR R4 extensibility.html: an extension has a published definition).
Their canonical addresses are urn:xinglin:…, for no address of a site stays what it is.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "published"
BASE = "definitions"  # the name of the FHIR base where they stand; no hospital has it as its code
ADDRESS_PARAMETERS = {
    "NamingSystem": "value"
}  # type -> the search parameter that its address is found by; "url" of the others


@cache
def load_own_definitions() -> dict[tuple[str, str], dict[str, Any]]:
    """By type and id; one file each, Type-id.json."""
    found = (json.loads(p.read_text()) for p in sorted(FOLDER.glob("*.json")))
    return {(d["resourceType"], d["id"]): d for d in found}


def list_defined_types() -> list[str]:
    return sorted({name for name, _ in load_own_definitions()})


def definition_addresses(definition: dict[str, Any]) -> set[str]:
    """What it defines: its canonical address, with its version too; a NamingSystem's
    identifiers.
    """
    url = definition.get("url")
    return (
        {url, f"{url}|{definition['version']}"}
        if url
        else {i["value"] for i in definition["uniqueId"]}
    )
