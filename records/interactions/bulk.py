"""Bulk jobs: asked for over REST, carried out beside the site, polled, fetched, deleted (Bulk Data Access 2.0)."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from alliance.services.clients import standing
from consent import gate
from consent.audit.append import append
from consent.audit.event import EventCode
from consent.terms import AccessRequest, Refused
from records.fhir.issues import Gone, Issue, NotFound, Problem
from records.fhir.json import dump
from records.fhir.outcome import ABSENT
from records.interactions.ask import Ask, as_uuid, own_request, person_request
from records.models import BulkJob
from records.store import chunks

ACTIVE = (BulkJob.State.WAITING, BulkJob.State.RUNNING)
MOST_ACTIVE = 4  # jobs of one system at a time
KEPT = dt.timedelta(days=2)
UPLOAD = dt.timedelta(hours=12)  # the longest that one may take
SILENT = dt.timedelta(seconds=90)  # a running job without a sign of life is taken up by another process


class TooMany(Problem):
    kind = "too-many"


@dataclass(frozen=True, slots=True)
class Status:
    """Of a job: state, what to show while it runs, the manifest when it is done."""

    state: str
    progress: str
    manifest: bytes = b""
    says: str = ""


def start(ask: Ask, kind: BulkJob.Kind, asked: dict[str, Any], access: AccessRequest | None) -> BulkJob:
    """access: what the gate is asked before the job is taken; None where it is asked for each person when the job runs. Raises TooMany,
    Refused."""
    alive = Q(state__in=ACTIVE) | Q(state=BulkJob.State.TAKING, created_at__gt=timezone.now() - UPLOAD)
    if BulkJob.objects.filter(alive, client=ask.principal.id).count() >= MOST_ACTIVE:
        raise TooMany(Issue("throttled", f"{MOST_ACTIVE} jobs of this system are under way: wait for one, or delete it."))
    if access is not None:
        append(gate.enter(access).event)
    state = BulkJob.State.TAKING if kind == BulkJob.Kind.IMPORT else BulkJob.State.WAITING
    return BulkJob.objects.create(kind=kind, state=state, base=ask.base, hospital_id=ask.principal.hospital_id, client=ask.principal.id, root=ask.root, asked=asked)


def find(ask: Ask, job_id: str) -> BulkJob:
    """Only the system that asked for it finds a job. Raises NotFound."""
    key = as_uuid(job_id)
    job = BulkJob.objects.filter(pk=key, client=ask.principal.id, base=ask.base).first() if key else None
    if job is None:
        raise NotFound(ABSENT)
    return job


def status(ask: Ask, job_id: str) -> Status:
    job = find(ask, job_id)
    if job.kind == BulkJob.Kind.IMPORT:
        _, lines, good, bad = chunks.progress(job.pk)
        progress = f"{good + bad} of {lines} lines, {bad} refused"
    else:
        progress = f"{sum(f['count'] for f in job.files)} resources"
    if job.state in (*ACTIVE, BulkJob.State.TAKING):
        return Status(job.state, progress)
    return Status(job.state, progress, manifest(ask, job), job.says)


def manifest(ask: Ask, job: BulkJob) -> bytes:
    here = f"{ask.root}/{job.base}/_bulk/{job.pk}"

    def listed(kind: str) -> list[dict[str, Any]]:
        return [{"type": f["type"], "url": f"{here}/{i}", "count": f["count"], **({"extension": {"store": f["store"]}} if f.get("store") else {})}
                for i, f in enumerate(job.files) if f["kind"] == kind and f["count"]]

    out: dict[str, Any] = {
        "transactionTime": (job.as_of or job.created_at).isoformat(timespec="milliseconds"), "request": job.asked.get("request", ""),
        "requiresAccessToken": True, "output": listed("output"), "deleted": listed("deleted"), "error": listed("error")}
    if job.kind == BulkJob.Kind.IMPORT:
        _, lines, good, bad = chunks.progress(job.pk)
        out["extension"] = {"lines": lines, "taken": good, "refused": bad}
    return dump(out)


def delete(ask: Ask, job_id: str) -> None:
    """Stop and forget it; what an import has stored stays."""
    find(ask, job_id).delete()


@dataclass(frozen=True, slots=True)
class File:
    """A file of a finished job, to be sent from the byte `start` on."""

    job: UUID
    number: int
    size: int


def open_file(ask: Ask, job_id: str, number: str) -> File:
    """Raises NotFound; Gone where a patient's consent has changed since the file was made."""
    job = find(ask, job_id)
    if not number.isdecimal() or len(number) > 6 or int(number) >= len(job.files) or job.state != BulkJob.State.DONE:
        raise NotFound(ABSENT)
    if ask.hospital_id is not None:
        append(gate.enter(own_request(ask, EventCode.RECORD_EXPORT, f"$bulk/{job.pk}/{number}")).event)
    for person, epoch in job.persons.items():
        try:
            scope = gate.enter(person_request(ask, EventCode.RECORD_EXPORT, f"$bulk/{job.pk}/{number}", UUID(person)))
        except Refused:
            raise Gone(Issue("deleted", "What may be seen has changed since this file was made: export again.")) from None
        if scope.epoch != epoch:
            raise Gone(Issue("deleted", "What may be seen has changed since this file was made: export again."))
        append(scope.event)
    found = job.files[int(number)]
    return File(job.pk, found["file"], found["bytes"])


def content(found: File, first: int, last: int) -> Iterator[bytes]:
    """Its bytes from the first to the last one, both included."""
    for at, part in chunks.read(found.job, found.number, first):
        if at > last:
            return
        yield part[max(0, first - at) : last + 1 - at]


def take_up() -> BulkJob | None:
    """The next job that waits, or whose process went silent; it is now running. None: nothing to do."""
    now = timezone.now()
    for job in BulkJob.objects.filter(state__in=ACTIVE).order_by("created_at"):
        free = BulkJob.objects.filter(pk=job.pk, state=BulkJob.State.WAITING) if job.state == BulkJob.State.WAITING else BulkJob.objects.filter(pk=job.pk, beat_at__lt=now - SILENT)
        if free.update(state=BulkJob.State.RUNNING, beat_at=now):
            job.refresh_from_db()
            return job
    return None


def waiting() -> bool:
    """Whether a job waits, or lost its process."""
    old = Q(state=BulkJob.State.RUNNING, beat_at__lt=timezone.now() - SILENT)
    return BulkJob.objects.filter(Q(state=BulkJob.State.WAITING) | old).exists()


def beat(job: BulkJob) -> bool:
    """Tell that the job is alive; False where it was deleted, or its system or hospital was stopped."""
    return bool(BulkJob.objects.filter(pk=job.pk).update(beat_at=timezone.now())) and standing(job.client, "").active


def end(job: BulkJob, state: BulkJob.State, says: str = "") -> None:
    BulkJob.objects.filter(pk=job.pk).update(state=state, says=says[:300], finished_at=timezone.now(), files=job.files, persons=job.persons)


def expire() -> int:
    """Forget jobs that ended two days ago, and uploads that broke off; how many."""
    now = timezone.now()
    return BulkJob.objects.filter(Q(finished_at__lt=now - KEPT) | Q(state=BulkJob.State.TAKING, created_at__lt=now - UPLOAD)).delete()[0]


def asker(job: BulkJob) -> Ask:
    """The one who asked, as he stands now."""
    principal = standing(job.client, f"bulk-{job.pk}")
    return Ask(principal, job.base, None if job.base == "alliance" else job.hospital_id, job.root)
