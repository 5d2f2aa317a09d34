"""Translate a code by a ConceptMap (FHIR R4 conceptmap-operation-translate.html). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CodeTranslation:
    """One translation; equivalence as ConceptMap states it, seen from the code that was asked
    for.
    """

    equivalence: str
    system: str
    code: str
    display: str
    source: str  # the map's url


BACK = {
    "wider": "narrower",
    "narrower": "wider",
    "subsumes": "specializes",
    "specializes": "subsumes",
}


def find_translations(
    concept_map: Json, system: str, code: str, target: str, reverse: bool
) -> Iterator[CodeTranslation]:
    """target: only into this system, or ""."""
    source = str(concept_map.get("url") or f"ConceptMap/{concept_map.get('id')}")
    for group in concept_map.get("group", []):
        here, there = (
            (group.get("target", ""), group.get("source", ""))
            if reverse
            else (group.get("source", ""), group.get("target", ""))
        )
        if (system and here != system) or (target and there != target):
            continue
        known = False
        for element in group.get("element", []):
            for to in element.get("target", []):
                a, b = (to, element) if reverse else (element, to)
                if a.get("code") == code:
                    known = True
                    equivalence = str(to.get("equivalence"))
                    yield CodeTranslation(
                        BACK.get(equivalence, equivalence) if reverse else equivalence,
                        there,
                        str(b.get("code") or ""),
                        str(b.get("display") or ""),
                        source,
                    )
        if not known and not reverse and (rule := group.get("unmapped")):
            match rule.get("mode"):
                case "provided":
                    yield CodeTranslation("equal", there, code, "", source)
                case "fixed":
                    yield CodeTranslation(
                        "relatedto",
                        there,
                        str(rule.get("code") or ""),
                        str(rule.get("display") or ""),
                        source,
                    )
