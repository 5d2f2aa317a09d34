"""The request that a push brings, and doing it: a write or a Bundle, as if it came now (FHIR R5
async-bundle.html).
"""

from dataclasses import dataclass
from typing import Any

from records.fhir.issues import Issue, Malformed
from records.fhir.json_codec import parse_json as parsed
from records.interactions import batch, conditional, transaction, write
from records.interactions.preconditions import preconditions_from_headers
from records.interactions.response_entries import build_response_entry, format_status_line
from records.requests.fhir_request import FhirRequest, FhirResponse


@dataclass(frozen=True, slots=True)
class PushedRequest:
    """method: POST or PUT; path: below the base, empty for a Bundle; condition: If-None-Exist,
    or the search of a conditional update; headers: of CONDITIONS.
    """

    method: str
    path: list[str]
    condition: str | None
    headers: dict[str, str]
    resource: Any


def check_bundle_type(bundle: Any) -> str:
    """Raises Malformed for what a base does not take."""
    kind = bundle.get("type") if isinstance(bundle, dict) else None
    if kind not in ("batch", "transaction", None):
        raise Malformed(
            Issue(
                "value",
                "A base takes Bundles of type transaction or batch; to store a Bundle as a"
                " document, POST it to Bundle.",
                "Bundle.type",
            )
        )
    return kind or "transaction"


def run_pushed_request(fhir_request: FhirRequest, pushed: PushedRequest) -> dict[str, Any]:
    """The entry that tells what came of it, as the answer of the moment would have."""
    if not pushed.path:
        fhir_response = (
            batch.process_batch
            if check_bundle_type(pushed.resource) == "batch"
            else transaction.process_transaction
        )(fhir_request, pushed.resource)
        return {
            "resource": parsed(fhir_response.body),
            "response": {"status": format_status_line(fhir_response.status)},
        }
    return build_response_entry(fhir_request, pushed.method, run_pushed_write(fhir_request, pushed))


def run_pushed_write(fhir_request: FhirRequest, pushed: PushedRequest) -> FhirResponse:
    preconditions = preconditions_from_headers(pushed.headers)
    warn = fhir_request.returns == "OperationOutcome"
    match (pushed.method, pushed.path):
        case ("POST", [name]):
            return write.create_resource(
                fhir_request, name, pushed.resource, pushed.condition, preconditions, warn=warn
            )
        case ("PUT", [name]):
            return conditional.update_by_condition(
                fhir_request, name, pushed.condition or "", pushed.resource, preconditions
            )
    return write.update_by_id(
        fhir_request, pushed.path[0], pushed.path[1], pushed.resource, preconditions, warn=warn
    )
