"""$export of a member's store, its patients, a group, or of persons as shared (Bulk Data Access 2.0 #export)."""

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils import timezone

from alliance.config.dates import span
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Refused, Scope
from records.fhir import outcome
from records.fhir.issues import Issue, Malformed, NotFound, NotSupported
from records.fhir.json import dump, parse
from records.fhir.parameters import told
from records.fhir.references import target
from records.fhir.types import TYPES
from records.interactions import bulk, read
from records.interactions.ask import Ask, as_uuid, own_request, person_request
from records.interactions.persons import golden_record
from records.models import BulkJob
from records.mpi import sources
from records.store import chunks, export, record
from records.store.rows import Row

PAGE = 1000  # resources
CHUNK = 4 * 1024 * 1024  # bytes of NDJSON
SLACK = dt.timedelta(seconds=30)  # the longest that a writer takes between his time stamp and his first row
PATIENCE = 600.0  # seconds for writers that began before
MOST_PERSONS = 200
FORMATS = ("application/fhir+ndjson", "application/ndjson", "ndjson")
Pairs = list[tuple[str, str]]


def ask_for(ask: Ask, level: str, group: str, pairs: Pairs, address: str) -> BulkJob:
    """level: "system", "patient" or "group". Raises Problem for what cannot be served."""
    asked: dict[str, Any] = {"level": level, "group": group, "types": [], "patients": [], "since": None, "request": address}
    for name, value in pairs:
        if name == "_since":
            try:
                asked["since"] = span(value.replace(" ", "+"))[0].isoformat()
            except ValueError as error:
                raise Malformed(Issue("value", f"Parameter _since: {error}.")) from error
        elif name == "_type":
            asked["types"] += types(value)
        elif name == "patient":
            asked["patients"] += [patient(v) for v in value.split(",")]
        elif name == "_outputFormat" and value not in FORMATS:
            raise NotSupported(Issue("not-supported", f"Parameter _outputFormat: only {FORMATS[0]} is written."))
        elif name not in ("_outputFormat", "_format"):
            raise NotSupported(Issue("not-supported", f"$export has no parameter {name!r}; it has _since, _type, patient and _outputFormat."))
    if ask.hospital_id is None and (level != "patient" or not 0 < len(asked["patients"]) <= MOST_PERSONS):
        raise NotSupported(Issue("not-supported", f"The shared record is exported by persons: Patient/$export with 1 to {MOST_PERSONS} patient=<person id>."))
    if level == "group":
        read.read(ask, "Group", group)  # NotFound
    if level == "system" and asked["patients"]:
        raise NotSupported(Issue("not-supported", "Parameter patient belongs to Patient/$export and Group/[id]/$export."))
    access = own_request(ask, EventCode.RECORD_EXPORT, f"$export/{level}", detail=",".join(asked["types"])[:200]) if ask.hospital_id is not None else None
    return bulk.start(ask, BulkJob.Kind.EXPORT, asked, access)


def types(value: str) -> list[str]:
    found = value.split(",")
    if wrong := [t for t in found if t not in TYPES]:
        raise NotSupported(Issue("not-supported", f"Parameter _type: {wrong[0][:60]!r} is not a resource type that is hosted here."))
    return found


def patient(text: str) -> str:
    local = target(text)
    if (local and local[0] != "Patient") or not text:
        raise Malformed(Issue("value", "Parameter patient: it is Patient/<id>."))
    return local[1] if local else text


def parameters(body: Any) -> Pairs:
    """The same parameters in a Parameters resource, for POST."""
    return [(name, str(value.get("reference") if isinstance(value, dict) else value)) for name, value in told(body)]


def run(job: BulkJob) -> None:
    """Write all files; begun anew where an earlier process broke off."""
    ask = bulk.asker(job)
    chunks.drop(job.pk)
    job.files, job.persons = [], {}
    job.as_of = timezone.now() - SLACK
    BulkJob.objects.filter(pk=job.pk).update(as_of=job.as_of)
    before, limit = chunks.newest_transaction(), time.monotonic() + PATIENCE
    while not chunks.settled(before):
        if time.monotonic() > limit or not bulk.beat(job):
            return bulk.end(job, BulkJob.State.FAILED, "A writer of this database has been at work for too long: try again later.")
        time.sleep(0.2)
    for kind, type_name, store, bodies in (own(ask, job) if ask.hospital_id is not None else shared(ask, job)):
        if not write(job, kind, type_name, store, bodies):
            return None  # deleted, or its system was stopped
    return bulk.end(job, BulkJob.State.DONE)


Files = Iterator[tuple[str, str, str, Iterator[bytes]]]  # kind, type, store, lines


def own(ask: Ask, job: BulkJob) -> Files:
    since = dt.datetime.fromisoformat(job.asked["since"]) if job.asked["since"] else None
    scope = gate.enter(own_request(ask, EventCode.RECORD_EXPORT, "$export"))
    patients = about(ask, scope, job)
    for name in export.present(scope, job.asked["types"] or list(TYPES)):
        if job.asked["level"] == "system" or patients is not None or name == "Patient" or TYPES[name].subject_params:
            detail = replace(scope, event=scope.event.but(detail=name))
            yield "output", name, "", (r.body for r in paged(lambda after, s=detail, n=name: export.page(s, n, since, patients, after, PAGE, named=False)))
    if since is not None and job.asked["level"] == "system":
        yield "deleted", "Bundle", "", (removal(r) for r in paged(lambda after: export.gone(scope, since, after, PAGE)))


def paged(fetch: Any) -> Iterator[Row]:
    after = None
    while True:
        found = fetch(after)
        yield from found
        if len(found) < PAGE:
            return
        after = (found[-1].last_updated, found[-1].rid)


def removal(row: Row) -> bytes:
    return dump({"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "DELETE", "url": f"{row.type_name}/{row.fhir_id}"}}]})


def about(ask: Ask, scope: Scope, job: BulkJob) -> list[int] | None:
    """Rows of the index whom the export is about; None for everybody."""
    ids = set(job.asked["patients"])
    if job.asked["level"] == "group":
        group = parse(read.read(ask, "Group", job.asked["group"]).body)
        members = {m[1] for x in group.get("member", []) if not x.get("inactive") and (m := target(str((x.get("entity") or {}).get("reference")))) and m[0] == "Patient"}
        ids = members & ids if ids else members
    elif not ids:
        return None
    return [k.id for k in sources.look_up(ask.hospital_id or 0, ids).values()]


def shared(ask: Ask, job: BulkJob) -> Files:
    """Of each person what the gate lets through now: the golden record, and the rows of each store in files of their own, for an id means
    something only in its store."""
    since = dt.datetime.fromisoformat(job.asked["since"]) if job.asked["since"] else None
    scopes: list[Scope] = []
    faults: list[bytes] = []
    goldens: list[bytes] = []
    for text in job.asked["patients"]:
        person = as_uuid(text)
        try:
            scope = gate.enter(person_request(ask, EventCode.RECORD_EXPORT, "Patient/$export", person))
        except (Refused, NotFound):
            faults.append(dump(outcome.outcome(Issue("not-found", f"Patient/{text[:64]}: there is no such person here, or nothing of him is shared with you."))))
            continue
        job.persons[str(person)] = scope.epoch
        scopes.append(scope)
        if rows := record.sections(scope, {"Patient": 50}):
            goldens.append(golden_record(ask, UUID(text), rows))
    wanted = job.asked["types"] or list(TYPES)
    if "Patient" in wanted:
        yield "output", "Patient", f"{ask.root}/alliance", iter(goldens)
    for name in wanted:
        by_store: dict[str, list[bytes]] = {}
        for scope in scopes:
            for r in paged(lambda after, s=scope, n=name: export.page(s, n, since, None, after, PAGE, named=True)):
                by_store.setdefault(r.hospital, []).append(r.body)
        for store, bodies in sorted(by_store.items()):
            yield "output", name, f"{ask.root}/{store}", iter(bodies)
    yield "error", "OperationOutcome", "", iter(faults)


def write(job: BulkJob, kind: str, type_name: str, store: str, bodies: Iterator[bytes]) -> bool:
    """One file, in chunks; False where the job is to stop."""
    number, seq, at, count = len(job.files), 0, 0, 0
    part: list[bytes] = []
    size = 0
    for body in bodies:
        part.append(body)
        size += len(body) + 1
        count += 1
        if size >= CHUNK:
            chunks.put(job.pk, job.hospital_id, number, seq, at, size, b"\n".join(part) + b"\n")
            seq, at, size, part = seq + 1, at + size, 0, []
            if not bulk.beat(job):
                return False
    if part:
        chunks.put(job.pk, job.hospital_id, number, seq, at, size, b"\n".join(part) + b"\n")
    if count:
        job.files.append({"file": number, "kind": kind, "type": type_name, "store": store, "count": count, "bytes": at + size})
        BulkJob.objects.filter(pk=job.pk).update(files=job.files)
    return bulk.beat(job)
