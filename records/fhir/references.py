"""The references in a resource: which there are, to whom, and how they are rewritten inside a transaction."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from records.fhir.types import TYPES

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")


def walk(node: Any, where: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Every object that carries a literal `reference`, with its FHIRPath."""
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node, where
        for key, value in node.items():
            if isinstance(value, dict | list):
                yield from walk(value, f"{where}.{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            if isinstance(value, dict | list):
                yield from walk(value, f"{where}[{i}]")


def target(reference: str) -> tuple[str, str] | None:
    """(type, id) of a relative literal reference of a hosted type, or None."""
    m = RELATIVE.fullmatch(reference)
    return (m.group(1), m.group(2)) if m and m.group(1) in TYPES else None


def rewrite(resource: Any, change: Callable[[str, str], str]) -> None:
    """Replace each reference by change(reference, where), in place; urls inside attachments and narrative stay."""
    for node, where in walk(resource, resource["resourceType"]):
        node["reference"] = change(node["reference"], where + ".reference")


def patients(resource: dict[str, Any], subject: str | None) -> list[str]:
    """Ids of the patients of this store that a resource names, the one it is about first."""
    found: list[str] = []
    if subject and isinstance(resource.get(subject), dict):
        about = target(resource[subject].get("reference") or "")
        if about and about[0] == "Patient":
            found.append(about[1])
    for node, _ in walk(resource, ""):
        other = target(node["reference"])
        if other and other[0] == "Patient" and other[1] not in found:
            found.append(other[1])
    return found
