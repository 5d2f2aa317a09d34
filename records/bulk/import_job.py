"""$import: NDJSON in one upload, taken in chunks by several processes, with a file of what was
refused. What others refer to comes first, in whatever order they were sent; each line stands for
itself, and sending a file again changes what is there, never doubles it.
"""

import logging
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import DatabaseError, transaction

from alliance.auth.errors import Forbidden
from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import ScopeNeed
from alliance.platform.database_away import find_retryable_cause
from consent import gate
from consent.audit.event import EventCode
from records.bulk import bulk_jobs
from records.fhir import operation_outcome
from records.fhir.issues import Issue, Malformed, Problem, TooLarge, Unprocessable
from records.fhir.json_codec import InvalidJson, dump_json, parse_json
from records.fhir.resource_references import ID
from records.ingest.import_order import choose_import_group, select_storable
from records.ingest.incoming_resource import IncomingResource
from records.ingest.store_resources import store_resources
from records.interactions.write import check_and_normalize, request_write_access
from records.models import BulkJob
from records.requests.fhir_request import FhirRequest, check_hosted_type
from records.store import chunks, resource_writer

log = logging.getLogger("xinglin.bulk")
CHUNK_LINES, CHUNK_BYTES = (
    500,
    4 * 1024 * 1024,
)  # of a chunk; no more patients than take turns side by side (mpi/register.py)
IMPORT_SCOPES = bulk_jobs.SCOPES_BY_KIND[
    BulkJob.Kind.IMPORT
]  # what a line takes of its type: it creates, or replaces
LONGEST_LINE = 32 * 1024 * 1024  # bytes of a line


def create_import_job(
    fhir_request: FhirRequest, type_name: str, pieces: Iterable[bytes], address: str
) -> BulkJob:
    """Store the lines of the body; the job is there, and will be done, once this returns.
    type_name: only resources of it, or "".

    Each chunk is a transaction of its own: a slow upload must not hold up the change feeds, which
    wait for the oldest transaction.
    """
    if type_name:
        check_hosted_type(type_name)
    types = (type_name,) if type_name else ()
    job = bulk_jobs.create_bulk_job(
        fhir_request,
        BulkJob.Kind.IMPORT,
        {"types": types, "request": address},
        request_write_access(
            fhir_request, EventCode.RECORD_IMPORT, "$import", ScopeNeed(IMPORT_SCOPES, types)
        ),
    )
    try:
        if not store_upload(job, split_lines(pieces)):
            raise Malformed(
                Issue(
                    "required",
                    "The body is empty: send one resource a line (application/fhir+ndjson).",
                )
            )
    except BaseException:
        job.delete()
        raise
    BulkJob.objects.filter(pk=job.pk).update(state=BulkJob.State.WAITING)
    bulk_jobs.notify_worker()
    return job


def store_upload(job: BulkJob, lines: Iterable[bytes]) -> bool:
    """Into chunks by group; whether there was anything."""
    groups: dict[int, list[bytes]] = {
        g: [] for g in (chunks.DIRECTORY, chunks.PATIENTS, chunks.REST)
    }
    sizes, seqs = dict.fromkeys(groups, 0), dict.fromkeys(groups, 0)

    def flush(group: int) -> None:
        if groups[group]:
            first = int(groups[group][0].split(b"\t", 1)[0])
            chunks.insert_chunk(
                job.pk,
                job.hospital_id,
                group,
                seqs[group],
                first,
                len(groups[group]),
                b"\n".join(groups[group]),
            )
            groups[group], sizes[group], seqs[group] = [], 0, seqs[group] + 1

    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        group = choose_import_group(line)
        groups[group].append(b"%d\t%s" % (number, line))
        sizes[group] += len(line)
        if len(groups[group]) >= CHUNK_LINES or sizes[group] >= CHUNK_BYTES:
            flush(group)
    for group in groups:
        flush(group)
    return any(seqs.values())


def split_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    incomplete = b""
    for piece in pieces:
        *complete, incomplete = (incomplete + piece).split(b"\n")
        yield from complete
        if len(incomplete) > LONGEST_LINE:
            raise TooLarge(
                Issue(
                    "too-long",
                    f"A line is longer than {LONGEST_LINE // 1048576} MiB: NDJSON has one resource"
                    " a line, without line breaks in it.",
                )
            )
    if incomplete:
        yield incomplete


def run_import(job: BulkJob) -> None:
    """Work on chunks until none is left; several processes may, and where one dies its chunk is
    taken by another.
    """
    fhir_request = bulk_jobs.build_job_request(job)
    while True:
        with transaction.atomic():
            got = chunks.claim_chunk(job.pk)
            if got is not None:
                import_chunk(fhir_request, job, *got)
        if not bulk_jobs.record_job_heartbeat(job):
            return
        if got is None:
            if not chunks.fetch_import_progress(job.pk)[0]:
                break
            time.sleep(0.1)  # others hold what is left, or the last of a file before the next
    with transaction.atomic():
        locked = (
            BulkJob.objects.select_for_update()
            .filter(pk=job.pk, state=BulkJob.State.RUNNING)
            .first()
        )
        if locked is not None:
            job.files = finish_error_file(job)
            bulk_jobs.end_bulk_job(job, BulkJob.State.DONE)


def finish_error_file(job: BulkJob) -> list[dict[str, Any]]:
    """The file of refused lines, now that it is known where each of its chunks begins."""
    parts = [content for _, content in chunks.read_chunks(job.pk, chunks.ERRORS)]
    chunks.delete_chunks(job.pk, chunks.ERRORS)
    at = 0
    for seq, part in enumerate(parts):
        chunks.insert_chunk(job.pk, job.hospital_id, chunks.ERRORS, seq, at, len(part), part)
        at += len(part)
    return (
        [
            {
                "file": chunks.ERRORS,
                "kind": "error",
                "type": "OperationOutcome",
                "store": "",
                "count": sum(p.count(b"\n") for p in parts),
                "bytes": at,
            }
        ]
        if parts
        else []
    )


def import_chunk(
    fhir_request: FhirRequest, job: BulkJob, group: int, seq: int, content: bytes
) -> None:
    """One chunk, in the transaction that marks it done: no crash can do it twice, or half."""
    taken, refusals = 0, []
    items: list[tuple[int, IncomingResource]] = []
    raw_lines = content.split(b"\n")
    for raw in raw_lines:
        number, _, line = raw.partition(b"\t")
        try:
            items.append((int(number), parse_import_line(fhir_request, job, int(number), line)))
        except Problem as problem:
            refusals.append(build_line_outcome(int(number), problem))
    distinct: dict[tuple[str, str], tuple[int, IncomingResource]] = {
        (i.resource["resourceType"], i.fhir_id): (n, i) for n, i in items
    }
    superseded = len(items) - len(distinct)  # the same id again in one chunk: the last line counts
    rest, last = list(distinct.values()), group == chunks.LATER + chunks.ROUNDS - 1
    fit = (
        rest
        if last
        else select_storable(
            gate.authorize_access(
                request_write_access(
                    fhir_request, EventCode.RECORD_IMPORT, "$import", ScopeNeed(IMPORT_SCOPES)
                )
            ),
            rest,
        )
    )
    waiting = {n for n, _ in rest} - {n for n, _ in fit}
    try:
        taken += superseded + store_import_lines(fhir_request, fit)
    except (Problem, DatabaseError) as error:
        if find_retryable_cause(error):
            raise
        for (
            number,
            item,
        ) in fit:  # one of them does not fit: each for itself, so that its neighbours are kept
            try:
                taken += store_import_lines(fhir_request, [(number, item)])
            except Problem as problem:
                if problem.issues[0].code == "not-found" and not last:
                    waiting.add(number)
                else:
                    refusals.append(build_line_outcome(number, problem))
            except DatabaseError as refused:
                if find_retryable_cause(refused):
                    raise
                log.error(
                    "FHIR500 an unexpected error at line %s of an import", number, exc_info=refused
                )
                refusals.append(build_line_outcome(number, refused))
        taken += superseded
    if refusals:
        refusals.sort()
        content = b"".join(dump_json(b) + b"\n" for _, b in refusals)
        chunks.insert_chunk(
            job.pk,
            job.hospital_id,
            chunks.ERRORS,
            compute_chunk_number(group, seq),
            0,
            len(content),
            content,
        )
    if waiting:
        waiting_lines = [line for line in raw_lines if int(line.partition(b"\t")[0]) in waiting]
        later, place = (
            (group + 1, seq)
            if group >= chunks.LATER
            else (chunks.LATER, compute_chunk_number(group, seq))
        )
        chunks.insert_chunk(
            job.pk,
            job.hospital_id,
            later,
            place,
            min(waiting),
            len(waiting_lines),
            b"\n".join(waiting_lines),
        )
    chunks.finish_chunk(job.pk, group, seq, taken, len(refusals), len(waiting))


def compute_chunk_number(group: int, seq: int) -> int:
    """The place of a chunk among those of all files."""
    return seq * (chunks.ROUNDS + 3) + (
        group - chunks.LATER + 3 if group >= chunks.LATER else group + 1
    )


def parse_import_line(
    fhir_request: FhirRequest, job: BulkJob, number: int, line: bytes
) -> IncomingResource:
    try:
        resource = parse_json(line)
    except InvalidJson as error:
        raise Malformed(Issue("structure", f"This line is not JSON: {error}.")) from error
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    check_and_normalize(fhir_request, name, resource)
    if job.asked["types"] and name not in job.asked["types"]:
        raise Malformed(
            Issue(
                "value",
                f"This is a {name}; the import was asked for {job.asked['types'][0]} only.",
                "resourceType",
            )
        )
    fhir_id = resource.get("id") or str(uuid.uuid5(job.pk, str(number)))
    if not ID.fullmatch(fhir_id):
        raise Malformed(
            Issue(
                "value",
                "An id has 1 to 64 letters (A-Z, a-z), digits, hyphens or dots.",
                f"{name}.id",
            )
        )
    return IncomingResource(resource, fhir_id)


def store_import_lines(fhir_request: FhirRequest, items: list[tuple[int, IncomingResource]]) -> int:
    """Create or replace; in a transaction inside the caller's. Raises Problem."""
    if not items:
        return 0
    try:
        with gate.audited_write(
            request_write_access(
                fhir_request, EventCode.RECORD_IMPORT, "$import", ScopeNeed(IMPORT_SCOPES)
            )
        ) as (scope, ledger):
            check_token_scopes(
                fhir_request.principal,
                ScopeNeed(IMPORT_SCOPES, tuple(i.resource["resourceType"] for _, i in items)),
            )
            current = resource_writer.lock_rows(
                scope, [(i.resource["resourceType"], i.fhir_id) for _, i in items]
            )
            for _, item in items:
                row = current.get((item.resource["resourceType"], item.fhir_id))
                item.version, item.resource_id = (row[1] + 1, row[0]) if row else (1, 0)
            store_resources(scope, ledger, [i for _, i in items])
    except Forbidden as refusal:
        if refusal.code != "scope":
            raise
        raise Unprocessable(Issue("forbidden", str(refusal))) from refusal
    return len(items)


def build_line_outcome(number: int, error: Exception) -> tuple[int, dict[str, Any]]:
    _, body = operation_outcome.outcome_from_error(error)
    for issue in body["issue"]:
        issue["diagnostics"] = f"Line {number}: {issue['diagnostics']}"
    return number, body
