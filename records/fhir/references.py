"""The references in a resource: which there are, to whom, and how they are rewritten inside a transaction."""

import re
from collections.abc import Callable
from typing import Any

from records.fhir.types import TYPES

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")


def walk(node: Any) -> list[dict[str, Any]]:
    """Every object that carries a literal `reference`, in the order of the text."""
    out: list[dict[str, Any]] = []
    stack: list[Any] = [node]
    while stack:
        node = stack.pop()
        if type(node) is dict:
            if type(node.get("reference")) is str:
                out.append(node)
            stack.extend([v for v in node.values() if type(v) is dict or type(v) is list][::-1])
        else:
            stack.extend([v for v in node if type(v) is dict or type(v) is list][::-1])
    return out


def place(node: Any, wanted: dict[str, Any], where: str) -> str:
    """The FHIRPath of an object that walk found; "" where it is not below the node."""
    if node is wanted:
        return where
    steps = [(f"{where}.{k}", v) for k, v in node.items()] if type(node) is dict else [(f"{where}[{i}]", v) for i, v in enumerate(node)]
    return next((found for at, v in steps if type(v) is dict or type(v) is list for found in [place(v, wanted, at)] if found), "")


def target(reference: str) -> tuple[str, str] | None:
    """(type, id) of a relative literal reference of a hosted type, or None."""
    m = RELATIVE.fullmatch(reference)
    return (m.group(1), m.group(2)) if m and m.group(1) in TYPES else None


def rewrite(resource: Any, change: Callable[[str, Callable[[], str]], str]) -> None:
    """Replace each reference by change(reference, where), in place; where() gives its FHIRPath. Urls inside attachments and narrative
    stay."""
    for node in walk(resource):
        node["reference"] = change(node["reference"], lambda node=node: place(resource, node, resource["resourceType"]) + ".reference")  # type: ignore[misc]


def patients(resource: dict[str, Any], subject: str | None) -> list[str]:
    """Ids of the patients of this store that a resource names, the one it is about first."""
    found: list[str] = []
    if subject and isinstance(resource.get(subject), dict):
        about = target(resource[subject].get("reference") or "")
        if about and about[0] == "Patient":
            found.append(about[1])
    for node in walk(resource):
        other = target(node["reference"])
        if other and other[0] == "Patient" and other[1] not in found:
            found.append(other[1])
    return found
