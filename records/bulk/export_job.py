"""$export of a member's store, its patients, a group, or of persons as shared (Bulk Data Access
2.0 #export).
"""

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import ScopeNeed
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Refused, Scope
from records.bulk import bulk_jobs
from records.bulk.export_parameters import Pairs, parse_export_parameters
from records.bulk.type_filter import describe_type_filter, group_filters_by_type
from records.fhir import operation_outcome
from records.fhir.issues import Issue, NotFound, NotSupported
from records.fhir.json_codec import dump_json, parse_json
from records.fhir.resource_references import parse_reference
from records.fhir.resource_types import TYPES
from records.identity.persons import make_golden_record
from records.interactions import read
from records.models import BulkJob
from records.mpi.index import source_patients
from records.requests.fhir_request import (
    FhirRequest,
    parse_uuid,
    request_own_access,
    request_person_access,
)
from records.search.summary_view import View, parse_elements, whole_view
from records.store import chunks, clock, export_query, section_query
from records.store.export_query import PROVENANCE
from records.store.rows import Row

PAGE_SIZE = 1000  # resources
CHUNK_BYTES = 4 * 1024 * 1024  # bytes of NDJSON
WRITER_SLACK = dt.timedelta(
    seconds=30
    # the longest that a writer takes from the beginning of its transaction, whose time its rows
    # have, to its last row
)
WRITER_PATIENCE = 600.0  # seconds for writers that began before
MOST_PERSONS = 200


def create_export_job(
    fhir_request: FhirRequest,
    level: str,
    group: str,
    pairs: Pairs,
    address: str,
    lenient: bool = False,
) -> BulkJob:
    """level: "system", "patient" or "group"; lenient: what is not understood is left out, and
    told in the manifest. Raises Problem for what cannot be served.
    """
    parameters = parse_export_parameters(fhir_request, pairs, lenient) | {
        "level": level,
        "group": group,
        "request": address,
    }
    need = ScopeNeed(
        bulk_jobs.SCOPES_BY_KIND[BulkJob.Kind.EXPORT], bulk_jobs.list_requested_types(parameters)
    )
    check_token_scopes(fhir_request.principal, need)
    if parameters["provenance"]:
        check_token_scopes(fhir_request.principal, ScopeNeed(need.letters, (PROVENANCE,)))
    if fhir_request.hospital_id is None and (
        level != "patient" or not 0 < len(parameters["patients"]) <= MOST_PERSONS
    ):
        raise NotSupported(
            Issue(
                "not-supported",
                "The shared record is exported by persons: Patient/$export with 1 to"
                f" {MOST_PERSONS} patient=<person id>.",
            )
        )
    if level == "group":
        read.read_resource(fhir_request, "Group", group)  # NotFound
    if level == "system" and parameters["patients"]:
        raise NotSupported(
            Issue(
                "not-supported",
                "Parameter patient belongs to Patient/$export and Group/[id]/$export.",
            )
        )
    detail = ",".join([*parameters["types"], *map(describe_type_filter, parameters["filters"])])[
        :200
    ]
    access = (
        request_own_access(
            fhir_request, EventCode.RECORD_EXPORT, f"$export/{level}", detail=detail, need=need
        )
        if fhir_request.hospital_id is not None
        else None
    )
    return bulk_jobs.create_bulk_job(fhir_request, BulkJob.Kind.EXPORT, parameters, access)


def run_export(job: BulkJob) -> None:
    """Write all files; begun anew where an earlier process broke off."""
    fhir_request = bulk_jobs.build_job_request(job)
    chunks.delete_chunks(job.pk)
    job.files, job.persons = [], {}
    job.as_of = clock.raise_clock_floor() - WRITER_SLACK
    BulkJob.objects.filter(pk=job.pk).update(as_of=job.as_of)
    transaction_number, deadline, pause = (
        chunks.fetch_next_transaction(),
        time.monotonic() + WRITER_PATIENCE,
        0.01,
    )
    while not chunks.is_settled(transaction_number):
        if time.monotonic() > deadline or not bulk_jobs.record_job_heartbeat(job):
            return bulk_jobs.end_bulk_job(
                job,
                BulkJob.State.FAILED,
                "A writer of this database has been at work for too long: try again later.",
            )
        time.sleep(pause)
        pause = min(1.0, 2 * pause)
    for kind, type_name, store, bodies in (
        make_own_store_files(fhir_request, job)
        if fhir_request.hospital_id is not None
        else make_shared_record_files(fhir_request, job)
    ):
        if not write_export_file(job, kind, type_name, store, bodies):
            return None  # deleted, or its system was stopped
    return bulk_jobs.end_bulk_job(job, BulkJob.State.DONE)


ExportFile = tuple[str, str, str, Iterator[bytes]]  # kind, type, store, lines
ExportFiles = Iterator[ExportFile]


def make_own_store_files(fhir_request: FhirRequest, job: BulkJob) -> ExportFiles:
    parameters = job.asked
    since, types, level = (
        parse_job_since(job),
        parameters["types"] or list(TYPES),
        parameters["level"],
    )
    scope = gate.authorize_access(
        request_own_access(
            fhir_request, EventCode.RECORD_EXPORT, "$export", need=bulk_jobs.compute_job_need(job)
        )
    )
    patients, issues = select_export_patients(fhir_request, scope, job)
    filters = group_filters_by_type(fhir_request, parameters.get("filters", []))
    brought = [
        export_query.ExportSelection(name, since, patients, filters.get(name, ()))
        for name in export_query.list_types_present(scope, types)
        if level == "system"
        or patients is not None
        or name == "Patient"
        or TYPES[name].subject_params
    ]
    for selection in (
        brought
        if not parameters.get("provenance")
        else [w for w in brought if w.type_name != PROVENANCE]
    ):
        yield make_own_store_file(scope, job, selection, selection.type_name)
    if provenance := parameters.get("provenance"):
        besides = next(
            (w for w in brought if w.type_name == PROVENANCE and provenance == "relevant"), None
        )
        yield make_own_store_file(
            scope,
            job,
            export_query.ProvenanceSelection(
                tuple(w for w in brought if w.type_name != PROVENANCE),
                provenance == "latest",
                besides,
            ),
            PROVENANCE,
        )
    if since is not None and level == "system":
        yield (
            "deleted",
            "Bundle",
            "",
            (
                dump_deletion_line(r)
                for r in iterate_pages(
                    lambda after: export_query.fetch_deletions(
                        scope, since, types, after, PAGE_SIZE
                    )
                )
            ),
        )
    yield (
        "error",
        "OperationOutcome",
        "",
        dump_issue_lines([*bulk_jobs.list_left_out_issues(job), *issues]),
    )


def parse_job_since(job: BulkJob) -> dt.datetime | None:
    return dt.datetime.fromisoformat(job.asked["since"]) if job.asked["since"] else None


def make_own_store_file(
    scope: Scope,
    job: BulkJob,
    selection: export_query.ExportSelection | export_query.ProvenanceSelection,
    type_name: str,
) -> ExportFile:
    """One file of an own store."""
    typed_scope, names_resources = (
        replace(scope, event=scope.event.with_changes(detail=type_name)),
        build_elements_view(job, type_name),
    )
    return (
        "output",
        type_name,
        "",
        (
            names_resources(r.body)
            for r in iterate_pages(
                lambda after: export_query.fetch_export_page(
                    typed_scope, selection, after, PAGE_SIZE, names_resource=False
                )
            )
        ),
    )


def build_elements_view(job: BulkJob, type_name: str) -> View:
    """What _elements leaves of each resource: those of its type, and those that are said of
    none.
    """
    names = job.asked.get("elements")
    return (
        parse_elements([n for n in names if "." not in n or n.startswith(f"{type_name}.")])
        if names
        else whole_view
    )


def dump_issue_lines(issues: Sequence[Issue]) -> Iterator[bytes]:
    return (dump_json(operation_outcome.build_outcome(i)) for i in issues)


def iterate_pages(fetch: Any) -> Iterator[Row]:
    position = None
    while True:
        rows = fetch(position)
        yield from rows
        if len(rows) < PAGE_SIZE:
            return
        position = (rows[-1].last_updated, rows[-1].resource_id)


def dump_deletion_line(row: Row) -> bytes:
    return dump_json(
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [{"request": {"method": "DELETE", "url": f"{row.type_name}/{row.fhir_id}"}}],
        }
    )


def select_export_patients(
    fhir_request: FhirRequest, scope: Scope, job: BulkJob
) -> tuple[tuple[int, ...] | None, list[Issue]]:
    """Rows of the index whom the export is about, None for everybody; and whom of those that
    were asked for it leaves out.
    """
    requested_ids = ids = set(job.asked["patients"])
    if job.asked["level"] == "group":
        group = parse_json(read.read_resource(fhir_request, "Group", job.asked["group"]).body)
        members = {
            m[1]
            for x in group.get("member", [])
            if not x.get("inactive")
            and (m := parse_reference(str((x.get("entity") or {}).get("reference"))))
            and m[0] == "Patient"
        }
        ids = members & requested_ids if requested_ids else members
    elif not requested_ids:
        return None, []
    source_rows = source_patients.find_source_rows(fhir_request.hospital_id or 0, ids)
    place = "in the Group, or in this store" if job.asked["level"] == "group" else "in this store"
    return tuple(k.source_patient_id for k in source_rows.values()), [
        Issue("not-found", f"Patient/{i[:64]} is not {place}.", "patient", "warning")
        for i in sorted(requested_ids - set(source_rows))
    ]


def make_shared_record_files(fhir_request: FhirRequest, job: BulkJob) -> ExportFiles:
    """Of each person what the gate lets through now: the golden record, and the rows of each
    store in files of their own, for an id means something only in its store.
    """
    since, filters = (
        parse_job_since(job),
        group_filters_by_type(fhir_request, job.asked.get("filters", [])),
    )
    scopes: list[Scope] = []
    issues = bulk_jobs.list_left_out_issues(job)
    goldens: list[bytes] = []
    for text in job.asked["patients"]:
        person = parse_uuid(text)
        try:
            scope = gate.authorize_access(
                request_person_access(
                    fhir_request,
                    EventCode.RECORD_EXPORT,
                    "Patient/$export",
                    person,
                    need=bulk_jobs.compute_job_need(job),
                )
            )
        except (Refused, NotFound):
            issues.append(
                Issue(
                    "not-found",
                    f"Patient/{text[:64]}: there is no such person here, or nothing of them is"
                    " shared with you.",
                )
            )
            continue
        job.persons[str(person)] = scope.epoch
        scopes.append(scope)
        if rows := section_query.fetch_sections(scope, {"Patient": 50}):
            goldens.append(make_golden_record(fhir_request, UUID(text), rows))
    types = job.asked["types"] or list(TYPES)
    if "Patient" in types:
        yield (
            "output",
            "Patient",
            f"{fhir_request.root}/alliance",
            map(build_elements_view(job, "Patient"), goldens),
        )
    for name in types:
        selection = export_query.ExportSelection(name, since, None, filters.get(name, ()))
        by_store: dict[str, list[bytes]] = {}
        for scope in scopes:
            for r in iterate_pages(
                lambda after, s=scope, w=selection: export_query.fetch_export_page(
                    s, w, after, PAGE_SIZE, names_resource=True
                )
            ):
                by_store.setdefault(r.hospital, []).append(r.body)
        for store, bodies in sorted(by_store.items()):
            yield (
                "output",
                name,
                f"{fhir_request.root}/{store}",
                map(build_elements_view(job, name), bodies),
            )
    yield "error", "OperationOutcome", "", dump_issue_lines(issues)


def write_export_file(
    job: BulkJob, kind: str, type_name: str, store: str, bodies: Iterator[bytes]
) -> bool:
    """One file, in chunks; False where the job is to stop."""
    number, seq, at, count = len(job.files), 0, 0, 0
    part: list[bytes] = []
    size = 0
    for body in bodies:
        part.append(body)
        size += len(body) + 1
        count += 1
        if size >= CHUNK_BYTES:
            chunks.insert_chunk(
                job.pk, job.hospital_id, number, seq, at, size, b"\n".join(part) + b"\n"
            )
            seq, at, size, part = seq + 1, at + size, 0, []
            if not bulk_jobs.record_job_heartbeat(job):
                return False
    if part:
        chunks.insert_chunk(
            job.pk, job.hospital_id, number, seq, at, size, b"\n".join(part) + b"\n"
        )
    if count:
        job.files.append(
            {
                "file": number,
                "kind": kind,
                "type": type_name,
                "store": store,
                "count": count,
                "bytes": at + size,
            }
        )
        BulkJob.objects.filter(pk=job.pk).update(files=job.files)
    return bulk_jobs.record_job_heartbeat(job)
