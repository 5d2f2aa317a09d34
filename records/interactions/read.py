"""read and vread (FHIR R4 http.html#read)."""

from consent import gate
from consent.audit.event import EventCode
from records.fhir.issues import Gone, Issue, NotFound
from records.fhir.operation_outcome import ABSENT
from records.identity import persons
from records.interactions import audit_log, directory
from records.requests.fhir_request import (
    FhirRequest,
    FhirResponse,
    check_hosted_type,
    request_resource_access,
)
from records.requests.timing_grid import delay_refusals
from records.store import resource_query
from records.store.rows import Row
from records.work_faces import read_work


def read_resource(fhir_request: FhirRequest, type_name: str, fhir_id: str) -> FhirResponse:
    """The current version. Raises NotFound, Gone (own store only) or Refused."""
    if fhir_request.hospital_id is None:
        if type_name == audit_log.TYPE:
            return audit_log.read_event(fhir_request, fhir_id)
        if type_name in read_work.FACES:
            return read_work.read_face(fhir_request, type_name, fhir_id)
        if type_name in directory.FACES:
            return directory.read_face(fhir_request, type_name, fhir_id)
        if type_name != "Person":
            check_hosted_type(type_name)
        with delay_refusals(True):
            return persons.read_person(fhir_request, type_name, fhir_id)
    check_hosted_type(type_name)
    with delay_refusals(not fhir_request.is_own_base):
        scope = gate.authorize_access(
            request_resource_access(fhir_request, EventCode.RECORD_READ, type_name, fhir_id)
        )
        return build_read_response(
            fhir_request,
            resource_query.fetch_current(scope, fhir_request.hospital_id, type_name, fhir_id),
            type_name,
            fhir_id,
        )


def read_version(
    fhir_request: FhirRequest, type_name: str, fhir_id: str, version: str
) -> FhirResponse:
    check_hosted_type(type_name)
    if fhir_request.hospital_id is None or not version.isdecimal() or len(version) > 9:
        raise NotFound(ABSENT)
    with delay_refusals(not fhir_request.is_own_base):
        scope = gate.authorize_access(
            request_resource_access(fhir_request, EventCode.RECORD_READ, type_name, fhir_id)
        )
        return build_read_response(
            fhir_request,
            resource_query.fetch_version(
                scope, fhir_request.hospital_id, type_name, fhir_id, int(version)
            ),
            type_name,
            fhir_id,
        )


def build_read_response(
    fhir_request: FhirRequest, row: Row | None, type_name: str, fhir_id: str
) -> FhirResponse:
    if row is None or (row.deleted and not fhir_request.is_own_base):
        raise NotFound(ABSENT)
    if row.deleted:
        raise Gone(
            Issue(
                "deleted",
                f"{type_name}/{fhir_id} was deleted at version {row.version}; earlier versions are"
                " in its _history.",
            )
        )
    return FhirResponse(200, row.body, row.version, row.last_updated)
