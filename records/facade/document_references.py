"""References in a resource that becomes part of a document: whoever has the document alone must
be able to follow each of them (FHIR R4 documents.html#content, IPS IG 2.0). Pure.

What leads out of it names its target by identifier instead: the absolute address where it stands
(FHIR R4 references.html#logical); its display and type stay.
"""

from collections.abc import Mapping
from typing import Any

from records.fhir.json_codec import dump_json, parse_json
from records.fhir.reference_forms import ReferenceForm, classify_reference
from records.fhir.resource_references import RELATIVE, find_references

URI_SYSTEM = "urn:ietf:rfc:3986"


def enclose_references(body: bytes, url: str, entries: Mapping[str, str]) -> bytes:
    """The same resource with such references alone. url: its own; entries: absolute address of a
    resource -> fullUrl of the entry that stands for it.
    """
    resource = parse_json(body)
    store = url.rsplit("/", 2)[0]
    changed = [enclose_reference(found.node, store, entries) for found in find_references(resource)]
    return dump_json(resource) if any(changed) else body


def enclose_reference(node: dict[str, Any], store: str, entries: Mapping[str, str]) -> bool:
    """Make one Reference so; whether it had to be changed."""
    said = node["reference"]
    form = classify_reference(said)
    if form is ReferenceForm.CONTAINED:
        return False
    target = f"{store}/{said}" if form is ReferenceForm.LOCAL else said
    current = target.partition("/_history/")[0]
    if entries.get(current) == target:
        return False
    if current in entries:
        node["reference"] = entries[current]
        return True
    del node["reference"]
    if m := RELATIVE.fullmatch("/".join(current.rsplit("/", 2)[-2:])):
        node.setdefault("type", m.group(1))
    node.setdefault("identifier", {"system": URI_SYSTEM, "value": target})
    return True
