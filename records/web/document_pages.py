"""One document of the shared record, and its files as bytes: shown in a frame, or to be saved. None
of them runs anything.
"""

from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.terms import Refused
from records.documents.media_kinds import MediaKind, judge_media
from records.documents.text_decoding import charset_of_media, decode_text
from records.fhir.issues import NotFound
from records.meaning.unknown_modifiers import warn_of_hidden_entries
from records.mpi.index import patient_search
from records.operations.shared_document import (
    DocumentAddress,
    OpenedDocument,
    list_successors,
    open_document,
    read_contents,
)
from records.operations.shared_record import ShownResource
from records.requests.fhir_request import build_fhir_request
from records.web.banner import build_banner
from records.web.closed_record import show_closed_record
from records.web.document_display import (
    build_document_sections,
    build_facts,
    build_files,
    list_related,
)
from records.web.imaging_display import build_imaging
from records.web.record_frame import minutes_left
from records.web.resource_display import build_display_line

# what a file may do where it is shown: be drawn. A viewer of PDF does not start in a sandbox; there
# the browser's own has no way to the page around it.
NOTHING_RUNS = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
FILE_POLICIES = {
    MediaKind.IMAGE: f"{NOTHING_RUNS}; sandbox",
    MediaKind.HTML: f"{NOTHING_RUNS}; img-src data:; style-src 'unsafe-inline'; sandbox",
    MediaKind.PDF: f"{NOTHING_RUNS}; object-src 'self'; style-src 'unsafe-inline'",
}


@csp_update({"frame-src": ["'self'"]})
@require_GET
@require_staff(Permission.RECORD_READ)
def document_page(
    request: HttpRequest,
    person_id: UUID,
    hospital: str,
    type_name: str,
    fhir_id: str,
    *,
    acting: Principal,
) -> HttpResponse:
    """What it is, of whom and by whom, and what it says; where the gate refuses the record, what
    can be done about it.
    """
    at = DocumentAddress(hospital, type_name, fhir_id)
    try:
        opened = open_at(request, acting, person_id, at, "document")
    except Refused as refusal:
        face = patient_search.displayed_person(person_id, acting.hospital_id)
        return show_closed_record(request, person_id, face, refusal, acting)
    return render(
        request,
        "records/document.html",
        {
            "person": person_id,
            "hospital": hospital,
            "scope": opened.scope,
            "minutes": minutes_left(opened.scope.until),
            "banner": build_banner(opened.golden, list(opened.patients), [], []),
            **(
                {"warnings": list(warn_of_hidden_entries([opened.hospital.name]))}
                if opened.hidden
                else build_contents(person_id, at, opened)
            ),
        },
    )


def build_contents(person: UUID, at: DocumentAddress, opened: OpenedDocument) -> dict[str, object]:
    """All that the page shows of the document itself."""
    shown = opened.composition or opened.resource
    base = reverse("document", args=(person, at.hospital, at.type_name, at.fhir_id))
    contents = read_contents(opened, opened.attachments)
    return {
        "line": build_display_line(ShownResource(shown, opened.hospital, "")),
        "facts": build_facts(opened),
        "related": list(list_related(person, opened, list_successors(opened))),
        "sections": build_document_sections(opened),
        "results": len(shown.get("result") or []),
        "files": build_files(base, opened.attachments, contents),
        "imaging": build_imaging(person, opened),
    }


@require_GET
@require_staff(Permission.RECORD_READ)
def document_file(
    request: HttpRequest,
    person_id: UUID,
    hospital: str,
    type_name: str,
    fhir_id: str,
    number: int,
    *,
    saved: bool = False,
    acting: Principal,
) -> HttpResponse:
    """The bytes of one file: to be shown in the document's page where it may be, else to be saved.
    The gate is asked anew.
    """
    at = DocumentAddress(hospital, type_name, fhir_id)
    return answer_file(
        open_at(request, acting, person_id, at, f"document file {number}"[:60]), number, saved=saved
    )


def answer_file(opened: OpenedDocument, number: int, *, saved: bool) -> HttpResponse:
    """The bytes under the policy of what they are. Raises Http404 where there are none."""
    found = [a for a in opened.attachments if a.number == number and not opened.hidden]
    data = read_contents(opened, found).get(number)
    if data is None:
        raise Http404
    verdict = judge_media(found[0].media, data)
    name = f"document-{number}.{verdict.ending}"
    if saved or verdict.kind not in FILE_POLICIES:
        return send_file(
            data, "application/octet-stream", f'attachment; filename="{name}"', NOTHING_RUNS
        )
    media = verdict.media
    if verdict.kind is MediaKind.HTML:
        data = decode_text(data, charset_of_media(found[0].media)).text.encode("utf-8", "replace")
        media = "text/html; charset=utf-8"
    return send_file(data, media, f'inline; filename="{name}"', FILE_POLICIES[verdict.kind])


def send_file(data: bytes, media: str, disposition: str, policy: str) -> HttpResponse:
    """Bytes of a stranger, of the type that they were judged to be and no other."""
    return HttpResponse(
        data,
        content_type=media,
        headers={
            "Content-Disposition": disposition,
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


def open_at(
    request: HttpRequest, acting: Principal, person_id: UUID, at: DocumentAddress, detail: str
) -> OpenedDocument:
    """Raises Http404 for what is hidden, another patient's or not there, of which the read has
    written its line; and Refused.
    """
    root = (settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")) + "/fhir"
    try:
        return open_document(build_fhir_request(acting, "alliance", root), person_id, at, detail)
    except NotFound as error:
        absent = Http404()
        absent.written = True  # type: ignore[attr-defined]
        raise absent from error
