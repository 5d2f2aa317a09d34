"""transaction: all entries or none, with internal, conditional and literal references resolved
(FHIR R4 http.html#transaction).
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from alliance.auth.errors import Forbidden
from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import NO_SCOPE_NEED, ScopeNeed
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir.issues import Conflict, Issue, NotFound, Problem, truncate_issues
from records.fhir.json_codec import dump_json
from records.fhir.limits import ISSUES
from records.ingest.incoming_resource import IncomingResource
from records.ingest.lifetime_warnings import find_lifetime_warnings
from records.ingest.referential_integrity import check_referrers
from records.ingest.store_resources import store_resources, store_tombstones
from records.ingest.subject_patient import collect_subject_warnings
from records.interactions.bundle_conditions import check_no_twins, resolve_entry_conditions
from records.interactions.bundle_entries import (
    READ_METHODS,
    BundleEntry,
    extract_bundle_entries,
    map_entries,
    parse_entry,
)
from records.interactions.bundle_reads import BundleReads
from records.interactions.bundle_references import index_entries_by_full_url, resolve_references
from records.interactions.patch import apply_patch
from records.interactions.preconditions import check_preconditions
from records.interactions.references import normalize_references
from records.interactions.response_entries import build_response_entry
from records.interactions.write import (
    ALREADY_THERE,
    ID_TAKEN,
    answer_with_existing,
    build_tombstone,
    build_write_response,
    check_and_normalize,
    check_resource_content,
    generate_ids,
    request_write_access,
)
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.store import resource_writer
from records.store.rows import Draft, LockedRow
from records.store.write_lookups import fetch_current_versions, fetch_persons_of_resources


def process_transaction(fhir_request: FhirRequest, bundle: Any) -> FhirResponse:
    """Raises one Problem with the issues of all faulty entries, each naming its entry; then
    nothing is stored.
    """
    with gate.audited_write(
        request_write_access(fhir_request, EventCode.BUNDLE, "transaction", NO_SCOPE_NEED)
    ) as (scope, ledger):
        entries = map_entries(
            extract_bundle_entries(bundle),
            lambda raw_entry, place: parse_entry(fhir_request, raw_entry, place),
        )
        check_entry_scopes(fhir_request, entries)
        for entry, new_id in zip(entries, generate_ids(len(entries)), strict=True):
            entry.fhir_id = entry.fhir_id or new_id
        locked_rows = resolve_entries(fhir_request, scope, entries)
        ledger.persons |= fetch_persons_of_resources(
            scope, {entry.key for entry in entries if entry.already_exists}
        )
        map_entries(entries, lambda entry, _: normalize_entry_references(fhir_request, entry))
        apply_entries(fhir_request, scope, ledger, entries, locked_rows)
        warnings = collect_entry_warnings(scope, entries)
        answer_read_entries(fhir_request, entries)
        answer_write_entries(fhir_request, scope, entries, warnings)
    return FhirResponse(200, build_transaction_response(fhir_request, entries))


def resolve_entries(
    fhir_request: FhirRequest, scope: Scope, entries: list[BundleEntry]
) -> dict[tuple[str, str], LockedRow]:
    """The rows that the entries replace, locked; each entry is looked at, knows its id, and
    refers to what is meant. Raises Problem with the faults of resources and of references together.
    """
    problems: list[Problem] = []
    try:
        map_entries(entries, lambda entry, place: check_entry(fhir_request, entry, place))
    except Problem as problem:
        problems.append(problem)
    try:
        entries_by_url = index_entries_by_full_url(entries)
        resolve_entry_conditions(scope, fhir_request.base_url, entries, entries_by_url)
        locked_rows = resource_writer.lock_rows(
            scope,
            sorted({entry.key for entry in entries if entry.method not in ("POST", *READ_METHODS)}),
            deleting=any(entry.method == "DELETE" for entry in entries),
        )
        resolve_references(scope, fhir_request.base_url, entries, entries_by_url, locked_rows)
    except Problem as problem:
        problems.append(problem)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        issues = [issue for problem in problems for issue in problem.issues]
        raise type(problems[0])(*truncate_issues(issues, ISSUES))
    return locked_rows


SCOPES_BY_METHOD = {
    "POST": "c",
    "PUT": "u",
    "PATCH": "ru",
    "DELETE": "d",
}  # the scopes that an entry takes; what its conditions take, `matching` asks for


def check_entry_scopes(fhir_request: FhirRequest, entries: list[BundleEntry]) -> None:
    """Raises Forbidden naming the first entry that the token's scopes do not cover. GETs ask for
    theirs.
    """
    for entry in entries:
        try:
            check_token_scopes(
                fhir_request.principal,
                (
                    ScopeNeed(SCOPES_BY_METHOD[entry.method], (entry.type_name,))
                    if entry.method in SCOPES_BY_METHOD
                    else NO_SCOPE_NEED
                ),
            )
        except Forbidden as refusal:
            message = f"{entry.place}: {refusal}"
            raise Forbidden(refusal.code, message) from refusal


def check_entry(fhir_request: FhirRequest, entry: BundleEntry, place: str) -> None:
    """Of its own resource, before anything is looked up. Raises Problem."""
    if entry.method in ("POST", "PUT"):
        try:
            check_resource_content(fhir_request, entry.type_name, entry.resource)
        except Problem as problem:
            raise problem.with_resource_path(f"{place}.resource") from problem


def normalize_entry_references(fhir_request: FhirRequest, entry: BundleEntry) -> None:
    """Every reference that is left speaks of this store, of what the resource contains, or of
    what is elsewhere. Raises Problem.
    """
    if entry.method in ("POST", "PUT") and not entry.already_exists:
        try:
            normalize_references(entry.resource, fhir_request.base_url)
        except Problem as problem:
            raise problem.with_resource_path(f"{entry.place}.resource") from problem


def apply_entries(
    fhir_request: FhirRequest,
    scope: Scope,
    ledger: gate.WriteLedger,
    entries: list[BundleEntry],
    locked_rows: Mapping[tuple[str, str], LockedRow],
) -> None:
    """Write in FHIR's order: deletes, then creates, updates and patches. locked_rows: those that
    they replace.
    """
    tombstones: list[Draft] = []
    for entry in entries:
        if entry.method in READ_METHODS or entry.already_exists:
            continue
        row = locked_rows.get(entry.key) if entry.method != "POST" else None
        check_entry_preconditions(entry, row)
        if entry.method == "DELETE":
            if row and not row.deleted:
                entry.draft = build_tombstone(entry.type_name, entry.fhir_id, row)
                tombstones.append(entry.draft)
            continue
        if entry.method == "PATCH":
            patch_entry(fhir_request, scope, entry, row)
        entry.incoming = build_incoming(entry, row)
    check_no_twins(entries)
    if tombstones:
        store_tombstones(scope, ledger, tombstones)
    store_incoming(scope, ledger, entries)
    check_referrers(scope, tombstones)


def check_entry_preconditions(entry: BundleEntry, row: LockedRow | None) -> None:
    """Raises Problem naming the entry."""
    try:
        check_preconditions(entry.preconditions, row)
        if entry.matched_nothing and row and not row.deleted:
            raise Conflict(ID_TAKEN)
    except Problem as problem:
        raise problem.with_path_prefix(entry.place) from problem


def build_incoming(entry: BundleEntry, row: LockedRow | None) -> IncomingResource:
    """Build the next version of the row that the entry replaces, or a first version."""
    return IncomingResource(
        entry.resource,
        entry.fhir_id,
        row.version + 1 if row else 1,
        row.resource_id if row else 0,
        place=f"{entry.place}.resource",
    )


def store_incoming(scope: Scope, ledger: gate.WriteLedger, entries: list[BundleEntry]) -> None:
    writes = [entry for entry in entries if entry.incoming]
    drafts = store_resources(scope, ledger, [entry.incoming for entry in writes if entry.incoming])
    for entry, draft in zip(writes, drafts, strict=True):
        entry.draft = draft


def patch_entry(
    fhir_request: FhirRequest, scope: Scope, entry: BundleEntry, row: LockedRow | None
) -> None:
    """Put what the patch makes of the locked resource in its place."""
    try:
        if row is None or row.deleted:
            raise NotFound(
                Issue(
                    "not-found",
                    f"{entry.type_name}/{entry.fhir_id} is not in this store, or was deleted.",
                    "request.url",
                )
            )
        patched = apply_patch(
            entry.type_name,
            entry.fhir_id,
            resource_writer.read_locked_body(scope, row.resource_id),
            entry.resource,
        )
    except Problem as problem:
        raise problem.with_path_prefix(entry.place) from problem
    try:
        check_and_normalize(fhir_request, entry.type_name, patched)
    except Problem as problem:
        raise problem.with_resource_path(f"{entry.place}.resource") from problem
    entry.resource = patched


def collect_entry_warnings(scope: Scope, entries: list[BundleEntry]) -> dict[str, list[Issue]]:
    """{place of a resource: what is odd about it, but taken}."""
    incoming = [entry.incoming for entry in entries if entry.incoming]
    warnings = find_lifetime_warnings(scope, [(item.place, item.resource) for item in incoming])
    for place, issues in collect_subject_warnings(incoming).items():
        warnings[place] = [*warnings.get(place, []), *issues]
    return warnings


def answer_read_entries(fhir_request: FhirRequest, entries: list[BundleEntry]) -> None:
    """A GET sees what the transaction wrote, and a thing that is not there makes it fail as a
    whole.
    """
    reads = BundleReads(fhir_request)
    for entry in entries:
        if entry.method in READ_METHODS:
            try:
                entry.fhir_response = reads.respond(
                    entry.method, entry.condition, entry.preconditions
                )
            except Problem as problem:
                raise problem.with_path_prefix(entry.place) from problem


def answer_write_entries(
    fhir_request: FhirRequest,
    scope: Scope,
    entries: list[BundleEntry],
    warnings: Mapping[str, list[Issue]],
) -> None:
    """Give each write its answer. warnings: by the place of a resource."""
    existing_versions = fetch_current_versions(
        scope, [entry.key for entry in entries if entry.already_exists]
    )
    for entry in entries:
        if entry.already_exists:
            entry.fhir_response = (
                answer_with_existing(fhir_request, entry.type_name, entry.fhir_id)
                if fhir_request.returns == "representation"
                else answer_existing_entry(fhir_request, entry, existing_versions.get(entry.key))
            )
        elif entry.draft is None:
            entry.fhir_response = entry.fhir_response or FhirResponse(204)
        elif entry.draft.deleted:
            entry.fhir_response = FhirResponse(
                204, version=entry.draft.version, last_updated=entry.draft.last_updated
            )
        else:
            is_create = entry.method == "POST" or (
                entry.method == "PUT" and entry.draft.version == 1
            )
            entry.fhir_response = build_write_response(
                fhir_request,
                201 if is_create else 200,
                entry.draft,
                warnings.get(f"{entry.place}.resource", ()),
            )


def answer_existing_entry(
    fhir_request: FhirRequest, entry: BundleEntry, version: tuple[int, dt.datetime] | None
) -> FhirResponse:
    """A conditional create that found something, without its body."""
    location = f"{fhir_request.root}/{fhir_request.base}/{entry.type_name}/{entry.fhir_id}"
    if version is None:
        return FhirResponse(200, location=location, warnings=(ALREADY_THERE,))
    return FhirResponse(200, b"", *version, f"{location}/_history/{version[0]}", (ALREADY_THERE,))


def build_transaction_response(fhir_request: FhirRequest, entries: list[BundleEntry]) -> bytes:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "transaction-response"}
    if entries:
        bundle["entry"] = [
            build_response_entry(fhir_request, entry.method, entry.fhir_response)
            for entry in entries
            if entry.fhir_response
        ]
    return dump_json(bundle)
