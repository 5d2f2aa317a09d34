"""Escaped values, and houses that hold them."""

from typing import Any

SYSTEM = "urn:esc"


def house(value: str) -> dict[str, Any]:
    return {
        "resourceType": "Organization",
        "name": value,
        "identifier": [{"system": SYSTEM, "value": value}],
    }
