"""create, update and delete in a member's own store (FHIR R4 http.html#create, #update,
#delete).
"""

import os
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from alliance.auth.errors import Forbidden
from alliance.auth.scopes import ScopeNeed
from alliance.roles import Permission
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Refused, Scope
from records.fhir.issues import Conflict, Gone, Issue, Malformed, NotFound
from records.fhir.resource_references import ID
from records.fhir.validate import validate_resource
from records.ingest import plausibility
from records.ingest.incoming_resource import IncomingResource
from records.ingest.lifetime_warnings import find_lifetime_warnings
from records.ingest.referential_integrity import check_referrers
from records.ingest.store_resources import store_resources, store_tombstones
from records.ingest.subject_patient import collect_subject_warnings
from records.ingest.subscription_request import make_criteria_relative
from records.interactions.condition import find_conditional_match, parse_if_none_exist
from records.interactions.preconditions import NO_PRECONDITIONS, Preconditions, check_preconditions
from records.interactions.read import read_resource
from records.interactions.references import normalize_references
from records.requests.fhir_request import (
    FhirRequest,
    FhirResponse,
    check_hosted_type,
    request_own_access,
)
from records.search.search_terms import IndexValues
from records.store import resource_writer, write_lookups
from records.store.rows import Draft, LockedRow

ALREADY_THERE = Issue(
    "informational", "It is there already. Nothing was stored.", severity="information"
)
ID_TAKEN = Issue(
    "conflict",
    "The condition fits nothing, but the id is another resource's: leave the id out, or correct one"
    " of them.",
)


def build_write_response(
    fhir_request: FhirRequest, status: int, draft: Draft, warnings: Sequence[Issue] = ()
) -> FhirResponse:
    return FhirResponse(
        status,
        draft.body,
        draft.version,
        draft.last_updated,
        f"{fhir_request.root}/{fhir_request.base}/{draft.type_name}/{draft.fhir_id}/_history/{draft.version}",
        tuple(warnings),
    )


def check_and_normalize(fhir_request: FhirRequest, type_name: str, resource: Any) -> None:
    """Raises Problem unless it is a resource of just this type that the base takes."""
    check_resource_content(fhir_request, type_name, resource)
    normalize_references(resource, fhir_request.base_url)


def check_resource_content(fhir_request: FhirRequest, type_name: str, resource: Any) -> None:
    """The same without its references."""
    body_type = validate_resource(resource)
    if body_type != type_name:
        raise Malformed(
            Issue(
                "structure",
                f"The body is of type {body_type}, the address says {type_name}: make them agree.",
                "resourceType",
            )
        )
    if body_type == "Subscription":
        make_criteria_relative(resource, fhir_request.base_url)
    plausibility.check_plausible(resource)


def generate_ids(count: int) -> list[str]:
    """Random UUIDs, as random as uuid4's, from one call to the system's source."""
    bits = os.urandom(16 * count)
    return [str(uuid.UUID(bytes=bits[16 * i : 16 * i + 16], version=4)) for i in range(count)]


def check_id_form(fhir_id: str) -> None:
    if not ID.fullmatch(fhir_id):
        raise Malformed(
            Issue(
                "value",
                "An id has 1 to 64 letters (A-Z, a-z), digits, hyphens or dots.",
                "Resource.id",
            )
        )


def check_body_id(type_name: str, fhir_id: str, resource: Any) -> None:
    if isinstance(resource, dict) and resource.get("id") != fhir_id:
        raise Malformed(
            Issue(
                "value",
                f'The body\'s id and the address must agree: put "id": "{fhir_id}" into the body.',
                f"{type_name}.id",
            )
        )


def request_write_access(fhir_request: FhirRequest, code: EventCode, target: str, need: ScopeNeed):  # type: ignore[no-untyped-def]
    return request_own_access(
        fhir_request, code, target, permission=Permission.RECORD_WRITE, is_write=True, need=need
    )


def create_resource(
    fhir_request: FhirRequest,
    type_name: str,
    resource: Any,
    condition: str | None = None,
    preconditions: Preconditions = NO_PRECONDITIONS,
    *,
    warn: bool = False,
) -> FhirResponse:
    """condition: as If-None-Exist says it; warn: look for what is odd but taken, which costs one
    statement more.
    """
    check_hosted_type(type_name)
    with gate.audited_write(
        request_write_access(
            fhir_request, EventCode.RECORD_CREATE, type_name, ScopeNeed("c", (type_name,))
        )
    ) as (scope, ledger):
        check_and_normalize(fhir_request, type_name, resource)
        check_preconditions(preconditions, None)
        matched_id = (
            None
            if condition is None
            else find_conditional_match(
                scope,
                type_name,
                parse_if_none_exist(fhir_request, type_name, condition),
                fhir_request.base_url,
            )
        )
        if matched_id:
            ledger.persons |= write_lookups.fetch_persons_of_resources(
                scope, {(type_name, matched_id)}
            )  # that it is there tells of somebody, too
        else:
            incoming = IncomingResource(resource, str(uuid.uuid4()))
            [draft] = store_resources(scope, ledger, [incoming])
            warnings = collect_write_warnings(scope, incoming, warn)
    return (
        answer_with_existing(fhir_request, type_name, matched_id)
        if matched_id
        else build_write_response(fhir_request, 201, draft, warnings)
    )


def answer_with_existing(fhir_request: FhirRequest, type_name: str, fhir_id: str) -> FhirResponse:
    """What a conditional create found, as a read of its own shows it; of what may not be read no
    more than that it is there.
    """
    location = f"{fhir_request.root}/{fhir_request.base}/{type_name}/{fhir_id}"
    try:
        read_response = read_resource(fhir_request, type_name, fhir_id)
    except (NotFound, Gone, Refused, Forbidden):
        return FhirResponse(200, location=location, warnings=(ALREADY_THERE,))
    return replace(
        read_response,
        location=f"{location}/_history/{read_response.version}",
        warnings=(ALREADY_THERE,),
    )


def update_by_id(
    fhir_request: FhirRequest,
    type_name: str,
    fhir_id: str,
    resource: Any,
    preconditions: Preconditions = NO_PRECONDITIONS,
    *,
    warn: bool = False,
) -> FhirResponse:
    """Also creates, with the id that the client chose. warn: as in create."""
    check_hosted_type(type_name)
    check_id_form(fhir_id)
    with gate.audited_write(
        request_write_access(
            fhir_request,
            EventCode.RECORD_UPDATE,
            f"{type_name}/{fhir_id}",
            ScopeNeed("u", (type_name,)),
        )
    ) as (scope, ledger):
        check_body_id(type_name, fhir_id, resource)
        check_and_normalize(fhir_request, type_name, resource)
        return write_version(
            fhir_request, scope, ledger, type_name, fhir_id, resource, preconditions, warn=warn
        )


def write_version(
    fhir_request: FhirRequest,
    scope: Scope,
    ledger: gate.WriteLedger,
    type_name: str,
    fhir_id: str,
    resource: Any,
    preconditions: Preconditions,
    *,
    must_be_new: bool = False,
    warn: bool = False,
) -> FhirResponse:
    """The next version of a valid resource, or its first one; inside the writer's transaction.
    must_be_new: nobody else may have the id.
    """
    current = resource_writer.lock_rows(scope, [(type_name, fhir_id)]).get((type_name, fhir_id))
    if must_be_new and current and not current[2]:
        raise Conflict(ID_TAKEN)
    check_preconditions(preconditions, current)
    incoming = IncomingResource(
        resource,
        fhir_id,
        current.version + 1 if current else 1,
        current.resource_id if current else 0,
    )
    [draft] = store_resources(scope, ledger, [incoming])
    return build_write_response(
        fhir_request,
        200 if current and not current.deleted else 201,
        draft,
        collect_write_warnings(scope, incoming, warn),
    )


def collect_write_warnings(scope: Scope, incoming: IncomingResource, warn: bool) -> list[Issue]:
    """Of an item that was just stored: that it is about nobody here, and what is odd but taken,
    where that is looked for.
    """
    type_name = incoming.resource["resourceType"]
    return [
        *collect_subject_warnings([incoming]).get(type_name, []),
        *(
            find_lifetime_warnings(scope, [(type_name, incoming.resource)]).get(type_name, [])
            if warn
            else []
        ),
    ]


def delete_by_id(
    fhir_request: FhirRequest,
    type_name: str,
    fhir_id: str,
    preconditions: Preconditions = NO_PRECONDITIONS,
) -> FhirResponse:
    """A soft delete: a new version without a body; the history stays. Deleting twice changes
    nothing, nor does deleting what never was.
    """
    check_hosted_type(type_name)
    check_id_form(fhir_id)
    with gate.audited_write(
        request_write_access(
            fhir_request,
            EventCode.RECORD_DELETE,
            f"{type_name}/{fhir_id}",
            ScopeNeed("d", (type_name,)),
        )
    ) as (scope, ledger):
        return delete_resource(scope, ledger, type_name, fhir_id, preconditions)


def delete_resource(
    scope: Scope,
    ledger: gate.WriteLedger,
    type_name: str,
    fhir_id: str,
    preconditions: Preconditions,
) -> FhirResponse:
    """The tombstone of a resource; inside the writer's transaction."""
    current = resource_writer.lock_rows(scope, [(type_name, fhir_id)], deleting=True).get(
        (type_name, fhir_id)
    )
    check_preconditions(preconditions, current)
    if current is None or current.deleted:
        return FhirResponse(204, version=current.version if current else None)
    tombstone = build_tombstone(type_name, fhir_id, current)
    store_tombstones(scope, ledger, [tombstone])
    check_referrers(scope, [tombstone])
    return FhirResponse(204, version=tombstone.version)


def build_tombstone(type_name: str, fhir_id: str, current: LockedRow) -> Draft:
    return Draft(
        type_name,
        fhir_id,
        current.version + 1,
        current.source_patient_id,
        None,
        0,
        IndexValues(),
        b"",
        deleted=True,
        resource_id=current.resource_id,
    )
