"""A document in the words of its page: its head, its files, its sections. What may be shown of a
file was judged in `records/documents`.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.documents.attachments import Attachment
from records.documents.clinical_document import ClinicalDocument, read_clinical_document
from records.documents.compositions import (
    entries_of_bundle,
    list_composition_sections,
    narrative_of,
)
from records.documents.dicom_drawing import draw_dicom
from records.documents.media_kinds import MediaFault, MediaKind, MediaVerdict, judge_media
from records.documents.sections import DOCUMENT_TYPES, DocumentFact, DocumentSection
from records.documents.text_decoding import charset_of_media, decode_text
from records.fhir.media_types import parse_media_type
from records.fhir.resource_references import RELATIVE
from records.meaning.phrase import choice_element, list_words, say_reference, say_value
from records.meaning.resource_facts import CODES, list_facts
from records.meaning.sense import Words
from records.meaning.times import shown_time
from records.meaning.value_text import concept_text
from records.operations.shared_document import OpenedDocument


@dataclass(frozen=True, slots=True)
class ShownFile:
    """One file of a document. says: why it is not shown, or what is odd about it; href, save: where
    its bytes are, to look at and to save, "" where there are none; text, cda, drawn: what is shown
    in the page itself, the last a picture as an address that holds it.
    """

    number: int
    title: str
    about: str
    kind: MediaKind
    says: str = ""
    href: str = ""
    save: str = ""
    text: str = ""
    cda: ClinicalDocument | None = None
    drawn: str = ""


@dataclass(frozen=True, slots=True)
class RelatedDocument:
    """What a document does to another one, and where that one opens."""

    words: str
    href: str = ""


def build_facts(opened: OpenedDocument) -> list[DocumentFact]:
    """Of the head: what the resource says of itself, who is answerable for it."""
    r = opened.composition or opened.resource
    inside = r.get("contained") or []
    people = [*(r.get("author") or []), *(r.get("performer") or [])]
    signed = [
        *([r["authenticator"]] if "authenticator" in r else []),
        *(r.get("resultsInterpreter") or []),
        *(a["party"] for a in r.get("attester") or [] if "party" in a),
    ]
    found = (
        (_("Type"), concept_text(r.get("type") or r.get("code"))),
        (_("Author"), list_words(say_reference(p, inside) for p in people)),
        (_("Signed by"), list_words(say_reference(p, inside) for p in signed)),
        (_("Custodian"), say_reference(r.get("custodian") or {}, inside)),
        (_("Hospital"), opened.hospital.name),
    )
    return [DocumentFact(name, value) for name, value in found if value] + [
        DocumentFact("", fact) for fact in list_facts(r)
    ]


def list_related(
    person: UUID, opened: OpenedDocument, successors: list[str]
) -> Iterator[RelatedDocument]:
    """The documents that replace it first: they count."""
    for fhir_id in successors:
        yield RelatedDocument(
            _("Replaced by a newer document"),
            reverse("document", args=(person, opened.hospital.code, "DocumentReference", fhir_id)),
        )
    for relation in (opened.composition or opened.resource).get("relatesTo") or []:
        _key, target = choice_element(relation, "target")
        code, target = str(relation.get("code") or ""), target or {}
        words = str(CODES.get(code, f"{code} %s")) % say_value(target)
        m = RELATIVE.fullmatch(str(target.get("reference") or ""))
        yield RelatedDocument(
            words,
            (
                reverse("document", args=(person, opened.hospital.code, m[1], m[2]))
                if m and m[1] in DOCUMENT_TYPES and opened.row.type_name != "Bundle"
                else ""
            ),
        )


def build_document_sections(opened: OpenedDocument) -> list[DocumentSection]:
    """Of a Composition its sections; of a report its own narrative."""
    if opened.composition is not None:
        return list_composition_sections(opened.composition, entries_of_bundle(opened.resource))
    if opened.row.type_name == "DiagnosticReport" and (markup := narrative_of(opened.resource)):
        return [DocumentSection("", 1, markup)]
    return []


def build_files(
    base: str, attachments: Sequence[Attachment], contents: Mapping[int, bytes | None]
) -> list[ShownFile]:
    """base: address of the document's page; contents: of those that were read."""
    drawn = [a.number for a in attachments if parse_media_type(a.media)[0] == DICOM][:MOST_DRAWN]
    return [
        (
            build_file(base, a, contents[a.number], draws=a.number in drawn)
            if a.number in contents
            else ShownFile(
                a.number,
                name_of(a),
                a.media,
                MediaKind.FILE,
                _("The page opens only the first files of a document: save this one."),
                save=f"{base}{a.number}/save/",
            )
        )
        for a in attachments
    ]


def build_file(base: str, a: Attachment, data: bytes | None, *, draws: bool = False) -> ShownFile:
    if data is None:
        return ShownFile(a.number, name_of(a), a.media, MediaKind.FILE, say_absent(a))
    verdict = judge_media(a.media, data)
    about = " · ".join(
        filter(
            None,
            (a.media or _("type not stated"), filesizeformat(len(data)), shown_time(a.created)),
        )
    )
    says, text, cda, drawn, kind = say_fault(verdict), "", None, "", verdict.kind
    if kind is MediaKind.TEXT:
        decoded = decode_text(data, charset_of_media(a.media))
        text = decoded.text
        if decoded.broken:
            says = _("Some characters of this text cannot be read: they stand as �.")
        elif decoded.doubtful:
            says = _(
                "The text is not in the character set that its sender states; it was read as %s."
            ) % (decoded.charset)
    if kind is MediaKind.XML and (cda := read_clinical_document(data, a.media)) is None:
        kind = MediaKind.FILE
        says = _("This XML is no clinical document (CDA), or one that is not opened here.")
    if kind is MediaKind.DICOM:
        drawn, says = draw_picture(data) if draws else ("", UNDRAWN["many"])
    return ShownFile(
        a.number,
        name_of(a),
        about,
        kind,
        says,
        f"{base}{a.number}/" if kind in FRAMED else "",
        f"{base}{a.number}/save/",
        text,
        cda,
        drawn,
    )


MOST_DRAWN = 4  # pictures of one document that its page draws
DICOM = "application/dicom"
UNDRAWN: dict[str, Words] = {
    "syntax": gettext_lazy("Its pixels are packed in a way that is not drawn here: save the file."),
    "large": gettext_lazy("The image is too large to be drawn here: save the file."),
    "broken": gettext_lazy("The file is damaged or incomplete: it cannot be drawn."),
    "pixels": gettext_lazy("The file holds no image of a kind that is drawn here: save the file."),
    "limits": gettext_lazy("Drawing the image took too much time or memory: save the file."),
    "busy": gettext_lazy("Other images are being drawn: reload the page in a moment."),
    "many": gettext_lazy("The page draws only the first images of a document: save this one."),
}


def draw_picture(data: bytes) -> tuple[str, str]:
    """(the picture as an address that holds it, "" where there is none; what is said of it)."""
    found = draw_dicom(data)
    if found.refusal:
        return "", str(UNDRAWN[found.refusal])
    return f"data:image/png;base64,{base64.b64encode(found.png).decode()}", ""


FRAMED = frozenset({MediaKind.IMAGE, MediaKind.PDF, MediaKind.HTML})


def name_of(a: Attachment) -> str:
    return a.title or _("File %s") % a.number


def say_absent(a: Attachment) -> str:
    """Why there are no bytes."""
    if a.elsewhere:
        return (
            _("The file is kept at %s. It is not fetched from there: ask the hospital for it.")
            % a.elsewhere
        )
    if a.binary:
        return _(
            "The file is not open to you, or not there. It opens where the hospital has said that"
            " it is about this patient (Binary.securityContext)."
        )
    return _("The hospital has sent neither the file nor where it is.")


def say_fault(verdict: MediaVerdict) -> str:
    """Why a file that is there is only handed out, "" where it is shown."""
    match verdict.fault:
        case MediaFault.EMPTY:
            return _("The file is empty.")
        case MediaFault.DIFFERENT:
            return _(
                "The file does not begin as one of its stated type does: it is not opened here."
                " Open it on your own computer only if you know what it is."
            )
        case MediaFault.ACTIVE:
            return _(
                "This PDF is encrypted, or does more than show pages (a script, a form): it is not"
                " opened here."
            )
        case MediaFault.LARGE:
            return _("The file is too large to be shown here: save it and open it there.")
    return (
        _("Files of this type are not shown here: save it and open it there.")
        if verdict.kind is MediaKind.FILE
        else ""
    )
