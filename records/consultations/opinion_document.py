"""Build the document of an opinion (C0045) or of a remote reading's report (C0006) as a FHIR R4
document Bundle: Composition first, a section for each chapter of the shared document, an
Observation for each data element that somebody wrote. Pure; the same input gives the same bytes.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from consent.audit.canonical_line import encode_canonical_json
from records.consultations.document_parts import (
    DocumentParts,
    build_request,
    build_stay,
    write_moment,
)
from records.consultations.item_fields import add_item_fields
from records.consultations.opinion_fields import (
    C0045,
    OWN_FIELDS,
    REPORT_FIELDS,
    FieldFault,
    Filler,
    find_field_faults,
)
from records.consultations.opinion_parties import OpinionContext, SentRecord
from records.consultations.report_parts import ReadingKind, build_reading
from records.consultations.section_table import (
    OPINION_SECTIONS,
    REPORT_SECTIONS,
    Chapter,
    build_sections,
)

DOCUMENT_TYPES = "urn:oid:2.16.156.10011.2.4"
LOINC = "http://loinc.org"
PART_DIGITS = 16
OPINION_TABLE = (*C0045, *OWN_FIELDS)
REPORT_TABLE = (
    *REPORT_FIELDS,
    *(f for f in C0045 if f.filler in (Filler.REGISTRATION, Filler.ITEM)),
    *(f for f in C0045 if f.name in ("summary", "reason", "diagnosis_name", "diagnosis_code")),
)


class DocumentIncomplete(ValueError):
    """Fields are missing, too long, or none of the document."""

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__(", ".join(f"{f.name}: {f.kind}" for f in faults))
        self.faults = faults


def digest_request(
    fields: Mapping[str, str], question: str, attachments: tuple[SentRecord, ...] = ()
) -> str:
    """SHA-256, in hexadecimal, of what the asking doctor sent: texts, question, and which records
    in which version. Fixed at sending; the document repeats it.
    """
    sent: dict[str, Any] = {
        "fields": {name: tidy_text(text) for name, text in fields.items() if text.strip()},
        "question": tidy_text(question),
        "records": [[a.address, a.version, a.sha256] for a in attachments],
    }
    return hashlib.sha256(encode_canonical_json(sent)).hexdigest()


def build_opinion(fields: Mapping[str, str], context: OpinionContext) -> dict[str, Any]:
    """The opinion as a document Bundle. fields: texts by the names of C0045 that the asking doctor
    and the experts wrote, and what the registration says of ward and number; whatever follows from
    the context is put in here. Raises DocumentIncomplete.
    """
    filled = fill_fields(fields, context)
    raise_faults(find_field_faults(filled, OPINION_TABLE), context)
    codings = [
        {"system": DOCUMENT_TYPES, "code": "C0045", "display": "会诊记录"},
        {"system": LOINC, "code": "11488-4", "display": "Consult note"},
    ]
    return build_bundle("会诊记录", codings, OPINION_SECTIONS, filled, context)


def build_report(
    fields: Mapping[str, str], context: OpinionContext, reading: ReadingKind
) -> dict[str, Any]:
    """The report of a remote reading (ECG, imaging, pathology), likewise: with a DiagnosticReport.
    fields: by the names of REPORT_FIELDS. Raises DocumentIncomplete.
    """
    known = {f.name for f in REPORT_TABLE}
    filled = {n: t for n, t in fill_fields(fields, context).items() if n in known}
    table = [f for f in REPORT_TABLE if f.name not in ("summary", "reason")]
    checked = {n: t for n, t in filled.items() if n not in ("summary", "reason")}
    raise_faults(find_field_faults(checked, tuple(table)), context)
    codings = [
        {"system": DOCUMENT_TYPES, "code": "C0006", "display": "检查报告"},
        {"system": LOINC, "code": reading.loinc, "display": reading.display},
    ]
    return build_bundle("检查报告", codings, REPORT_SECTIONS, filled, context, reading)


def fill_fields(fields: Mapping[str, str], context: OpinionContext) -> dict[str, str]:
    written = {name: tidy_text(text) for name, text in fields.items() if text.strip()}
    return add_item_fields(written, context)


def tidy_text(text: str) -> str:
    """As it is kept: one kind of line end, nothing at the ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def raise_faults(faults: list[FieldFault], context: OpinionContext) -> None:
    if faults:
        raise DocumentIncomplete(faults)
    if not context.experts:
        raise ValueError("an opinion is somebody's: name its experts")


def build_bundle(
    title: str,
    codings: list[dict[str, str]],
    chapters: tuple[Chapter, ...],
    fields: Mapping[str, str],
    context: OpinionContext,
    reading: ReadingKind | None = None,
) -> dict[str, Any]:
    parts = DocumentParts(context)
    parts.add_parties()
    parts.add(build_request(parts, fields))
    if stay := build_stay(parts, fields):
        parts.add(stay)
    parts.add_records()
    sections = build_sections(chapters, fields, parts)
    if reading:
        report = build_reading(parts, fields, reading)
        parts.add(report)
        sections[-1].setdefault("entry", []).insert(0, parts.reference("report"))
    composition = {
        "resourceType": "Composition",
        "id": "composition",
        "language": "zh-CN",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": parts.document_id},
        "status": "final" if context.revision == 1 else "amended",
        "type": {"coding": codings, "text": title},
        "category": [{"text": "远程会诊"}],
        "subject": parts.reference("patient"),
        **({"encounter": parts.reference("stay")} if stay else {}),
        "date": write_moment(context.written_at),
        "author": [parts.reference(name) for name in parts.expert_roles],
        "title": title,
        "confidentiality": "N",
        "attester": [
            {"mode": "professional", "party": parts.reference(name)} for name in parts.expert_roles
        ],
        "custodian": parts.reference(parts.hospital_part(context.consulted)),
        **replaced_document(parts),
        "event": [
            {
                "period": {
                    "start": write_moment(context.asked_at),
                    "end": write_moment(context.ended_at),
                },
                "detail": [parts.reference("request")],
            }
        ],
        "section": sections,
    }
    return {
        "resourceType": "Bundle",
        "language": "zh-CN",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": parts.document_id},
        "type": "document",
        "timestamp": write_moment(context.written_at),
        "entry": [
            {"fullUrl": parts.full_url("composition"), "resource": composition},
            *parts.entries,
        ],
    }


def replaced_document(parts: DocumentParts) -> dict[str, Any]:
    if parts.context.revision == 1:
        return {}
    earlier = parts.document_id_of(parts.context.revision - 1)
    target = {"system": "urn:ietf:rfc:3986", "value": earlier}
    return {"relatesTo": [{"code": "replaces", "targetIdentifier": target}]}


def encode_document(document: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: FHIR's canonical JSON (members sorted, no blanks, UTF-8)."""
    return encode_canonical_json(dict(document))


def digest_parts(document: Mapping[str, Any]) -> dict[str, str]:
    """By the id of each entry's resource the beginning of its SHA-256, so that a verifier says
    which one was changed; what proves is the digest of the whole.
    """
    return {
        str(entry["resource"]["id"]): hashlib.sha256(
            encode_canonical_json(entry["resource"])
        ).hexdigest()[:PART_DIGITS]
        for entry in document["entry"]
    }
