"""An entry of a batch-response or a transaction-response: what an interaction answered, as the
client prefers it (FHIR R4 http.html#transaction-response; RFC 7240).
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from records.fhir.issues import Issue
from records.fhir.operation_outcome import build_outcome
from records.interactions.bundle_entries import READ_METHODS
from records.interactions.bundle_reads import wrap_raw_json
from records.interactions.write import ALREADY_THERE
from records.requests.fhir_request import FhirRequest, FhirResponse

STORED = Issue("informational", "Stored.", severity="information")


def collect_outcome_issues(fhir_response: FhirResponse) -> Sequence[Issue]:
    """What an OperationOutcome says of a write."""
    return (
        fhir_response.warnings
        if ALREADY_THERE in fhir_response.warnings
        else (STORED, *fhir_response.warnings)
    )


def format_status_line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def build_response_entry(
    fhir_request: FhirRequest, method: str, fhir_response: FhirResponse
) -> dict[str, Any]:
    """A read shows what it found; a write its resource only to a client that prefers it."""
    response: dict[str, Any] = {"status": format_status_line(fhir_response.status)}
    if fhir_response.location:
        response["location"] = fhir_response.location.removeprefix(
            f"{fhir_request.root}/{fhir_request.base}/"
        )
    if fhir_response.version:
        response["etag"] = f'W/"{fhir_response.version}"'
    if fhir_response.last_updated:
        response["lastModified"] = fhir_response.last_updated.isoformat(timespec="milliseconds")
    if issues := (
        collect_outcome_issues(fhir_response)
        if fhir_response.location and fhir_request.returns == "OperationOutcome"
        else fhir_response.warnings
    ):
        response["outcome"] = build_outcome(*issues)
    shows_resource = fhir_response.body and (
        method in READ_METHODS or fhir_request.returns == "representation"
    )
    return (
        {"resource": wrap_raw_json(fhir_response.body), "response": response}
        if shows_resource
        else {"response": response}
    )
