"""Conditional update, delete and patch: on the one resource that fits a condition (FHIR R4
http.html#cond-update). Of writers with the same condition each sees what the one before it wrote.
"""

import uuid
from typing import Any

from alliance.auth.scopes import ScopeNeed
from consent import gate
from consent.audit.event import EventCode
from records.fhir.issues import Issue, Malformed, NotFound
from records.interactions.condition import find_conditional_match
from records.interactions.patch import apply_patch, write_changed_version
from records.interactions.preconditions import NO_PRECONDITIONS, Preconditions, check_preconditions
from records.interactions.write import (
    check_and_normalize,
    check_id_form,
    delete_resource,
    request_write_access,
    write_version,
)
from records.requests.fhir_request import FhirRequest, FhirResponse, check_hosted_type


def update_by_condition(
    fhir_request: FhirRequest,
    type_name: str,
    condition: str,
    resource: Any,
    preconditions: Preconditions = NO_PRECONDITIONS,
) -> FhirResponse:
    """No match: created, with the id that the body names, if any. Raises PreconditionFailed for
    several matches, Conflict where that id belongs to a resource that does not fit.
    """
    check_hosted_type(type_name)
    with gate.audited_write(
        request_write_access(
            fhir_request, EventCode.RECORD_UPDATE, type_name, ScopeNeed("us", (type_name,))
        )
    ) as (scope, ledger):
        check_and_normalize(fhir_request, type_name, resource)
        matched_id, body_id = (
            find_conditional_match(scope, type_name, condition, fhir_request.base_url),
            resource.get("id"),
        )
        if matched_id and body_id and matched_id != body_id:
            raise Malformed(
                Issue(
                    "value",
                    f"The condition finds {type_name}/{matched_id}, the body says {body_id}: leave"
                    " the id"
                    " out, or correct one of them.",
                    f"{type_name}.id",
                )
            )
        fhir_id = matched_id or body_id or str(uuid.uuid4())
        check_id_form(fhir_id)
        return write_version(
            fhir_request,
            scope,
            ledger,
            type_name,
            fhir_id,
            resource,
            preconditions,
            must_be_new=not matched_id,
        )


def delete_by_condition(
    fhir_request: FhirRequest,
    type_name: str,
    condition: str,
    preconditions: Preconditions = NO_PRECONDITIONS,
) -> FhirResponse:
    """No match: nothing to delete, and no error. Raises PreconditionFailed for several matches."""
    check_hosted_type(type_name)
    with gate.audited_write(
        request_write_access(
            fhir_request, EventCode.RECORD_DELETE, type_name, ScopeNeed("ds", (type_name,))
        )
    ) as (scope, ledger):
        matched_id = find_conditional_match(scope, type_name, condition, fhir_request.base_url)
        if matched_id is None:
            check_preconditions(preconditions, None)
            return FhirResponse(204)
        return delete_resource(scope, ledger, type_name, matched_id, preconditions)


def patch_by_condition(
    fhir_request: FhirRequest,
    type_name: str,
    condition: str,
    operations: Any,
    preconditions: Preconditions = NO_PRECONDITIONS,
) -> FhirResponse:
    check_hosted_type(type_name)
    with gate.audited_write(
        request_write_access(
            fhir_request, EventCode.RECORD_PATCH, type_name, ScopeNeed("rus", (type_name,))
        )
    ) as (scope, ledger):
        matched_id = find_conditional_match(scope, type_name, condition, fhir_request.base_url)
        if matched_id is None:
            raise NotFound(Issue("not-found", f"No {type_name} fits the condition."))
        return write_changed_version(
            fhir_request,
            scope,
            ledger,
            type_name,
            matched_id,
            lambda body: apply_patch(type_name, matched_id, body, operations),
            preconditions,
        )
