"""Rewrite the references of a resource to the ids that records have on the platform (docs/sync.md,
Ids and references).
"""

from __future__ import annotations

import re
from typing import Any, Callable

from ..item import derive_fhir_id

LITERAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[^/#]+)?")
CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?identifier=([^|&]*)\|([^|&]+)")


class UnresolvedReference(ValueError):
    """Leads to nothing that is or may come."""


class References:
    """known: fullUrl → type and record number, of the entries of a Bundle."""

    def __init__(self, source: str, known: dict[str, tuple[str, str]]) -> None:
        self.source, self.known = source, known

    def find(self, text: str) -> tuple[str, str] | None:
        """Type and record number; None for what is inside the resource or elsewhere. Raises
        UnresolvedReference.
        """
        if text.startswith("#") or not text:
            return None
        if text in self.known:
            return self.known[text]
        plain = text.split("/_history/")[0]
        if plain in self.known:
            return self.known[plain]
        literal = LITERAL.fullmatch(text)
        if literal:
            return literal.group(1), literal.group(2)
        if text.startswith(("urn:uuid:", "urn:oid:")):
            raise UnresolvedReference(text)
        return None  # http(s): elsewhere; whatever else it is, the platform says what is wrong

    def literal(self, target: tuple[str, str]) -> str:
        type, record = target
        return f"{type}/{derive_fhir_id(self.source, record)}"

    def rewrite(self, value: Any) -> Any:
        """The same with references and links to files rewritten. Raises UnresolvedReference."""
        if isinstance(value, list):
            return [self.rewrite(v) for v in value]
        if not isinstance(value, dict):
            return value
        out = {key: self.rewrite(inner) for key, inner in value.items()}
        said = value.get("reference")
        if isinstance(said, str):
            self._rewrite_reference(out, said)
        link = value.get("url")
        if isinstance(link, str) and "contentType" in value:  # an Attachment
            found = self._find_link(link)
            if found:
                out["url"] = self.literal(found)
        return out

    def _rewrite_reference(self, out: dict[str, Any], said: str) -> None:
        conditional = CONDITIONAL.fullmatch(said)
        if conditional:  # by its number: who it is, whether it comes or not
            type, system, number = conditional.groups()
            del out["reference"]
            out.setdefault("type", type)
            out.setdefault("identifier", {"system": system, "value": number})
            if not system:
                del out["identifier"]["system"]
            return
        found = self.find(said)
        if found:
            out["reference"] = self.literal(found)

    def _find_link(self, link: str) -> tuple[str, str] | None:
        if link in self.known:
            return self.known[link]
        literal = LITERAL.fullmatch(link)
        if literal and literal.group(1) == "Binary":
            return "Binary", literal.group(2)
        return None


def find_patient(resource: dict[str, Any], find: Callable[[str], tuple[str, str] | None]) -> str:
    """The record number of whose it is, or ""; by the references as they came."""
    for name in ("subject", "patient", "beneficiary", "individual"):
        reference = resource.get(name)
        said = reference.get("reference") if isinstance(reference, dict) else None
        if isinstance(said, str):
            try:
                found = find(said)
            except UnresolvedReference:
                return ""
            if found and found[0] == "Patient":
                return found[1]
    return ""
