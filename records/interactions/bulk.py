"""Bulk jobs: asked for over REST, carried out beside the site, polled, fetched, deleted (Bulk Data Access 2.0)."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from alliance.auth.scope_check import must_cover
from alliance.auth.scopes import EVERY, Need, parse
from alliance.services.clients import standing
from consent import gate
from consent.audit.append import append, append_about
from consent.audit.event import Event, EventCode
from consent.audit.query import OF_REQUEST
from consent.terms import AccessRequest, Refused
from records.fhir.issues import Gone, Issue, NotFound, Problem
from records.fhir.json import dump
from records.fhir.outcome import ABSENT
from records.interactions.ask import Ask, as_uuid, own_request, person_request
from records.models import BulkJob
from records.store import chunks

ACTIVE = (BulkJob.State.WAITING, BulkJob.State.RUNNING)
CALL = "xinglin_bulk"  # the channel on which the courier listens
LETTERS = {BulkJob.Kind.EXPORT: "rs", BulkJob.Kind.IMPORT: "cu"}  # scopes that a job takes of each type
MOST_ACTIVE, MOST_LONG = 20, 4  # jobs of one system at a time: of all, and of those that have taken longer than SOON already, or are imports
SOON = dt.timedelta(seconds=10)
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
    seconds: int = 1  # after which to ask again
    until: dt.datetime | None = None  # its files are there


def start(ask: Ask, kind: BulkJob.Kind, asked: dict[str, Any], access: AccessRequest | None) -> BulkJob:
    """access: what the gate is asked before the job is taken; None where it is asked for each person when the job runs. Raises TooMany,
    Refused."""
    now = timezone.now()
    alive = BulkJob.objects.filter(Q(state__in=ACTIVE) | Q(state=BulkJob.State.TAKING, created_at__gt=now - UPLOAD), client=ask.principal.id)
    for found, most in ((alive, MOST_ACTIVE), (alive.filter(Q(kind=BulkJob.Kind.IMPORT) | Q(created_at__lt=now - SOON)), MOST_LONG)):
        if found.count() >= most:
            raise TooMany(Issue("throttled", f"{most} jobs of this system are under way: wait for one, or delete it."))
    if access is not None:
        append(gate.enter(access).event)
    state = BulkJob.State.TAKING if kind == BulkJob.Kind.IMPORT else BulkJob.State.WAITING
    job = BulkJob.objects.create(kind=kind, state=state, base=ask.base, hospital_id=ask.principal.hospital_id, client=ask.principal.id, root=ask.root, asked=asked,
                                 scopes=str(ask.principal.grant))
    if state == BulkJob.State.WAITING:
        wake()
    return job


def wake() -> None:
    """Tell the courier that a job waits, so that it need not look for one."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CALL}")


def find(ask: Ask, job_id: str) -> BulkJob:
    """Only the system that asked for it finds a job. Raises NotFound; Forbidden for a token that does not cover what the job was asked for with."""
    key = as_uuid(job_id)
    job = BulkJob.objects.filter(pk=key, client=ask.principal.id, base=ask.base).first() if key else None
    if job is None:
        raise NotFound(ABSENT)
    must_cover(ask.principal, needed(job))
    return job


def needed(job: BulkJob) -> Need:
    """What all of a job takes: of the types that were asked for, or of all that its token covered."""
    letters = LETTERS[BulkJob.Kind(job.kind)]
    covered = parse(job.scopes).types(letters)
    return Need(letters, types_of(job.asked) or tuple(sorted({EVERY} if covered is None else covered)))


def types_of(asked: dict[str, Any]) -> tuple[str, ...]:
    """The types that are asked for by name, with that of what comes along; none where all are."""
    return (*asked["types"], *(["Provenance"] if asked.get("provenance") else [])) if asked["types"] else ()


def told(job: BulkJob) -> list[Issue]:
    """What was left out of the request, because it was not understood."""
    return [Issue(code, says, where, "warning") for code, says, where in job.asked.get("told", [])]


def status(ask: Ask, job_id: str) -> Status:
    job = find(ask, job_id)
    if job.kind == BulkJob.Kind.IMPORT:
        _, lines, good, bad = chunks.progress(job.pk)
        progress = f"{good + bad} of {lines} lines, {bad} refused"
    else:
        progress = f"{sum(f['count'] for f in job.files)} resources"
    if job.state in (*ACTIVE, BulkJob.State.TAKING):
        return Status(job.state, progress, seconds=max(1, min(30, int((timezone.now() - job.created_at).total_seconds() / 5))))
    return Status(job.state, progress, manifest(ask, job), job.says, until=job.finished_at and job.finished_at + KEPT)


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
    """Stop and forget it; what an import has stored stays. First no process begins another chunk; those that were begun end; then the job goes: who held the
    job, and waited for chunks, would meet those who hold a chunk and wait for the job."""
    job = find(ask, job_id)
    BulkJob.objects.filter(pk=job.pk, state__in=ACTIVE).update(state=BulkJob.State.FAILED, finished_at=timezone.now())
    with transaction.atomic():
        chunks.hold(job.pk)
        job.delete()


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
    found = job.files[int(number)]
    need = needed(job)
    if ask.hospital_id is not None:
        hand_out(job, found, gate.enter(own_request(ask, EventCode.RECORD_EXPORT, f"$bulk/{job.pk}/{number}", need=need)).event)
    for person, epoch in job.persons.items():
        try:
            scope = gate.enter(person_request(ask, EventCode.RECORD_EXPORT, f"$bulk/{job.pk}/{number}", UUID(person), need=need))
        except Refused:
            raise Gone(Issue("deleted", "What may be seen has changed since this file was made: export again.")) from None
        if scope.epoch != epoch:
            raise Gone(Issue("deleted", "What may be seen has changed since this file was made: export again."))
        append(scope.event)
    return File(job.pk, found["file"], found["bytes"])


def hand_out(job: BulkJob, found: dict[str, Any], event: Event) -> None:
    """The line in the audit log of a file that leaves. The first time it says whom the file is about, as the lines say that were written when it was made;
    a part of it again, or the whole, is a line that names the file alone: whoever asks for it byte by byte writes no row a person for each."""
    if found.get("left"):
        append(event)
        return
    append_about(event, OF_REQUEST, {"by": event.actor, "request": f"bulk-{job.pk}", "since": job.created_at, "kind": found["type"] if found["kind"] == "output" else ""})
    found["left"] = True
    BulkJob.objects.filter(pk=job.pk).update(files=job.files)


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
    """Tell that the job is alive; False where it is being deleted, or its system or hospital was stopped."""
    job.trying_at = timezone.now()  # whether it is stored nobody knows where the line breaks in it
    alive = BulkJob.objects.filter(pk=job.pk, state=BulkJob.State.RUNNING).update(beat_at=job.trying_at)
    job.beat_at = job.trying_at
    return bool(alive) and standing(job.client, "", job.scopes).active


def still_mine(job: BulkJob) -> bool:
    """After the database was away: whether nobody else has taken the job up meanwhile. An import is worked on by several, each on chunks of its own."""
    running = BulkJob.objects.filter(pk=job.pk, state=BulkJob.State.RUNNING)
    if job.kind == BulkJob.Kind.EXPORT:
        running = running.filter(beat_at__in=[job.beat_at, job.trying_at or job.beat_at])
    job.beat_at = timezone.now()
    return bool(running.update(beat_at=job.beat_at))


def end(job: BulkJob, state: BulkJob.State, says: str = "") -> None:
    BulkJob.objects.filter(pk=job.pk).update(state=state, says=says[:300], finished_at=timezone.now(), files=job.files, persons=job.persons)


def expire() -> int:
    """Forget jobs that ended two days ago, and uploads that broke off; how many."""
    now = timezone.now()
    return BulkJob.objects.filter(Q(finished_at__lt=now - KEPT) | Q(state=BulkJob.State.TAKING, created_at__lt=now - UPLOAD)).delete()[0]


def asker(job: BulkJob) -> Ask:
    """The one who asked, as he stands now."""
    principal = standing(job.client, f"bulk-{job.pk}", job.scopes)
    return Ask(principal, job.base, None if job.base == "alliance" else job.hospital_id, job.root)
