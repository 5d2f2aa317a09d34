"""$export of a member's store, its patients, a group, or of persons as shared (Bulk Data Access 2.0 #export)."""

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from alliance.auth.scope_check import must_cover
from alliance.auth.scopes import Need
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Refused, Scope
from records.fhir import outcome
from records.fhir.issues import Issue, NotFound, NotSupported
from records.fhir.json import dump, parse
from records.fhir.references import target
from records.fhir.types import TYPES
from records.interactions import bulk, read
from records.interactions.ask import Ask, as_uuid, own_request, person_request
from records.interactions.export_asked import Pairs, understood
from records.interactions.persons import golden_record
from records.interactions.type_filter import by_type, named
from records.models import BulkJob
from records.mpi import sources
from records.search.view import WHOLE, View, elements
from records.store import chunks, clock, export, record
from records.store.export import PROVENANCE
from records.store.rows import Row

PAGE = 1000  # resources
CHUNK = 4 * 1024 * 1024  # bytes of NDJSON
SLACK = dt.timedelta(seconds=30)  # the longest that a writer takes between the beginning of his transaction, whose time his rows have, and his last row
PATIENCE = 600.0  # seconds for writers that began before
MOST_PERSONS = 200


def ask_for(ask: Ask, level: str, group: str, pairs: Pairs, address: str, lenient: bool = False) -> BulkJob:
    """level: "system", "patient" or "group"; lenient: what is not understood is left out, and told in the manifest. Raises Problem for what cannot be served."""
    asked = understood(ask, pairs, lenient) | {"level": level, "group": group, "request": address}
    need = Need(bulk.LETTERS[BulkJob.Kind.EXPORT], bulk.types_of(asked))
    must_cover(ask.principal, need)
    if asked["provenance"]:
        must_cover(ask.principal, Need(need.letters, (PROVENANCE,)))
    if ask.hospital_id is None and (level != "patient" or not 0 < len(asked["patients"]) <= MOST_PERSONS):
        raise NotSupported(Issue("not-supported", f"The shared record is exported by persons: Patient/$export with 1 to {MOST_PERSONS} patient=<person id>."))
    if level == "group":
        read.read(ask, "Group", group)  # NotFound
    if level == "system" and asked["patients"]:
        raise NotSupported(Issue("not-supported", "Parameter patient belongs to Patient/$export and Group/[id]/$export."))
    detail = ",".join([*asked["types"], *map(named, asked["filters"])])[:200]
    access = own_request(ask, EventCode.RECORD_EXPORT, f"$export/{level}", detail=detail, need=need) if ask.hospital_id is not None else None
    return bulk.start(ask, BulkJob.Kind.EXPORT, asked, access)


def run(job: BulkJob) -> None:
    """Write all files; begun anew where an earlier process broke off."""
    ask = bulk.asker(job)
    chunks.drop(job.pk)
    job.files, job.persons = [], {}
    job.as_of = clock.passed() - SLACK
    BulkJob.objects.filter(pk=job.pk).update(as_of=job.as_of)
    before, limit, pause = chunks.newest_transaction(), time.monotonic() + PATIENCE, 0.01
    while not chunks.settled(before):
        if time.monotonic() > limit or not bulk.beat(job):
            return bulk.end(job, BulkJob.State.FAILED, "A writer of this database has been at work for too long: try again later.")
        time.sleep(pause)
        pause = min(1.0, 2 * pause)
    for kind, type_name, store, bodies in (own(ask, job) if ask.hospital_id is not None else shared(ask, job)):
        if not write(job, kind, type_name, store, bodies):
            return None  # deleted, or its system was stopped
    return bulk.end(job, BulkJob.State.DONE)


File = tuple[str, str, str, Iterator[bytes]]  # kind, type, store, lines
Files = Iterator[File]


def own(ask: Ask, job: BulkJob) -> Files:
    asked = job.asked
    since, types, level = since_of(job), asked["types"] or list(TYPES), asked["level"]
    scope = gate.enter(own_request(ask, EventCode.RECORD_EXPORT, "$export", need=bulk.needed(job)))
    patients, told = about(ask, scope, job)
    filters = by_type(ask, asked.get("filters", []))
    brought = [export.Wanted(name, since, patients, filters.get(name, ())) for name in export.present(scope, types)
               if level == "system" or patients is not None or name == "Patient" or TYPES[name].subject_params]
    for wanted in brought if not asked.get("provenance") else [w for w in brought if w.type_name != PROVENANCE]:
        yield output(scope, job, wanted, wanted.type_name)
    if of := asked.get("provenance"):
        besides = next((w for w in brought if w.type_name == PROVENANCE and of == "relevant"), None)
        yield output(scope, job, export.Origins(tuple(w for w in brought if w.type_name != PROVENANCE), of == "latest", besides), PROVENANCE)
    if since is not None and level == "system":
        yield "deleted", "Bundle", "", (removal(r) for r in paged(lambda after: export.gone(scope, since, types, after, PAGE)))
    yield "error", "OperationOutcome", "", faults([*bulk.told(job), *told])


def since_of(job: BulkJob) -> dt.datetime | None:
    return dt.datetime.fromisoformat(job.asked["since"]) if job.asked["since"] else None


def output(scope: Scope, job: BulkJob, wanted: export.Wanted | export.Origins, type_name: str) -> File:
    """One file of an own store."""
    one, shown = replace(scope, event=scope.event.but(detail=type_name)), view_of(job, type_name)
    return "output", type_name, "", (shown(r.body) for r in paged(lambda after: export.page(one, wanted, after, PAGE, named=False)))


def view_of(job: BulkJob, type_name: str) -> View:
    """What _elements leaves of each resource: those of its type, and those that are said of none."""
    names = job.asked.get("elements")
    return elements([n for n in names if "." not in n or n.startswith(f"{type_name}.")]) if names else WHOLE


def faults(issues: Sequence[Issue]) -> Iterator[bytes]:
    return (dump(outcome.outcome(i)) for i in issues)


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


def about(ask: Ask, scope: Scope, job: BulkJob) -> tuple[tuple[int, ...] | None, list[Issue]]:
    """Rows of the index whom the export is about, None for everybody; and whom of those that were asked for it leaves out."""
    asked = ids = set(job.asked["patients"])
    if job.asked["level"] == "group":
        group = parse(read.read(ask, "Group", job.asked["group"]).body)
        members = {m[1] for x in group.get("member", []) if not x.get("inactive") and (m := target(str((x.get("entity") or {}).get("reference")))) and m[0] == "Patient"}
        ids = members & asked if asked else members
    elif not asked:
        return None, []
    found = sources.look_up(ask.hospital_id or 0, ids)
    where = "in the Group, or in this store" if job.asked["level"] == "group" else "in this store"
    return tuple(k.id for k in found.values()), [Issue("not-found", f"Patient/{i[:64]} is not {where}.", "patient", "warning") for i in sorted(asked - set(found))]


def shared(ask: Ask, job: BulkJob) -> Files:
    """Of each person what the gate lets through now: the golden record, and the rows of each store in files of their own, for an id means
    something only in its store."""
    since, filters = since_of(job), by_type(ask, job.asked.get("filters", []))
    scopes: list[Scope] = []
    told = bulk.told(job)
    goldens: list[bytes] = []
    for text in job.asked["patients"]:
        person = as_uuid(text)
        try:
            scope = gate.enter(person_request(ask, EventCode.RECORD_EXPORT, "Patient/$export", person, need=bulk.needed(job)))
        except (Refused, NotFound):
            told.append(Issue("not-found", f"Patient/{text[:64]}: there is no such person here, or nothing of them is shared with you."))
            continue
        job.persons[str(person)] = scope.epoch
        scopes.append(scope)
        if rows := record.sections(scope, {"Patient": 50}):
            goldens.append(golden_record(ask, UUID(text), rows))
    wanted = job.asked["types"] or list(TYPES)
    if "Patient" in wanted:
        yield "output", "Patient", f"{ask.root}/alliance", map(view_of(job, "Patient"), goldens)
    for name in wanted:
        chosen = export.Wanted(name, since, None, filters.get(name, ()))
        by_store: dict[str, list[bytes]] = {}
        for scope in scopes:
            for r in paged(lambda after, s=scope, w=chosen: export.page(s, w, after, PAGE, named=True)):
                by_store.setdefault(r.hospital, []).append(r.body)
        for store, bodies in sorted(by_store.items()):
            yield "output", name, f"{ask.root}/{store}", map(view_of(job, name), bodies)
    yield "error", "OperationOutcome", "", faults(told)


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
