"""Take a batch: do it at once and give its receipt, or store it and do it in its turn. The same
batch again gets the same bytes.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from alliance.auth.errors import Forbidden
from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import NO_SCOPE_NEED, covers_grant, parse_scopes
from alliance.database.epoch import fetch_epochs
from consent import gate
from consent.audit.append import append_event
from consent.audit.event import EventCode
from records.bulk.bulk_jobs import notify_worker
from records.fhir.json_codec import dump_json, parse_json
from records.interactions.write import request_write_access
from records.requests.fhir_request import FhirRequest, request_own_access
from records.sync import streams
from records.sync.batch_lines import Batch, parse_batch
from records.sync.item_run import NotHopeful, Raced
from records.sync.prepare_item import PreparedItem, prepare_item
from records.sync.run_batch import BatchWork, list_scope_needs, run_batch
from records.sync.streams import BatchRow, StoredBatch, Stream
from records.sync.sync_error import SyncError
from records.sync.together import execute_together

TRIES = 4  # where others make the same records at the same time
SMALL = 20  # items of a batch that is done at once whatever else is under way
MOST_QUEUED, MOST_QUEUED_BYTES = 2_000, 1024 * 1024 * 1024  # of a hospital
ITEMS_A_SECOND = 500  # for the time after which to ask again


@dataclass(frozen=True, slots=True)
class TakenBatch:
    """answer: b"" while it waits; seconds: after which to ask again."""

    stream: str
    number: int
    answer: bytes = b""
    seconds: int = 1


def take_batch(fhir_request: FhirRequest, data: bytes, *, later: bool = False) -> TakenBatch:
    """later: the sender need not wait. Raises SyncError, Forbidden, Refused."""
    batch = parse_batch(data)
    for need in list_scope_needs(batch.items):
        check_token_scopes(fhir_request.principal, need)
    later = later or settings.SYNC_AT_ONCE == 0
    if later or len(batch.items) > SMALL:  # looking at many items is dear: are they to be done now?
        found = streams.find_stream(fhir_request.principal.id, batch.header.stream)
        later = later or bool(found and (found.waits or found.next != batch.header.number))
    if (
        not later and len(batch.items) > SMALL
    ):  # outside a transaction a place is given back at once
        later = not streams.take_slot(settings.SYNC_AT_ONCE)
    items = None if later else prepare_items(fhir_request, batch)
    hopeful = items is not None and len(items) == 1
    for _ in range(TRIES):
        try:
            return take_once(fhir_request, batch, data, items, hopeful=hopeful)
        except Raced:
            continue
        except NotHopeful:
            hopeful = False
    raise SyncError("busy", seconds=1)


def prepare_items(fhir_request: FhirRequest, batch: Batch) -> list[PreparedItem]:
    return [prepare_item(fhir_request, place, item) for place, item in enumerate(batch.items)]


def take_once(
    fhir_request: FhirRequest,
    batch: Batch,
    data: bytes,
    items: list[PreparedItem] | None,
    *,
    hopeful: bool,
) -> TakenBatch:
    """items: None where the batch is not done at once. hopeful: as run_batch has it."""
    header, principal = batch.header, fhir_request.principal
    access = request_write_access(
        fhir_request,
        EventCode.BATCH_PUSH,
        f"batches/{header.stream}/{header.number}",
        NO_SCOPE_NEED,
    )
    with gate.audited_write(access) as (scope, written):
        stream = streams.find_stream(principal.id, header.stream, lock=True)
        if stream is None and header.number == 1:
            stream = streams.create_stream(principal.hospital_id, principal.id, header.stream)
            if stream is None:
                raise SyncError("streams", most=streams.MOST_STREAMS, seconds=60)
        check_number(stream, header.number)
        assert stream is not None
        if header.number < stream.next:
            return answer_again(fhir_request, stream, batch)
        work = BatchWork(stream, header, str(principal.grant), len(data), is_new=True)
        if (
            items is not None
            and not stream.waits
            and (len(items) <= SMALL or streams.take_slot(settings.SYNC_AT_ONCE))
        ):
            answer = run_batch(fhir_request, scope, written, work, items, hopeful=hopeful)
            return TakenBatch(header.stream, header.number, answer)
        store_for_later(fhir_request, work, data)
    notify_worker()
    return TakenBatch(header.stream, header.number, seconds=guess_seconds(stream, header.items))


def check_number(stream: Stream | None, number: int) -> None:
    """Raises SyncError where a batch before this one has not come, or was lost by a restore."""
    expected = stream.next if stream else 1
    if number > expected:
        reason = "epoch" if was_restored(stream) else "gap"
        raise SyncError(reason, {"next": expected}, next=expected, number=number)


def was_restored(stream: Stream | None) -> bool:
    """Whether batches of this stream may have been lost by a restore from a backup."""
    taken = stream.taken_at.strftime("%Y%m%d%H%M%S%f") if stream and stream.taken_at else ""
    return any(step.lost and step.began > taken for step in fetch_epochs()[0])


def answer_again(fhir_request: FhirRequest, stream: Stream, batch: Batch) -> TakenBatch:
    """The bytes that were given. Raises SyncError where it is another batch."""
    header = batch.header
    known = streams.find_batch(stream.id, header.number)
    assert known is not None, "numbers have no gap"
    if known.root.hex() != header.root:
        raise SyncError("other-root", describe_first(fhir_request, known), number=header.number)
    if known.done_at is None:
        return TakenBatch(header.stream, header.number, seconds=guess_seconds(stream, known.items))
    return TakenBatch(header.stream, header.number, known.content)


def describe_first(fhir_request: FhirRequest, known: StoredBatch) -> dict[str, Any]:
    """The first one's receipt, where there is one by now and the token covers what it was sent
    with.
    """
    may_read = covers_grant(fhir_request.principal.grant, parse_scopes(known.scopes))
    if known.done_at is None or not may_read:
        return {"receipt": None, "root": known.root.hex()}
    answer = parse_json(known.content)
    return {name: answer[name] for name in ("receipt", "signature", "key")}


def store_for_later(fhir_request: FhirRequest, work: BatchWork, data: bytes) -> None:
    """Raises SyncError where too much waits already."""
    principal = fhir_request.principal
    waiting, size = streams.measure_queue(principal.hospital_id)
    if waiting >= MOST_QUEUED or size + work.size > MOST_QUEUED_BYTES:
        raise SyncError("queue", waiting=waiting, seconds=30)
    head = {
        "root": fhir_request.root,
        "address": principal.address,
        "request": principal.request_id,
    }
    row = BatchRow(
        work.stream,
        work.header.number,
        work.scopes,
        work.header.items,
        work.header.root,
        work.size,
        dump_json(head) + b"\n" + data,
        is_done=False,
    )
    execute_together(streams.list_batch_writes(row, principal.id, is_new=True))


def guess_seconds(stream: Stream, items: int) -> int:
    return max(1, min(30, (stream.next - stream.done) * items // ITEMS_A_SECOND))


def get_batch(fhir_request: FhirRequest, stream_name: str, number: int) -> TakenBatch:
    """Of the system that sent it, with a token that may do what the sender's might. Raises
    SyncError, Forbidden.
    """
    principal = fhir_request.principal
    stream = streams.find_stream(principal.id, stream_name)
    known = streams.find_batch(stream.id, number) if stream else None
    if stream is None or known is None:
        expected = stream.next if stream else 1
        reason = "epoch" if number > expected and was_restored(stream) else "unknown"
        raise SyncError(reason, {"next": expected}, next=expected)
    if not covers_grant(principal.grant, parse_scopes(known.scopes)):
        message = (
            f"The token does not cover what the batch was sent with: {known.scopes}. Ask POST"
            " /oauth/token for it."
        )
        raise Forbidden("scope", message)
    if known.done_at is None:
        return TakenBatch(stream_name, number, seconds=guess_seconds(stream, known.items))
    append_event(
        gate.authorize_access(
            request_own_access(
                fhir_request,
                EventCode.BATCH_READ,
                f"batches/{stream_name}/{number}",
                need=NO_SCOPE_NEED,
            )
        ).event
    )
    return TakenBatch(stream_name, number, known.content)


def get_stream(fhir_request: FhirRequest, stream_name: str) -> dict[str, Any]:
    """Which number comes next, and how many wait for their turn."""
    stream = streams.find_stream(fhir_request.principal.id, stream_name)
    expected, done = (stream.next, stream.done) if stream else (1, 0)
    return {"stream": stream_name, "next": expected, "waiting": expected - 1 - done}
