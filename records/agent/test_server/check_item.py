"""Look at an item before anything is stored: is its resource what the item says, and is what its
type needs there? More of FHIR is not checked (docs/sync.md, Try it on a laptop).
"""

from __future__ import annotations

import re
from typing import Any, Iterator

from ..mapping.exact_json import encode_exactly
from .batch_lines import SentItem, read_json
from .fhir_types import NEEDED
from .item_rules import Fault, show_value

RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")


def find_faults(item: SentItem) -> list[Fault]:
    """In the order in which the platform finds them."""
    if item.type not in NEEDED:
        return [Fault("type.unknown", "resourceType", item.type, {"type": item.type})]
    if item.action != "put":
        return []
    try:
        resource = read_json(item.body)
        encode_exactly(resource)  # half of a character cannot be kept
    except (ValueError, RecursionError) as error:
        detail = str(error)[:200]
        return [Fault("json.invalid", words={"detail": detail, "detail_zh": detail})]
    if not isinstance(resource, dict):
        return [Fault("json.object")]
    said = resource.get("resourceType")
    if not isinstance(said, str):
        return [Fault("type.missing", "resourceType", "{…}")]
    if said != item.type:
        return [Fault("type.other", "resourceType", said, {"said": item.type})]
    if "id" in resource and resource["id"] != item.fhir_id:
        about = {"expected": item.fhir_id}
        return [Fault("id.other", f"{item.type}.id", show_value(resource["id"]), about)]
    return [
        Fault("element.missing", f"{item.type}.{name}")
        for name in NEEDED[item.type]
        if not has_element(resource, name)
    ]


def has_element(resource: dict[str, Any], name: str) -> bool:
    if not name.endswith("[x]"):
        return name in resource or f"_{name}" in resource
    stem = re.compile(rf"_?{name[:-3]}[A-Z]\w*")
    return any(stem.fullmatch(key) for key in resource)


def list_references(node: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """(Type/id, FHIRPath, as it stands there) of what refers to a record of the own store."""
    if isinstance(node, list):
        for place, part in enumerate(node):
            yield from list_references(part, f"{path}[{place}]")
    elif isinstance(node, dict):
        said = node.get("reference")
        match = RELATIVE.fullmatch(said) if isinstance(said, str) else None
        if match and match[1] in NEEDED:
            yield f"{match[1]}/{match[2]}", f"{path}.reference", str(said)
        for name, part in node.items():
            yield from list_references(part, f"{path}.{name}")
