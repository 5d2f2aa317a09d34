"""One record that went along with a referral or consultation, as it was sent; what of that has
changed since, or is not open to the reader any more.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import WorkItem
from alliance.roles import Permission
from consent.terms import Refused
from records.fhir.issues import NotFound
from records.meaning.reference_ranges import PatientTraits
from records.meaning.unknown_modifiers import warn_of_hidden_entries
from records.models import SourcePatient
from records.mpi.index import patient_search
from records.mpi.index.patient_search import DisplayedPerson
from records.operations.sent_record import open_sent_record
from records.requests.fhir_request import build_fhir_request
from records.web.closed_record import show_closed_record
from records.web.referral_list import build_rows
from records.web.referral_page import find_item
from records.web.resource_display import build_display_line
from records.web.result_display import build_result_lines
from records.work_faces.known_patients import is_access_open


@require_GET
@require_staff(Permission.RECORD_READ)
def sent_record_page(
    request: HttpRequest, item_id: int, document_id: int, *, acting: Principal
) -> HttpResponse:
    """Raises Http404 where the referral is not the reader's any more, or has no such record."""
    if not acting.may(Permission.REFERRAL_SEE):
        raise Http404
    return show_sent_record(request, find_item(item_id, acting), document_id, acting)


def show_sent_record(
    request: HttpRequest, item: WorkItem, document_id: int, acting: Principal
) -> HttpResponse:
    """Of a work item of the acting one's hospital. What the gate does not open is told by a page,
    with 403 or 404. Raises Http404.
    """
    document = get_object_or_404(item.documents.select_related("hospital"), pk=document_id)
    if acting.hospital_id == item.receiver_id and not is_access_open(item, timezone.now()):
        raise Http404
    person = SourcePatient.objects.values_list("person_id", flat=True).get(pk=item.source_patient)
    row = build_rows([item], acting)[0]
    shown = {"item": item, "row": row, "document": document}
    try:
        sent = open_sent_record(
            build_fhir_request(acting, "alliance", "/fhir"), person, document, "along"
        )
    except Refused as refusal:
        face = patient_search.displayed_person(person, acting.hospital_id)
        return show_closed_record(request, person, face, refusal, acting)
    except NotFound:
        return render(request, "records/sent_record.html", shown, status=404)
    warnings = list(warn_of_hidden_entries([document.hospital.name])) if sent.hidden else []
    return render(
        request,
        "records/sent_record.html",
        shown
        | {
            "sent": sent,
            "person": person,
            "line": build_display_line(sent.shown),
            "results": (
                build_result_lines(sent.shown, traits_of_face(row.face))
                if document.type_name == "Observation"
                else []
            ),
            "warnings": warnings,
        },
    )


def traits_of_face(face: DisplayedPerson | None) -> PatientTraits:
    """By which ranges of a result are judged, as far as the reader sees who it is."""
    return PatientTraits(face.gender, str(face.birth_date)) if face else PatientTraits()
