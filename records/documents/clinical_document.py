"""CDA as a page shows it: who, what, when, and each section's narrative (HL7 CDA R2; WS/T 500, the
Chinese templates of it). The coded entries stay in the file. Pure but for words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from records.documents.harmless_markup import render_markup
from records.documents.sections import DocumentFact, DocumentSection
from records.documents.xml_tree import UnreadableXml, XmlElement, parse_xml
from records.meaning.times import shown_time

CDA = "urn:hl7-org:v3"
MOST_SECTIONS = 500
TIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.\d+)?([+-]\d{4})?")


@dataclass(frozen=True, slots=True)
class ClinicalDocument:
    """unstructured: its body is a file of its own inside the document, not narrative."""

    title: str
    facts: tuple[DocumentFact, ...]
    sections: tuple[DocumentSection, ...]
    unstructured: bool = False


def read_clinical_document(data: bytes, declared: str = "") -> ClinicalDocument | None:
    """None for XML that is no ClinicalDocument, or is none that is read here."""
    try:
        root = parse_xml(data, declared)
    except UnreadableXml:
        return None
    if (root.space, root.name) != (CDA, "ClinicalDocument"):
        return None
    body = root.find("component", "structuredBody")
    found = tuple(list_sections(body, 1)) if body else ()
    return ClinicalDocument(
        text_at(root, "title") or display_of(root.find("code")),
        tuple(f for f in list_facts(root) if f.value),
        found[:MOST_SECTIONS],
        unstructured=root.find("component", "nonXMLBody") is not None,
    )


def list_facts(root: XmlElement) -> Iterator[DocumentFact]:
    """The head, in the order of CDA."""
    patient = root.find("recordTarget", "patientRole")
    person = patient.find("patient") if patient else None
    yield DocumentFact(_("Type"), display_of(root.find("code")))
    yield DocumentFact(_("Date"), time_of(root.find("effectiveTime")))
    yield DocumentFact(_("Patient"), text_at(person, "name"))
    yield DocumentFact(_("Born"), time_of(person.find("birthTime") if person else None))
    for author in root.elements("author"):
        role = author.find("assignedAuthor")
        yield DocumentFact(
            _("Author"),
            text_at(role, "assignedPerson", "name")
            or text_at(role, "assignedAuthoringDevice", "softwareName"),
        )
    yield DocumentFact(
        _("Signed by"),
        text_at(root, "legalAuthenticator", "assignedEntity", "assignedPerson", "name"),
    )
    yield DocumentFact(
        _("Custodian"),
        text_at(root, "custodian", "assignedCustodian", "representedCustodianOrganization", "name"),
    )


def list_sections(parent: XmlElement, level: int) -> Iterator[DocumentSection]:
    """Those of a body or of a section, each before its own."""
    for component in parent.elements("component"):
        for section in component.elements("section"):
            text = section.find("text")
            yield DocumentSection(
                text_at(section, "title") or display_of(section.find("code")),
                level,
                render_markup(text) if text and text.text() else (),
                empty=(
                    ""
                    if (text and text.text()) or section.elements("component")
                    else _("This section has no narrative; its coded entries are in the file.")
                ),
            )
            yield from list_sections(section, level + 1)


def text_at(node: XmlElement | None, *path: str) -> str:
    found = node.find(*path) if node else None
    return found.text() if found else ""


def display_of(code: XmlElement | None) -> str:
    """The words of a code, "" without one."""
    if code is None:
        return ""
    return code.attributes.get("displayName") or text_at(code, "originalText")


def time_of(node: XmlElement | None) -> str:
    """A time stamp of HL7 on the hospital's clock; as it was sent where it is none."""
    sent = node.attributes.get("value", "") if node else ""
    m = TIME.fullmatch(sent)
    if not m:
        return sent[:40]
    day = "-".join(filter(None, m.groups()[:3]))
    hour, minute, second, zone = m.groups()[3:]
    if not (hour and minute and m[3]):
        return shown_time(day)
    offset = f"{zone[:3]}:{zone[3:]}" if zone else ""  # without one, it is the hospitals' clock
    return shown_time(f"{day}T{hour}:{minute}:{second or '00'}{offset}")
