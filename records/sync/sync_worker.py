"""The processes that do batches which were taken for later: of each stream the first, until none
has come for a while; and letters whose wait is over without a batch of sync.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace

from django.db import Error, transaction

from alliance.auth.principal import Principal
from alliance.auth.scopes import NO_SCOPE_NEED
from alliance.database.connections import drop_dead_connections
from alliance.encryption.master_key import KeyNotFound
from alliance.platform.database_away import close_connections, find_away_cause, find_retryable_cause
from alliance.services.clients import client_principal
from consent import gate
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from records.fhir.json_codec import parse_json
from records.interactions.write import request_write_access
from records.requests.fhir_request import FhirRequest
from records.store.codec import UnreadableBody
from records.sync import streams
from records.sync.batch_lines import BatchHeader, SyncItem, parse_batch
from records.sync.fault import make_fault
from records.sync.item_run import Raced
from records.sync.new_letters import NewLetter, insert_letters
from records.sync.prepare_item import PreparedItem
from records.sync.run_batch import BatchWork, finish, may_do, run_batch
from records.sync.streams import StoredBatch, Stream
from records.sync.take_batch import prepare_items
from records.sync.version_guard import ItemOutcome
from records.sync.waiting_letters import find_ready_letters, retry_ready_letters

log = logging.getLogger("xinglin.sync")
PAUSE, LINGER_SECONDS = 0.05, 3.0  # seconds between looks; without any before the process ends
LETTERS_EVERY = 10.0  # seconds between looks at letters whose wait may be over
AWAY, PATIENCE = 1.0, 600.0  # seconds: before a database that is away is asked again; at most


def run_sync(linger: float = 0.0) -> int:
    """Do batches and letters until none has come for `linger` seconds; how many were done."""
    count, last = 0, time.monotonic()
    while True:
        done = try_next()
        count += done or 0
        if done:
            last = time.monotonic()
        elif done is None and time.monotonic() - last >= linger:
            return count
        if not done:
            time.sleep(PAUSE)


def try_next() -> int | None:
    """How many were done; 0: one was tried, and is tried again; None: there is none to do. Waits
    for a database that is away; raises where it stays so.
    """
    limit = time.monotonic() + PATIENCE
    while True:
        drop_dead_connections()
        try:
            begun = streams.begin_waiting_batch()
            if begun is None:
                return retry_ready_letters() or None
            return try_batch(*begun)
        except Error as error:
            if not find_away_cause(error) or time.monotonic() > limit:
                raise
            log.warning("SYNC503 the database is away: %s", find_away_cause(error))
            close_connections()
            time.sleep(AWAY)


def try_batch(stream_id: int, number: int, tries: int) -> int:
    """Whether it was done. One that nobody can do holds up its own stream alone."""
    try:
        return int(run_waiting_batch(stream_id, number))
    except Exception as error:
        if find_away_cause(error) or isinstance(error, KeyNotFound):
            raise
        if not isinstance(error, Raced) and not find_retryable_cause(error):
            log.exception("SYNC500 batch %s of stream %s failed", number, stream_id)
        time.sleep(PAUSE * min(tries, 40))
        return 0


def run_waiting_batch(stream_id: int, number: int) -> bool:
    """In one transaction with its receipt: a crash undoes both, and never does it twice."""
    with transaction.atomic():
        stream = streams.lock_stream(stream_id)
        if stream is None or stream.done + 1 != number or not stream.waits:
            return False
        stored = streams.find_batch(stream_id, number)
        if stored is None or stored.done_at is not None:
            return False
        run_stored_batch(stream, stored)
    return True


def run_stored_batch(stream: Stream, stored: StoredBatch) -> None:
    try:
        head_line, _, data = stored.content.partition(b"\n")
    except UnreadableBody:
        refuse_altered(stream, stored)
        return
    head, batch = parse_json(head_line), parse_batch(data)
    principal = replace(
        client_principal(stored.client, head["request"], stored.scopes), address=head["address"]
    )
    work = BatchWork(stream, batch.header, stored.scopes, len(data), is_new=False)
    if not principal.active or principal.hospital_id != stored.hospital_id:
        fhir_request = FhirRequest(principal, principal.hospital, stored.hospital_id, head["root"])
        refuse_batch(fhir_request, work, "rights.ended", batch.items)
        return
    fhir_request = FhirRequest(principal, principal.hospital, principal.hospital_id, head["root"])
    items = prepare_items(fhir_request, batch)
    for prepared in items:
        refuse_outside_scopes(principal, prepared)
    access = request_write_access(
        fhir_request,
        EventCode.BATCH_PUSH,
        f"batches/{stream.name}/{stored.number}",
        NO_SCOPE_NEED,
    )
    with gate.audited_write(access) as (scope, written):
        run_batch(fhir_request, scope, written, work, items)


def refuse_outside_scopes(principal: Principal, prepared: PreparedItem) -> None:
    """The system may be granted less by now than when it sent it."""
    if not prepared.faults and not may_do(principal, prepared.item):
        prepared.faults = [make_fault("rights.scope", detail=prepared.item.type)]


def refuse_altered(stream: Stream, stored: StoredBatch) -> None:
    principal = client_principal(stored.client, f"sync-{stream.id}", stored.scopes)
    header = BatchHeader(stream.name, stored.number, stored.items, stored.root.hex())
    refuse_batch(
        FhirRequest(principal, principal.hospital, stored.hospital_id),
        BatchWork(stream, header, stored.scopes, 0, is_new=False),
        "server.altered",
    )


def refuse_batch(
    fhir_request: FhirRequest, work: BatchWork, rule: str, items: Sequence[SyncItem] = ()
) -> None:
    """Of a batch that cannot be done at all the receipt says so of each item. items: where they can
    be read, each is kept as a letter, which is replayed once the system may go on.
    """
    places = range(work.header.items)
    append_event(
        AuditEvent.from_principal(
            fhir_request.principal,
            EventCode.BATCH_PUSH,
            outcome=AuditOutcome.REFUSED,
            reason=rule,
            target=f"{fhir_request.base}/batches/{work.header.stream}/{work.header.number}",
        )
    )
    stream = work.stream
    letters = insert_letters(
        [NewLetter(place, item, [make_fault(rule)]) for place, item in enumerate(items)],
        hospital_id=stream.hospital_id,
        client=stream.client,
        scopes=work.scopes,
        stream_id=stream.id,
        number=work.header.number,
    )
    finish(
        fhir_request,
        work,
        dict.fromkeys(places, ItemOutcome.REFUSED),
        {place: [make_fault(rule)] for place in places},
        letters,
    )


class WaitingWork:
    """How much waits; letters are looked at now and then."""

    def __init__(self) -> None:
        self.looked_at = float("-inf")

    def count(self) -> int:
        """Streams in which batches wait, and one more for letters whose wait is over."""
        found = streams.count_waiting_streams()
        if not found and time.monotonic() - self.looked_at > LETTERS_EVERY:
            self.looked_at = time.monotonic()
            found += bool(find_ready_letters(most=1))
        return found
