"""batch: each entry on its own; a faulty entry does not undo the others (FHIR R4 http.html#batch).
What is no fault of one entry ends the whole: that the database is away.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from psycopg.pq import TransactionStatus

from alliance.auth.errors import Forbidden
from alliance.platform.database_away import find_away_cause, find_retryable_cause
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.refusal_counter import log_refusal
from consent.terms import Refused
from records.fhir import operation_outcome
from records.fhir.issues import Issue, Malformed, NotSupported, Problem
from records.fhir.json_codec import dump_json
from records.interactions import conditional, patch, write
from records.interactions.batch_references import collect_other_entries, rewrite_batch_references
from records.interactions.bundle_entries import READ_METHODS, extract_bundle_entries
from records.interactions.bundle_reads import BundleReads
from records.interactions.entry_url import parse_entry_url
from records.interactions.preconditions import Preconditions, preconditions_from_entry
from records.interactions.response_entries import build_response_entry, format_status_line
from records.requests.fhir_request import FhirRequest, FhirResponse

log = logging.getLogger("xinglin.fhir")


def process_batch(fhir_request: FhirRequest, bundle: Any) -> FhirResponse:
    """Raises what the database says where it is away; and inside of a transaction, as a push is,
    that others were in the way: then all of it is tried again.
    """
    response_entries: list[dict[str, Any]] = []
    reads, entries = BundleReads(fhir_request), extract_bundle_entries(bundle)
    others = collect_other_entries(entries)
    for i, raw_entry in enumerate(entries):
        try:
            if isinstance(raw_entry, dict) and isinstance(raw_entry.get("resource"), dict):
                rewrite_batch_references(
                    raw_entry["resource"],
                    str(raw_entry.get("fullUrl") or ""),
                    fhir_request.base_url,
                    others,
                )
            with by_itself():
                response_entries.append(process_batch_entry(fhir_request, raw_entry, reads))
        except Exception as error:
            if find_away_cause(error) or (
                connection.in_atomic_block and find_retryable_cause(error)
            ):
                raise
            if isinstance(error, Forbidden | Refused) and not error.written:
                log_refusal(
                    AuditEvent.from_principal(
                        fhir_request.principal,
                        EventCode.DOOR,
                        outcome=AuditOutcome.REFUSED,
                        reason=error.code,
                        target="fhir",
                    ).with_changes(proviso=None),
                    account=True,
                )
            placed_error = (
                error.with_path_prefix(f"Bundle.entry[{i}]")
                if isinstance(error, Problem)
                else error
            )
            status, body = operation_outcome.outcome_from_error(placed_error)
            if status >= 500:
                log.error("FHIR500 an unexpected error in a batch", exc_info=error)
            response_entries.append(
                {"response": {"status": format_status_line(status), "outcome": body}}
            )
    response_bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "batch-response"}
    if response_entries:
        response_bundle["entry"] = response_entries
    return FhirResponse(200, dump_json(response_bundle))


@contextmanager
def by_itself() -> Iterator[None]:
    """Inside of a transaction: where PostgreSQL refused a statement of the entry, what the entry
    did is undone, for else nothing later would be answered. Where we refused it ourselves the lines
    of the audit log about that stay. Outside of one each statement stands alone already.
    """
    if not connection.in_atomic_block:
        yield
        return
    savepoint = transaction.savepoint()
    try:
        yield
    except Exception as error:
        if find_away_cause(error):
            raise
        broken = connection.connection.info.transaction_status == TransactionStatus.INERROR
        (transaction.savepoint_rollback if broken else transaction.savepoint_commit)(savepoint)
        raise
    transaction.savepoint_commit(savepoint)


def process_batch_entry(
    fhir_request: FhirRequest, raw_entry: Any, reads: BundleReads
) -> dict[str, Any]:
    request = raw_entry.get("request") if isinstance(raw_entry, dict) else None
    if not isinstance(request, dict) or not isinstance(request.get("url"), str):
        raise Malformed(
            Issue("required", "Each entry has a request with a method and a url.", "request")
        )
    try:
        preconditions = preconditions_from_entry(request)
    except Problem as problem:
        raise problem.with_path_prefix("request") from problem
    method = str(request.get("method"))
    if method in READ_METHODS:
        return build_response_entry(
            fhir_request, method, reads.respond(method, request["url"], preconditions)
        )
    reads.forget_answers()
    return build_response_entry(
        fhir_request,
        method,
        write_batch_entry(fhir_request, method, request, raw_entry.get("resource"), preconditions),
    )


def write_batch_entry(
    fhir_request: FhirRequest,
    method: str,
    request: dict[str, Any],
    resource: Any,
    preconditions: Preconditions,
) -> FhirResponse:
    parts, query = parse_entry_url(request["url"], fhir_request.base_url)
    match (method, parts):
        case ("PUT", [name]) if query:
            return conditional.update_by_condition(
                fhir_request, name, query, resource, preconditions
            )
        case ("DELETE", [name]) if query:
            return conditional.delete_by_condition(fhir_request, name, query, preconditions)
        case ("PATCH", [name]) if query:
            return conditional.patch_by_condition(
                fhir_request, name, query, resource, preconditions
            )
        case _ if query:
            pass
        case ("POST", [name]):
            return write.create_resource(
                fhir_request, name, resource, request.get("ifNoneExist"), preconditions, warn=True
            )
        case ("PUT", [name, fhir_id]):
            return write.update_by_id(
                fhir_request, name, fhir_id, resource, preconditions, warn=True
            )
        case ("DELETE", [name, fhir_id]):
            return write.delete_by_id(fhir_request, name, fhir_id, preconditions)
        case ("PATCH", [name, fhir_id]):
            return patch.patch_by_id(fhir_request, name, fhir_id, resource, preconditions)
    raise NotSupported(
        Issue(
            "not-supported",
            "A batch takes GET and HEAD, POST Type, and PUT, PATCH and DELETE of Type/id or"
            " Type?condition.",
            "request",
        )
    )
