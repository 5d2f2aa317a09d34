"""Open one document of the shared record of a person, and the files that it names: through the gate
as the record is, in one statement each, under audit lines that name them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from alliance.models import Hospital
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.documents.attachments import Attachment, decode_base64, list_attachments
from records.documents.compositions import find_composition
from records.documents.sections import DOCUMENT_TYPES
from records.fhir.issues import NotFound
from records.fhir.json_codec import parse_json
from records.fhir.operation_outcome import ABSENT
from records.identity.persons import make_golden_record
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.meaning.value_text import drop_nulls
from records.operations.shared_record import ShownResource
from records.requests.fhir_request import FhirRequest, request_person_access
from records.requests.timing_grid import delay_refusals
from records.search.include import parse_include
from records.store import resource_query, search_query
from records.store.rows import Row

MOST_PATIENTS = 20
MOST_FILES = 20  # of one document that are opened with its page
MOST_BYTES = 64 << 20  # of them together; what goes beyond is not read any more
MOST_SUCCESSORS = 5
MOST_STUDY_DOCUMENTS = 20


@dataclass(frozen=True, slots=True)
class DocumentAddress:
    """Where a document stands: code of the hospital, type, id."""

    hospital: str
    type_name: str
    fhir_id: str


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """resource without nulls; golden: the Patient made of the registrations that are shown;
    composition: what it is or begins with, None for a document that is files. hidden: it carries
    something that changes its meaning and is not understood here, and none of it is shown.
    """

    scope: Scope
    golden: dict[str, Any]
    row: Row
    resource: dict[str, Any]
    hospital: Hospital
    patients: tuple[ShownResource, ...]
    attachments: tuple[Attachment, ...]
    composition: dict[str, Any] | None
    hidden: bool


def open_document(
    fhir_request: FhirRequest, person: UUID, at: DocumentAddress, detail: str
) -> OpenedDocument:
    """Raises Refused where the gate opens nothing of the person, and NotFound for a document that
    is hidden, another patient's, or not there: one looks like the other.
    """
    with delay_refusals(True):
        scope = gate.authorize_access(
            request_person_access(
                replace(fhir_request, base=at.hospital),
                EventCode.RECORD_OPEN,
                f"{at.type_name}/{at.fhir_id}",
                person,
                detail,
            )
        )
        hospitals = {h.code: h for h in Hospital.objects.all()}
        hospital = hospitals.get(at.hospital)
        rows = resource_query.fetch_with_patients(
            scope,
            hospital.pk if hospital else 0,
            at.type_name if at.type_name in DOCUMENT_TYPES else "Composition",
            at.fhir_id if at.type_name in DOCUMENT_TYPES else "",
            MOST_PATIENTS,
        )
        if not rows or hospital is None:
            raise NotFound(ABSENT)
        resource = drop_nulls(parse_json(rows[0].body))
        composition = find_composition(resource)
        if at.type_name in ("Bundle", "Composition") and composition is None:
            raise NotFound(ABSENT)
    return OpenedDocument(
        scope,
        drop_nulls(parse_json(make_golden_record(fhir_request, person, rows[1:])))
        if rows[1:]
        else {},
        rows[0],
        resource,
        hospital,
        tuple(
            ShownResource(
                drop_nulls(parse_json(r.body)), hospitals[r.hospital], fhir_request.full_url(r)
            )
            for r in rows[1:]
        ),
        tuple(list_attachments(resource, f"{fhir_request.root}/{hospital.code}")),
        composition,
        has_unknown_modifier(resource) or has_unknown_modifier(composition or {}),
    )


def read_contents(
    opened: OpenedDocument, attachments: Sequence[Attachment]
) -> dict[int, bytes | None]:
    """{number: bytes, None where they cannot be had}; those of which the page would be too large
    are not in it. A Binary is read only because the document that was opened names it, only in the
    same store, and only where it says itself that it is about the same patient
    (Binary.securityContext) and the gate lets it through as any of their records.
    """
    out: dict[int, bytes | None] = {}
    left = MOST_BYTES
    for a in attachments[:MOST_FILES]:
        if left <= 0:
            break
        out[a.number] = data = a.data if not a.binary else read_binary(opened, a.binary)
        left -= len(data or b"")
    return out


def read_binary(opened: OpenedDocument, fhir_id: str) -> bytes | None:
    row = resource_query.fetch_current(opened.scope, opened.hospital.pk, "Binary", fhir_id)
    if row is None or row.deleted:
        return None
    return decode_base64(parse_json(row.body).get("data"))


def list_successors(opened: OpenedDocument) -> list[str]:
    """Ids of the documents that say that they replace this one; looked for where its own status
    says that it is superseded.
    """
    if opened.resource.get("status") != "superseded":
        return []
    step = parse_include(("DocumentReference",), "_revinclude", "", "DocumentReference:relatesto")
    found = search_query.fetch_included(
        opened.scope, step, [opened.row.resource_id], [opened.row.resource_id], MOST_SUCCESSORS
    )
    own = f"DocumentReference/{opened.row.fhir_id}"
    return [
        r.fhir_id
        for r in found
        if any(
            relation.get("code") == "replaces"
            and (relation.get("target") or {}).get("reference") == own
            for relation in drop_nulls(parse_json(r.body)).get("relatesTo") or []
        )
    ]


def list_study_documents(opened: OpenedDocument) -> list[tuple[str, dict[str, Any]]]:
    """(Type/id, resource) of the documents that say that they belong to this imaging study: key
    images, reports as files. What is not understood is left out.
    """
    step = parse_include(("DocumentReference",), "_revinclude", "", "DocumentReference:related")
    found = search_query.fetch_included(
        opened.scope,
        step,
        [opened.row.resource_id],
        [opened.row.resource_id],
        MOST_STUDY_DOCUMENTS,
    )
    return [
        (f"DocumentReference/{r.fhir_id}", resource)
        for r in found
        if r.hospital == opened.hospital.code
        and not has_unknown_modifier(resource := drop_nulls(parse_json(r.body)))
    ]
