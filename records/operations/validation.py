"""Serve $validate: whether a resource would be accepted; nothing is stored (FHIR R4
resource-operation-validate).
"""

from typing import Any

from django.db import transaction

from alliance.auth.scopes import ScopeNeed
from consent import gate
from consent.audit.append import append_event
from consent.audit.event import EventCode
from records.fhir import operation_outcome
from records.fhir.issues import Issue, Malformed, Problem
from records.fhir.json_codec import dump_json
from records.ingest.incoming_resource import IncomingResource
from records.ingest.lifetime_warnings import find_lifetime_warnings
from records.ingest.referential_integrity import check_targets
from records.ingest.store_resources import check_readable
from records.ingest.subject_patient import collect_subject_warnings, find_subject_patients
from records.ingest.unreadable import naming_unreadable_element
from records.interactions.write import (
    check_and_normalize,
    check_body_id,
    check_id_form,
    request_write_access,
)
from records.requests.fhir_request import FhirRequest, FhirResponse, check_hosted_type

MODES = ("create", "update")  # both are checked alike


def run_validation(
    fhir_request: FhirRequest, type_name: str, body: Any, fhir_id: str = ""
) -> FhirResponse:
    """200 with an OperationOutcome, whatever it says; takes the resource itself, or Parameters
    with it. fhir_id: of the one that it would replace.
    """
    check_hosted_type(type_name)
    scope = gate.authorize_access(
        request_write_access(
            fhir_request,
            EventCode.RECORD_VALIDATE,
            f"{type_name}/{fhir_id}/$validate" if fhir_id else f"{type_name}/$validate",
            ScopeNeed("c", (type_name,)),
        )
    )
    append_event(scope.event)
    resource = body
    if isinstance(body, dict) and body.get("resourceType") == "Parameters":
        resource = resource_from_parameters(body.get("parameter"))
    try:
        if fhir_id:
            check_id_form(fhir_id)
            check_body_id(type_name, fhir_id, resource)
        check_and_normalize(fhir_request, type_name, resource)
        with naming_unreadable_element(
            [("", resource)], lambda r: check_readable(r, scope.principal.hospital)
        ):
            check_readable(resource, scope.principal.hospital)
        item = IncomingResource(resource, str(resource.get("id") or ""))
        with transaction.atomic():
            check_targets(scope, [item])
            find_subject_patients(scope, [item])
    except Problem as problem:
        return FhirResponse(200, dump_json(operation_outcome.build_outcome(*problem.issues)))
    warnings = [
        *find_lifetime_warnings(scope, [(type_name, resource)]).get(type_name, []),
        *collect_subject_warnings([item]).get(type_name, []),
    ]
    return FhirResponse(
        200,
        dump_json(
            operation_outcome.build_outcome(
                Issue("informational", "This would be taken.", severity="information"), *warnings
            )
        ),
    )


def resource_from_parameters(parameters: Any) -> Any:
    """The resource in Parameters. Raises Malformed for what is asked besides and would not be
    looked at.
    """
    resource = None
    for i, part in enumerate(parameters if isinstance(parameters, list) else []):
        name = part.get("name") if isinstance(part, dict) else None
        if name == "resource":
            resource = part.get("resource")
        elif name != "mode" or part.get("valueCode") not in MODES:
            raise Malformed(
                Issue(
                    "not-supported",
                    f"$validate takes a resource and a mode ({' or '.join(MODES)}): leave this"
                    " out.",
                    f"Parameters.parameter[{i}]",
                )
            )
    return resource
