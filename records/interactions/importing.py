"""$import: NDJSON in one upload, taken in chunks by several processes, with a file of what was refused. What others refer to comes first, in whatever
order they were sent; each line stands for itself, and sending a file again changes what is there, never doubles it."""

import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction

from alliance.auth.errors import Forbidden
from alliance.auth.scope_check import must_cover
from alliance.auth.scopes import Need
from consent import gate
from consent.audit.event import EventCode
from records.fhir import outcome
from records.fhir.issues import Issue, Malformed, Problem, TooLarge, Unprocessable
from records.fhir.json import InvalidJson, dump, parse
from records.fhir.references import ID
from records.interactions import bulk
from records.interactions.ask import Ask, known_type
from records.interactions.filing import file
from records.interactions.import_order import group_of, ready
from records.interactions.item import Item
from records.interactions.write import request, valid
from records.models import BulkJob
from records.store import chunks
from records.store import write as store

LINES, BYTES = 500, 4 * 1024 * 1024  # of a chunk; no more patients than take turns side by side (mpi/register.py)
PUTTING = bulk.LETTERS[BulkJob.Kind.IMPORT]  # what a line takes of its type: it creates, or replaces
LONGEST = 32 * 1024 * 1024  # bytes of a line


def upload(ask: Ask, type_name: str, pieces: Iterable[bytes], address: str) -> BulkJob:
    """Store the lines of the body; the job is there, and will be done, once this returns. type_name: only resources of it, or "".

    Each chunk is a transaction of its own: a slow upload must not hold up the change feeds, which wait for the oldest transaction.
    """
    if type_name:
        known_type(type_name)
    types = (type_name,) if type_name else ()
    job = bulk.start(ask, BulkJob.Kind.IMPORT, {"types": types, "request": address}, request(ask, EventCode.RECORD_IMPORT, "$import", Need(PUTTING, types)))
    try:
        if not take_in(job, lines(pieces)):
            raise Malformed(Issue("required", "The body is empty: send one resource a line (application/fhir+ndjson)."))
    except BaseException:
        job.delete()
        raise
    BulkJob.objects.filter(pk=job.pk).update(state=BulkJob.State.WAITING)
    bulk.wake()
    return job


def take_in(job: BulkJob, found: Iterable[bytes]) -> bool:
    """Into chunks by group; whether there was anything."""
    groups: dict[int, list[bytes]] = {g: [] for g in (chunks.DIRECTORY, chunks.PATIENTS, chunks.REST)}
    sizes, seqs = dict.fromkeys(groups, 0), dict.fromkeys(groups, 0)

    def flush(group: int) -> None:
        if groups[group]:
            first = int(groups[group][0].split(b"\t", 1)[0])
            chunks.put(job.pk, job.hospital_id, group, seqs[group], first, len(groups[group]), b"\n".join(groups[group]))
            groups[group], sizes[group], seqs[group] = [], 0, seqs[group] + 1

    for number, line in enumerate(found, 1):
        if not line.strip():
            continue
        group = group_of(line)
        groups[group].append(b"%d\t%s" % (number, line))
        sizes[group] += len(line)
        if len(groups[group]) >= LINES or sizes[group] >= BYTES:
            flush(group)
    for group in groups:
        flush(group)
    return any(seqs.values())


def lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > LONGEST:
            raise TooLarge(Issue("too-long", f"A line is longer than {LONGEST // 1048576} MiB: NDJSON has one resource a line, without line breaks in it."))
    if rest:
        yield rest


def run(job: BulkJob) -> None:
    """Work on chunks until none is left; several processes may, and where one dies its chunk is taken by another."""
    ask = bulk.asker(job)
    while True:
        with transaction.atomic():
            got = chunks.claim(job.pk)
            if got is not None:
                take(ask, job, *got)
        if not bulk.beat(job):
            return
        if got is None:
            if not chunks.progress(job.pk)[0]:
                break
            time.sleep(0.1)  # others hold what is left, or the last of a file before the next
    with transaction.atomic():
        locked = BulkJob.objects.select_for_update().filter(pk=job.pk, state=BulkJob.State.RUNNING).first()
        if locked is not None:
            job.files = faults(job)
            bulk.end(job, BulkJob.State.DONE)


def faults(job: BulkJob) -> list[dict[str, Any]]:
    """The file of refused lines, now that it is known where each of its chunks begins."""
    parts = [content for _, content in chunks.read(job.pk, chunks.ERRORS)]
    chunks.drop(job.pk, chunks.ERRORS)
    at = 0
    for seq, part in enumerate(parts):
        chunks.put(job.pk, job.hospital_id, chunks.ERRORS, seq, at, len(part), part)
        at += len(part)
    return [{"file": chunks.ERRORS, "kind": "error", "type": "OperationOutcome", "store": "", "count": sum(p.count(b"\n") for p in parts), "bytes": at}] if parts else []


def take(ask: Ask, job: BulkJob, group: int, seq: int, content: bytes) -> None:
    """One chunk, in the transaction that marks it done: no crash can do it twice, or half."""
    good, bad = 0, []
    items: list[tuple[int, Item]] = []
    raw_lines = content.split(b"\n")
    for raw in raw_lines:
        number, _, line = raw.partition(b"\t")
        try:
            items.append((int(number), understood(ask, job, int(number), line)))
        except Problem as problem:
            bad.append(fault(int(number), problem))
    distinct: dict[tuple[str, str], tuple[int, Item]] = {(i.resource["resourceType"], i.fhir_id): (n, i) for n, i in items}
    superseded = len(items) - len(distinct)  # the same id again in one chunk: the last line counts
    rest, last = list(distinct.values()), group == chunks.LATER + chunks.ROUNDS - 1
    fit = rest if last else ready(gate.enter(request(ask, EventCode.RECORD_IMPORT, "$import", Need(PUTTING))), rest)
    waiting = {n for n, _ in rest} - {n for n, _ in fit}
    try:
        good += superseded + store_all(ask, fit)
    except Problem:
        for number, item in fit:  # one of them does not fit: each for itself, so that its neighbours are kept
            try:
                good += store_all(ask, [(number, item)])
            except Problem as problem:
                if problem.issues[0].code == "not-found" and not last:
                    waiting.add(number)
                else:
                    bad.append(fault(number, problem))
        good += superseded
    if bad:
        bad.sort()
        content = b"".join(dump(b) + b"\n" for _, b in bad)
        chunks.put(job.pk, job.hospital_id, chunks.ERRORS, unique(group, seq), 0, len(content), content)
    if waiting:
        left = [line for line in raw_lines if int(line.partition(b"\t")[0]) in waiting]
        later, place = (group + 1, seq) if group >= chunks.LATER else (chunks.LATER, unique(group, seq))
        chunks.put(job.pk, job.hospital_id, later, place, min(waiting), len(left), b"\n".join(left))
    chunks.finish(job.pk, group, seq, good, len(bad), len(waiting))


def unique(group: int, seq: int) -> int:
    """The place of a chunk among those of all files."""
    return seq * (chunks.ROUNDS + 3) + (group - chunks.LATER + 3 if group >= chunks.LATER else group + 1)


def understood(ask: Ask, job: BulkJob, number: int, line: bytes) -> Item:
    try:
        resource = parse(line)
    except InvalidJson as error:
        raise Malformed(Issue("structure", f"This line is not JSON: {error}.")) from error
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    valid(ask, name, resource)
    if job.asked["types"] and name not in job.asked["types"]:
        raise Malformed(Issue("value", f"This is a {name}; the import was asked for {job.asked['types'][0]} only.", "resourceType"))
    fhir_id = resource.get("id") or str(uuid.uuid5(job.pk, str(number)))
    if not ID.fullmatch(fhir_id):
        raise Malformed(Issue("value", "An id has 1 to 64 letters (A-Z, a-z), digits, hyphens or dots.", f"{name}.id"))
    return Item(resource, fhir_id)


def store_all(ask: Ask, items: list[tuple[int, Item]]) -> int:
    """Create or replace; in a transaction inside the caller's. Raises Problem."""
    if not items:
        return 0
    try:
        with gate.writing(request(ask, EventCode.RECORD_IMPORT, "$import", Need(PUTTING))) as (scope, written):
            must_cover(ask.principal, Need(PUTTING, tuple(i.resource["resourceType"] for _, i in items)))
            current = store.lock(scope, [(i.resource["resourceType"], i.fhir_id) for _, i in items])
            for _, item in items:
                row = current.get((item.resource["resourceType"], item.fhir_id))
                item.version, item.rid = (row[1] + 1, row[0]) if row else (1, 0)
            file(scope, written, [i for _, i in items])
    except Forbidden as refusal:
        if refusal.code != "scope":
            raise
        raise Unprocessable(Issue("forbidden", str(refusal))) from refusal
    return len(items)


def fault(number: int, problem: Problem) -> tuple[int, dict[str, Any]]:
    body = outcome.outcome(*(Issue(i.code, f"Line {number}: {i.says}", i.where, i.severity) for i in problem.issues))
    return number, body
