"""References in a resource that becomes part of a document: whoever has the document alone must be able to follow each of them (FHIR R4 documents.html#content, IPS IG 2.0). Pure.

What leads out of it names its target by identifier instead: the absolute address where it stands (FHIR R4 references.html#logical); its display and type stay."""

from collections.abc import Mapping
from typing import Any

from records.fhir.json import dump, parse
from records.fhir.reference_forms import Form, form_of
from records.fhir.references import RELATIVE, walk

URI = "urn:ietf:rfc:3986"


def enclosed(body: bytes, url: str, entries: Mapping[str, str]) -> bytes:
    """The same resource with such references alone. url: its own; entries: absolute address of a resource -> fullUrl of the entry that stands for it."""
    resource = parse(body)
    store = url.rsplit("/", 2)[0]
    changed = [settle(found.node, store, entries) for found in walk(resource)]
    return dump(resource) if any(changed) else body


def settle(node: dict[str, Any], store: str, entries: Mapping[str, str]) -> bool:
    """Make one Reference so; whether it had to be changed."""
    said = node["reference"]
    form = form_of(said)
    if form is Form.CONTAINED:
        return False
    target = f"{store}/{said}" if form is Form.LOCAL else said
    current = target.partition("/_history/")[0]
    if entries.get(current) == target:
        return False
    if current in entries:
        node["reference"] = entries[current]
        return True
    del node["reference"]
    if m := RELATIVE.fullmatch("/".join(current.rsplit("/", 2)[-2:])):
        node.setdefault("type", m.group(1))
    node.setdefault("identifier", {"system": URI, "value": target})
    return True
