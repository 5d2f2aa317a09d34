"""A FHIR Composition as a page shows it, alone or as the first entry of a document Bundle (FHIR R4
documents.html). Pure but for words.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from records.documents.harmless_markup import Markup, render_narrative
from records.documents.sections import DOCUMENT_TYPES, DocumentSection, SectionEntry
from records.fhir.resource_references import RELATIVE
from records.meaning.phrase import resource_name, say_reference
from records.meaning.value_text import concept_text

Json = dict[str, Any]
MOST_DEPTH = 20


def find_composition(resource: Json) -> Json | None:
    """The Composition that a resource is, or that a document Bundle begins with."""
    if resource.get("resourceType") == "Composition":
        return resource
    if resource.get("resourceType") == "Bundle" and resource.get("type") == "document":
        entry: Json = next(iter(resource.get("entry") or []), {})
        first: Json = entry.get("resource") or {}
        return first if first.get("resourceType") == "Composition" else None
    return None


def entries_of_bundle(resource: Json) -> dict[str, Json]:
    """What the references inside a document Bundle lead to, by fullUrl and by Type/id."""
    out: dict[str, Json] = {}
    for entry in resource.get("entry") or []:
        inner = entry.get("resource") or {}
        for name in (entry.get("fullUrl"), f"{inner.get('resourceType')}/{inner.get('id')}"):
            if name:
                out.setdefault(str(name), inner)
    return out


def list_composition_sections(
    composition: Json, inside: Mapping[str, Json]
) -> list[DocumentSection]:
    """inside: the resources that came with it (entries_of_bundle), {} where it stands alone."""
    head = narrative_of(composition)
    own = [DocumentSection("", 1, head)] if head else []
    return own + list(walk_sections(composition, composition, inside, 1))


def walk_sections(
    parent: Json, composition: Json, inside: Mapping[str, Json], level: int
) -> Iterator[DocumentSection]:
    for section in parent.get("section") or [] if level <= MOST_DEPTH else []:
        markup = narrative_of(section)
        entries = tuple(read_entry(e, composition, inside) for e in section.get("entry") or [])
        reason = concept_text(section.get("emptyReason"))
        yield DocumentSection(
            str(section.get("title") or concept_text(section.get("code"))),
            level,
            markup,
            entries,
            reason or ("" if markup or entries or section.get("section") else _("Empty.")),
        )
        yield from walk_sections(section, composition, inside, level + 1)


def narrative_of(node: Json) -> Markup:
    """The narrative of a resource or a section, harmless; () without one."""
    text = node.get("text") or {}
    if not isinstance(text, dict) or text.get("status") == "empty" or not text.get("div"):
        return ()
    return render_narrative(str(text["div"]))


def read_entry(reference: Json, composition: Json, inside: Mapping[str, Json]) -> SectionEntry:
    """What a section names: in words, and where it can be opened in the store."""
    target = str(reference.get("reference") or "")
    if target in inside:
        found = inside[target]
        return SectionEntry(
            str(reference.get("display") or resource_name(found) or found.get("resourceType"))
        )
    words = say_reference(reference, composition.get("contained") or [])
    m = RELATIVE.fullmatch(target)
    opens = m and m[1] in DOCUMENT_TYPES and not inside
    return SectionEntry(words, m[1], m[2]) if m and opens else SectionEntry(words)
