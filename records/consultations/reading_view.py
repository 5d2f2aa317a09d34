"""Read an opinion's document as lines for people, in the reader's language: for the page and for
paper. No codes of FHIR; what a doctor reads is what was signed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from records.consultations.document_parts import field_of_part
from records.consultations.section_table import OPINION_SECTIONS, REPORT_SECTIONS


@dataclass(frozen=True, slots=True)
class ReadingLine:
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ReadingSection:
    title: str
    lines: tuple[ReadingLine, ...]


def read_document(document: Mapping[str, Any], language: str = "") -> list[ReadingSection]:
    """language: "zh" or "en"; the page's own where none is named."""
    zh = (language or get_language() or "zh").startswith("zh")
    inside = {e["fullUrl"]: e["resource"] for e in document["entry"]}
    composition = document["entry"][0]["resource"]
    titles = {c.zh: c.en for c in (*OPINION_SECTIONS, *REPORT_SECTIONS)}
    sections = []
    for section in composition["section"]:
        lines = []
        for entry in section.get("entry", []):
            resource = inside[entry["reference"]]
            field = field_of_part(resource["id"])
            if field is not None:
                lines.append(ReadingLine(field.zh if zh else field.en, str(read_value(resource))))
        title = section["title"] if zh else titles.get(section["title"], section["title"])
        sections.append(ReadingSection(title, tuple(lines)))
    return sections


def read_value(observation: Mapping[str, Any]) -> str:
    concept = observation.get("valueCodeableConcept")
    if concept:
        return str(concept.get("text") or concept["coding"][0]["code"])
    return str(observation.get("valueString", ""))
