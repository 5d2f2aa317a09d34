"""A document of the patient's own record on their own page, and its files as bytes: through the
gate with the permission of the own record, and as harmless as a clinician's.
"""

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from consent.models import PatientAccess
from consent.terms import Refused
from records.meaning.unknown_modifiers import warn_of_hidden_entries
from records.operations.shared_document import DocumentAddress, OpenedDocument, read_contents
from records.operations.shared_record import ShownResource
from records.web.document_display import build_document_sections, build_facts, build_files
from records.web.document_pages import answer_file, open_at
from records.web.portal_sign_in import portal_session_required
from records.web.resource_display import build_display_line


@csp_update({"frame-src": ["'self'"]})
@require_GET
@portal_session_required
def own_document_page(
    request: HttpRequest,
    hospital: str,
    type_name: str,
    fhir_id: str,
    *,
    acting: Principal,
    access: PatientAccess,
) -> HttpResponse:
    """What it is, of whom and by whom, and what it says. Raises Http404 for what is hidden, another
    patient's or not there.
    """
    at = DocumentAddress(hospital, type_name, fhir_id)
    try:
        opened = open_at(request, acting, access.person, at, "own document")
    except Refused as refusal:
        return show_own_refusal(request, refusal)
    shown = (
        {"warnings": list(warn_of_hidden_entries([opened.hospital.name]))}
        if opened.hidden
        else describe_own_document(at, opened)
    )
    return render(request, "records/my_document.html", shown)


@require_GET
@portal_session_required
def own_document_file(
    request: HttpRequest,
    hospital: str,
    type_name: str,
    fhir_id: str,
    number: int,
    *,
    saved: bool = False,
    acting: Principal,
    access: PatientAccess,
) -> HttpResponse:
    """The bytes of one file. The gate is asked anew."""
    at = DocumentAddress(hospital, type_name, fhir_id)
    try:
        opened = open_at(request, acting, access.person, at, f"own document file {number}"[:60])
    except Refused as refusal:
        return show_own_refusal(request, refusal)
    return answer_file(opened, number, saved=saved)


def show_own_refusal(request: HttpRequest, refusal: Refused) -> HttpResponse:
    return render(request, "records/my_record_closed.html", {"why": refusal.code}, status=403)


def own_document_url(s: ShownResource) -> str:
    """The page of a document or report on the patient's own pages."""
    return reverse(
        "my-document", args=(s.hospital.code, s.resource["resourceType"], s.resource["id"])
    )


def describe_own_document(at: DocumentAddress, opened: OpenedDocument) -> dict[str, object]:
    """What a clinician's page shows of it, without ways into other hospitals' systems."""
    shown = opened.composition or opened.resource
    base = reverse("my-document", args=(at.hospital, at.type_name, at.fhir_id))
    contents = read_contents(opened, opened.attachments)
    return {
        "line": build_display_line(ShownResource(shown, opened.hospital, "")),
        "facts": build_facts(opened),
        "sections": build_document_sections(opened),
        "files": build_files(base, opened.attachments, contents),
    }
