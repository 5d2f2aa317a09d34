"""The parts of a structured document as a page shows them, whether it came as a FHIR Composition
or as CDA.
"""

from dataclasses import dataclass

from records.documents.harmless_markup import Markup

# the types of which a page opens one
DOCUMENT_TYPES = frozenset(
    {"DocumentReference", "DiagnosticReport", "Composition", "Bundle", "ImagingStudy"}
)


@dataclass(frozen=True, slots=True)
class SectionEntry:
    """One resource that a section names. type_name, fhir_id: of a document of the same store that
    a page opens; "" for others.
    """

    words: str
    type_name: str = ""
    fhir_id: str = ""


@dataclass(frozen=True, slots=True)
class DocumentSection:
    """level: 1 for those of the document itself. markup: its narrative, harmless, () without one;
    empty: why there is nothing, in its author's words.
    """

    title: str
    level: int
    markup: Markup
    entries: tuple[SectionEntry, ...] = ()
    empty: str = ""


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """One line of a document's head."""

    name: str
    value: str
