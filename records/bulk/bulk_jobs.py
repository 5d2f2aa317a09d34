"""Bulk jobs: asked for over REST, carried out beside the site, polled, fetched, deleted (Bulk
Data Access 2.0).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import ALL_TYPES, ScopeNeed, parse_scopes
from alliance.services.clients import client_principal
from consent import gate
from consent.audit.append import append_event, append_event_about
from consent.audit.event import AuditEvent, EventCode
from consent.audit.log_query import PERSONS_OF_REQUEST_SQL
from consent.terms import AccessRequest, Refused
from records.fhir.issues import Gone, Issue, NotFound, Problem
from records.fhir.json_codec import dump_json
from records.fhir.operation_outcome import ABSENT
from records.models import BulkJob
from records.requests.fhir_request import (
    FhirRequest,
    parse_uuid,
    request_own_access,
    request_person_access,
)
from records.store import chunks

ACTIVE_STATES = (BulkJob.State.WAITING, BulkJob.State.RUNNING)
WORK_CHANNEL = "xinglin_bulk"  # the channel on which the courier listens
SCOPES_BY_KIND = {
    BulkJob.Kind.EXPORT: "rs",
    BulkJob.Kind.IMPORT: "cu",
}  # scopes that a job takes of each type
MOST_ACTIVE_JOBS, MOST_LONG_JOBS = (
    20,
    4,
    # jobs of one system at a time: of all, and of those that have taken longer than SOON already,
    # or are imports
)
LONG_JOB_AFTER = dt.timedelta(seconds=10)
RESULT_LIFETIME = dt.timedelta(days=2)
UPLOAD_LIMIT = dt.timedelta(hours=12)  # the longest that one may take
SILENCE_LIMIT = dt.timedelta(
    seconds=90
)  # a running job without a sign of life is taken up by another process


class TooManyWaiting(Problem):
    """seconds: after which to ask again."""

    kind = "too-many"

    def __init__(self, *issues: Issue, seconds: int = 5) -> None:
        super().__init__(*issues)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class BulkJobStatus:
    """Of a job: state, what to show while it runs, the manifest when it is done."""

    state: str
    progress: str
    manifest: bytes = b""
    says: str = ""
    seconds: int = 1  # after which to ask again
    until: dt.datetime | None = None  # its files are there


def create_bulk_job(
    fhir_request: FhirRequest,
    kind: BulkJob.Kind,
    parameters: dict[str, Any],
    access: AccessRequest | None,
) -> BulkJob:
    """access: what the gate is asked before the job is taken; None where it is asked for each
    person when the job runs. Raises TooMany, Refused.
    """
    now = timezone.now()
    alive = BulkJob.objects.filter(
        Q(state__in=ACTIVE_STATES)
        | Q(state=BulkJob.State.TAKING, created_at__gt=now - UPLOAD_LIMIT),
        client=fhir_request.principal.id,
    )
    for jobs, limit in (
        (alive, MOST_ACTIVE_JOBS),
        (
            alive.filter(Q(kind=BulkJob.Kind.IMPORT) | Q(created_at__lt=now - LONG_JOB_AFTER)),
            MOST_LONG_JOBS,
        ),
    ):
        if jobs.count() >= limit:
            raise TooManyWaiting(
                Issue(
                    "throttled",
                    f"{limit} jobs of this system are under way: wait for one, or delete it.",
                )
            )
    if access is not None:
        append_event(gate.authorize_access(access).event)
    state = BulkJob.State.TAKING if kind == BulkJob.Kind.IMPORT else BulkJob.State.WAITING
    job = BulkJob.objects.create(
        kind=kind,
        state=state,
        base=fhir_request.base,
        hospital_id=fhir_request.principal.hospital_id,
        client=fhir_request.principal.id,
        root=fhir_request.root,
        asked=parameters,
        scopes=str(fhir_request.principal.grant),
    )
    if state == BulkJob.State.WAITING:
        notify_worker()
    return job


def notify_worker() -> None:
    """Tell the courier that a job waits, so that it need not look for one."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {WORK_CHANNEL}")


def find_bulk_job(fhir_request: FhirRequest, job_id: str) -> BulkJob:
    """Only the system that asked for it finds a job. Raises NotFound; Forbidden for a token that
    does not cover what the job was asked for with.
    """
    own_jobs = BulkJob.objects.filter(client=fhir_request.principal.id, base=fhir_request.base)
    key = parse_uuid(job_id)
    job = own_jobs.filter(pk=key).first() if key else None
    if job is None:
        raise NotFound(ABSENT)
    check_token_scopes(fhir_request.principal, compute_job_need(job))
    return job


def compute_job_need(job: BulkJob) -> ScopeNeed:
    """What all of a job takes: of the types that were asked for, or of all that its token
    covered.
    """
    letters = SCOPES_BY_KIND[BulkJob.Kind(job.kind)]
    covered = parse_scopes(job.scopes).types_for(letters)
    return ScopeNeed(
        letters,
        list_requested_types(job.asked)
        or tuple(sorted({ALL_TYPES} if covered is None else covered)),
    )


def list_requested_types(parameters: dict[str, Any]) -> tuple[str, ...]:
    """The types that are asked for by name, with that of what comes along; none where all are."""
    return (
        (*parameters["types"], *(["Provenance"] if parameters.get("provenance") else []))
        if parameters["types"]
        else ()
    )


def list_left_out_issues(job: BulkJob) -> list[Issue]:
    """What was left out of the request, because it was not understood."""
    return [Issue(code, says, where, "warning") for code, says, where in job.asked.get("told", [])]


def get_bulk_job_status(fhir_request: FhirRequest, job_id: str) -> BulkJobStatus:
    job = find_bulk_job(fhir_request, job_id)
    if job.kind == BulkJob.Kind.IMPORT:
        _, lines, taken, refused = chunks.fetch_import_progress(job.pk)
        progress = f"{taken + refused} of {lines} lines, {refused} refused"
    else:
        progress = f"{sum(f['count'] for f in job.files)} resources"
    if job.state in (*ACTIVE_STATES, BulkJob.State.TAKING):
        return BulkJobStatus(
            job.state,
            progress,
            seconds=max(1, min(30, int((timezone.now() - job.created_at).total_seconds() / 5))),
        )
    return BulkJobStatus(
        job.state,
        progress,
        build_bulk_manifest(fhir_request, job),
        job.says,
        until=job.finished_at and job.finished_at + RESULT_LIFETIME,
    )


def build_bulk_manifest(fhir_request: FhirRequest, job: BulkJob) -> bytes:
    job_url = f"{fhir_request.root}/{job.base}/_bulk/{job.pk}"

    def listed(kind: str) -> list[dict[str, Any]]:
        return [
            {
                "type": f["type"],
                "url": f"{job_url}/{i}",
                "count": f["count"],
                **({"extension": {"store": f["store"]}} if f.get("store") else {}),
            }
            for i, f in enumerate(job.files)
            if f["kind"] == kind and f["count"]
        ]

    manifest: dict[str, Any] = {
        "transactionTime": (job.as_of or job.created_at).isoformat(timespec="milliseconds"),
        "request": job.asked.get("request", ""),
        "requiresAccessToken": True,
        "output": listed("output"),
        "deleted": listed("deleted"),
        "error": listed("error"),
    }
    if job.kind == BulkJob.Kind.IMPORT:
        _, lines, taken, refused = chunks.fetch_import_progress(job.pk)
        manifest["extension"] = {"lines": lines, "taken": taken, "refused": refused}
    return dump_json(manifest)


def delete_bulk_job(fhir_request: FhirRequest, job_id: str) -> None:
    """Stop and forget it; what an import has stored stays. First no process begins another
    chunk; those that were begun end; then the job goes: who held the job, and waited for chunks,
    would meet those who hold a chunk and wait for the job.
    """
    job = find_bulk_job(fhir_request, job_id)
    BulkJob.objects.filter(pk=job.pk, state__in=ACTIVE_STATES).update(
        state=BulkJob.State.FAILED, finished_at=timezone.now()
    )
    with transaction.atomic():
        chunks.lock_chunks(job.pk)
        job.delete()


@dataclass(frozen=True, slots=True)
class BulkFile:
    """A file of a finished job, to be sent from the byte `start` on."""

    job: UUID
    number: int
    size: int


def open_bulk_file(fhir_request: FhirRequest, job_id: str, number: str) -> BulkFile:
    """Raises NotFound; Gone where a patient's consent has changed since the file was made."""
    job = find_bulk_job(fhir_request, job_id)
    if (
        not number.isdecimal()
        or len(number) > 6
        or int(number) >= len(job.files)
        or job.state != BulkJob.State.DONE
    ):
        raise NotFound(ABSENT)
    file_entry = job.files[int(number)]
    need = compute_job_need(job)
    if fhir_request.hospital_id is not None:
        audit_bulk_download(
            job,
            file_entry,
            gate.authorize_access(
                request_own_access(
                    fhir_request, EventCode.RECORD_EXPORT, f"$bulk/{job.pk}/{number}", need=need
                )
            ).event,
        )
    for person, epoch in job.persons.items():
        try:
            scope = gate.authorize_access(
                request_person_access(
                    fhir_request,
                    EventCode.RECORD_EXPORT,
                    f"$bulk/{job.pk}/{number}",
                    UUID(person),
                    need=need,
                )
            )
        except Refused:
            raise Gone(
                Issue(
                    "deleted",
                    "What may be seen has changed since this file was made: export again.",
                )
            ) from None
        if scope.epoch != epoch:
            raise Gone(
                Issue(
                    "deleted",
                    "What may be seen has changed since this file was made: export again.",
                )
            )
        append_event(scope.event)
    return BulkFile(job.pk, file_entry["file"], file_entry["bytes"])


def audit_bulk_download(job: BulkJob, file_entry: dict[str, Any], event: AuditEvent) -> None:
    """The line in the audit log of a file that leaves. The first time it says whom the file is
    about, as the lines say that were written when it was made; a part of it again, or the whole, is
    a line that names the file alone: whoever asks for it byte by byte writes no row a person for
    each.
    """
    if file_entry.get("left"):
        append_event(event)
        return
    append_event_about(
        event,
        PERSONS_OF_REQUEST_SQL,
        {
            "by": event.actor,
            "request": f"bulk-{job.pk}",
            "since": job.created_at,
            "kind": file_entry["type"] if file_entry["kind"] == "output" else "",
        },
    )
    file_entry["left"] = True
    BulkJob.objects.filter(pk=job.pk).update(files=job.files)


def read_bulk_file(bulk_file: BulkFile, first: int, last: int) -> Iterator[bytes]:
    """Its bytes from the first to the last one, both included."""
    for start, content in chunks.read_chunks(bulk_file.job, bulk_file.number, first):
        if start > last:
            return
        yield content[max(0, first - start) : last + 1 - start]


def claim_bulk_job() -> BulkJob | None:
    """The next job that waits, or whose process went silent; it is now running. None: nothing to
    do.
    """
    now = timezone.now()
    for job in BulkJob.objects.filter(state__in=ACTIVE_STATES).order_by("created_at"):
        free = (
            BulkJob.objects.filter(pk=job.pk, state=BulkJob.State.WAITING)
            if job.state == BulkJob.State.WAITING
            else BulkJob.objects.filter(pk=job.pk, beat_at__lt=now - SILENCE_LIMIT)
        )
        if free.update(state=BulkJob.State.RUNNING, beat_at=now):
            job.refresh_from_db()
            return job
    return None


def has_waiting_job() -> bool:
    """Whether a job waits, or lost its process."""
    old = Q(state=BulkJob.State.RUNNING, beat_at__lt=timezone.now() - SILENCE_LIMIT)
    return BulkJob.objects.filter(Q(state=BulkJob.State.WAITING) | old).exists()


def record_job_heartbeat(job: BulkJob) -> bool:
    """Tell that the job is alive; False where it is being deleted, or its system or hospital was
    stopped.
    """
    job.trying_at = timezone.now()  # whether it is stored nobody knows where the line breaks in it
    alive = BulkJob.objects.filter(pk=job.pk, state=BulkJob.State.RUNNING).update(
        beat_at=job.trying_at
    )
    job.beat_at = job.trying_at
    return bool(alive) and client_principal(job.client, "", job.scopes).active


def reclaim_bulk_job(job: BulkJob) -> bool:
    """After the database was away: whether nobody else has taken the job up meanwhile. An import
    is worked on by several, each on chunks of its own.
    """
    running = BulkJob.objects.filter(pk=job.pk, state=BulkJob.State.RUNNING)
    if job.kind == BulkJob.Kind.EXPORT:
        running = running.filter(beat_at__in=[job.beat_at, job.trying_at or job.beat_at])
    job.beat_at = timezone.now()
    return bool(running.update(beat_at=job.beat_at))


def end_bulk_job(job: BulkJob, state: BulkJob.State, says: str = "") -> None:
    BulkJob.objects.filter(pk=job.pk).update(
        state=state,
        says=says[:300],
        finished_at=timezone.now(),
        files=job.files,
        persons=job.persons,
    )


def delete_expired_jobs() -> int:
    """Forget jobs that ended two days ago, and uploads that broke off; how many."""
    now = timezone.now()
    return BulkJob.objects.filter(
        Q(finished_at__lt=now - RESULT_LIFETIME)
        | Q(state=BulkJob.State.TAKING, created_at__lt=now - UPLOAD_LIMIT)
    ).delete()[0]


def build_job_request(job: BulkJob) -> FhirRequest:
    """Return a request on behalf of the job's system, with the permissions it has now."""
    principal = client_principal(job.client, f"bulk-{job.pk}", job.scopes)
    return FhirRequest(
        principal, job.base, None if job.base == "alliance" else job.hospital_id, job.root
    )
