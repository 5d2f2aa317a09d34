"""Patient/[id]/$summary: the International Patient Summary, of one store or of the shared record
(IPS IG 2.0).
"""

from django.utils import timezone

from alliance.auth.scopes import ScopeNeed
from alliance.models import Hospital
from consent import gate
from consent.audit.event import EventCode
from records.facade import ips_document
from records.fhir.issues import Issue, NotFound, NotSupported
from records.fhir.operation_outcome import ABSENT
from records.identity.persons import make_golden_record
from records.mpi.index import source_patients
from records.operations.medications import read_medications
from records.requests.fhir_request import (
    FhirRequest,
    FhirResponse,
    parse_uuid,
    request_own_access,
    request_person_access,
)
from records.store import section_query
from records.store.rows import Row

SUMMARY_NEED = ScopeNeed(
    "rs", ("Patient", *ips_document.SUMMARY_TYPES, "Medication")
)  # a summary that left a type out would say that there is nothing of it


def read_patient_summary(
    fhir_request: FhirRequest,
    fhir_id: str,
    pairs: list[tuple[str, str]],
    code: EventCode = EventCode.RECORD_SEARCH,
) -> FhirResponse:
    """A document Bundle; code: of the audit line. Raises NotFound, Refused."""
    if unknown_names := [k for k, _ in pairs if k not in ("_format", "_pretty")]:
        raise NotSupported(
            Issue("not-supported", f"$summary has no parameter {unknown_names[0][:60]!r}.")
        )
    target = f"Patient/{fhir_id}/$summary"
    if fhir_request.hospital_id is None:
        person = parse_uuid(fhir_id)
        scope = gate.authorize_access(
            request_person_access(fhir_request, code, target, person, need=SUMMARY_NEED)
        )
        rows = section_query.fetch_sections(scope, {"Patient": 50, **ips_document.SUMMARY_TYPES})
    else:
        source_row = source_patients.find_source_rows(fhir_request.hospital_id, [fhir_id]).get(
            fhir_id
        )
        scope = gate.authorize_access(
            request_own_access(fhir_request, code, target, need=SUMMARY_NEED)
        )
        rows = section_query.fetch_sections(
            scope,
            {"Patient": 50, **ips_document.SUMMARY_TYPES},
            source_row.source_patient_id if source_row else 0,
        )
    patients = [r for r in rows if r.type_name == "Patient"]
    if not patients:
        raise NotFound(ABSENT)
    return FhirResponse(
        200,
        ips_document.build_ips_document(
            f"{fhir_request.root}/{fhir_request.base}/Patient/{fhir_id}",
            choose_summary_patient(fhir_request, fhir_id, patients),
            rows,
            read_medications(scope, rows),
            fhir_request.full_url,
            get_custodian_name(fhir_request),
            {h.code: h.name for h in Hospital.objects.all()},
            timezone.localtime(),
        ),
    )


def choose_summary_patient(fhir_request: FhirRequest, fhir_id: str, rows: list[Row]) -> bytes:
    person = parse_uuid(fhir_id)
    return (
        rows[0].body
        if fhir_request.hospital_id is not None or person is None
        else make_golden_record(fhir_request, person, rows)
    )


def get_custodian_name(fhir_request: FhirRequest) -> str:
    if fhir_request.hospital_id is None:
        return "医联体共享记录 The alliance's shared record"
    hospital = Hospital.objects.get(pk=fhir_request.hospital_id)
    return f"{hospital.name_zh} {hospital.name_en}"
