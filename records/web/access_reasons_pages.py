"""Show clinicians why they may or may not read a patient's records, hospital by hospital."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital
from alliance.roles import Permission
from consent import facts
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.explain import explain_access
from records.mpi.index import patient_search
from records.requests.fhir_request import build_fhir_request, request_person_access


@require_GET
@require_staff(Permission.RECORD_READ)
def access_reasons_page(
    request: HttpRequest, person_id: UUID, *, acting: Principal
) -> HttpResponse:
    """For the clinicians themselves. Each member is named, whether it holds anything or not: the
    answer follows from consents alone.
    """
    asked = request_person_access(
        build_fhir_request(acting, "alliance", "/fhir"),
        EventCode.CONSENT_READ,
        "explanation",
        person_id,
    )
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.CONSENT_READ, person=person_id, target="explanation"
        )
    )
    hospitals = {h.code: h for h in Hospital.objects.all()}
    found = explain_access(asked, facts.load_facts(asked), list(hospitals))
    return render(
        request,
        "records/why.html",
        {
            "face": patient_search.displayed_person(person_id, acting.hospital_id),
            "person": person_id,
            "lines": [(hospitals[e.hospital], e) for e in found],
        },
    )
