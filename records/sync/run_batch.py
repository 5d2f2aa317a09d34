"""Do a batch inside its transaction: the ledger, the records, the letters, the sums and the signed
receipt are there together, or none of them is.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError

from alliance.auth.principal import Principal
from alliance.auth.scopes import ScopeNeed
from consent import gate
from consent.terms import Scope
from records.requests.fhir_request import FhirRequest
from records.store.codec import UnreadableBody
from records.sync import dead_letters, digests, ledger, new_letters, receipt, streams
from records.sync.batch_lines import BatchHeader, ItemAction, SyncItem
from records.sync.dead_letters import DeadLetter, LetterState
from records.sync.describe_letters import describe_letters
from records.sync.fault import Fault
from records.sync.item_run import ItemRun, Raced, find_keys
from records.sync.new_letters import NewLetter
from records.sync.prepare_item import PreparedItem, prepare_item
from records.sync.recall import has_error_status
from records.sync.streams import BatchRow, Stream
from records.sync.together import Write, execute_together
from records.sync.version_guard import ItemOutcome

log = logging.getLogger("xinglin.sync")
MOST_WAITERS = 200  # letters that are done with the batch that brings what they wait for
LETTERS = {ItemAction.PUT: "cu", ItemAction.DELETE: "d"}


@dataclass(frozen=True, slots=True)
class BatchWork:
    """A batch on its way: size in bytes; is_new: it was not taken before."""

    stream: Stream
    header: BatchHeader
    scopes: str
    size: int
    is_new: bool


def scope_letters(action: ItemAction, type_name: str) -> str:
    """What an item takes of the token's scopes for its type."""
    return LETTERS.get(action) or ("u" if has_error_status(type_name) else "d")


def list_scope_needs(items: Sequence[SyncItem]) -> list[ScopeNeed]:
    types_by_letters: dict[str, set[str]] = {}
    for item in items:
        types_by_letters.setdefault(scope_letters(item.action, item.type), set()).add(item.type)
    return [ScopeNeed(letters, tuple(sorted(t))) for letters, t in sorted(types_by_letters.items())]


def may_do(acting: Principal, item: SyncItem) -> bool:
    return acting.active and acting.grant.allows(scope_letters(item.action, item.type), item.type)


def run_batch(
    fhir_request: FhirRequest,
    scope: Scope,
    written: gate.WriteLedger,
    work: BatchWork,
    items: Sequence[PreparedItem],
    *,
    hopeful: bool = False,
) -> bytes:
    """The answer, which is stored. The stream is locked. hopeful: of one item, as ItemRun has it.
    Raises Raced.
    """
    hospital_id, client = work.stream.hospital_id, work.stream.client
    rows, has_letters = ledger.lock_ledger_rows(hospital_id, find_keys(items))
    run = ItemRun(scope, written, rows, has_letters=has_letters, is_hopeful=hopeful)
    run.run(items)
    moved = -1
    while has_letters and moved != len(run.stored):
        moved = len(run.stored)
        run_waiters(fhir_request, run, hospital_id)
        run.do_waiting(items)
    outcomes = {p.place: run.outcomes[p.place] for p in items}
    faults = {place: found for place, found in run.faults.items() if place in outcomes}
    letters = [
        NewLetter(p.place, p.item, faults[p.place], run.waits.get(p.place, ()))
        for p in items
        if outcomes[p.place] in receipt.LEFT
    ]
    writes = list_run_writes(run, hospital_id, client, work.stream.id, work.header.number)
    if letters:  # after the older ones of the same record were settled
        execute_or_race(writes)
        writes = []
        letters = new_letters.insert_letters(
            letters,
            hospital_id=hospital_id,
            client=client,
            scopes=work.scopes,
            stream_id=work.stream.id,
            number=work.header.number,
        )
        for letter in letters:
            faults[letter.place] = list(letter.faults)
            if not letter.waits:
                outcomes[letter.place] = ItemOutcome.REFUSED
    return finish(fhir_request, work, outcomes, faults, letters, writes)


def finish(
    fhir_request: FhirRequest,
    work: BatchWork,
    outcomes: dict[int, ItemOutcome],
    faults: dict[int, list[Fault]],
    letters: Sequence[NewLetter],
    writes: Sequence[Write] = (),
) -> bytes:
    """Sign and store the answer, with what is still to be written. Raises Raced."""
    told = (
        describe_letters(
            work.stream.hospital_id,
            dead_letters.letters_of_batch(work.stream.id, work.header.number),
            {letter.place: letter.head for letter in letters},
        )
        if letters
        else []
    )
    answer = receipt.build_answer(
        receipt.build_receipt(
            work.header,
            platform=fhir_request.root.removesuffix("/fhir"),
            hospital=fhir_request.base,
            client=work.stream.client,
            outcomes=outcomes,
            faults=faults,
        ),
        told,
    )
    row = BatchRow(
        work.stream,
        work.header.number,
        work.scopes,
        work.header.items,
        work.header.root,
        work.size,
        answer,
        is_done=True,
        refused=sum(o is ItemOutcome.REFUSED for o in outcomes.values()),
        waiting=sum(o is ItemOutcome.WAITING for o in outcomes.values()),
    )
    batch = streams.list_batch_writes(row, work.stream.client, is_new=work.is_new)
    execute_or_race([*writes, *batch])
    return answer


def list_run_writes(
    run: ItemRun, hospital_id: int, client: str, stream_id: int, number: int
) -> list[Write]:
    """What a run has changed: letters that it mended, ledger, sums."""
    changes = run.changes
    mended = [(*after.key, after.version) for _, after in changes] if run.has_letters else []
    return [
        *dead_letters.list_settling_writes(hospital_id, mended, LetterState.MENDED),
        *ledger.list_ledger_writes(
            hospital_id,
            [after for before, after in changes if before is None],
            [after for before, after in changes if before is not None],
            stream_id=stream_id,
            number=number,
            client=client,
        ),
        *digests.list_digest_writes(hospital_id, stream_id, changes),
    ]


def execute_or_race(writes: Sequence[Write]) -> None:
    """Raises Raced where another transaction has made a record meanwhile."""
    try:
        execute_together(writes)
    except IntegrityError as error:
        raise Raced from error


def run_waiters(fhir_request: FhirRequest, run: ItemRun, hospital_id: int) -> None:
    """Letters that waited for what has just come, and for those that come of them."""
    while len(run.tried) < MOST_WAITERS and (new := run.stored - run.announced):
        run.announced |= new
        most = MOST_WAITERS - len(run.tried)
        ids = set(dead_letters.find_waiters(hospital_id, new, most)) - run.tried
        run.tried |= ids
        if ids:
            run_letters(fhir_request, run, dead_letters.lock_letters(hospital_id, ids))


def run_letters(
    fhir_request: FhirRequest, run: ItemRun, letters: Sequence[DeadLetter]
) -> dict[int, ItemOutcome]:
    """Try letters again, which are locked: {letter: what became of it}. Those that the principal
    may not do, or whose content was not kept, stay as they are.
    """
    items = []
    for letter in letters:
        if letter.is_unkept:
            continue
        try:
            item = letter.open_item()
        except UnreadableBody:
            log.error("SYNC500 letter %s was altered", letter.id)
            continue
        if may_do(fhir_request.principal, item):
            items.append(prepare_item(fhir_request, -letter.id, item))
    hospital_id = fhir_request.principal.hospital_id
    rows, _ = ledger.lock_ledger_rows(hospital_id, find_keys(items))
    run.rows |= {key: row for key, row in rows.items() if key not in run.rows}
    run.run(items)
    by_place = {-letter.id: letter for letter in letters}
    settled = []
    for prepared in items:
        if run.outcomes[prepared.place] in receipt.LEFT:
            new_letters.reopen_letter(
                by_place[prepared.place],
                NewLetter(
                    prepared.place,
                    prepared.item,
                    run.faults[prepared.place],
                    run.waits.get(prepared.place, ()),
                ),
            )
        else:
            row = run.rows[prepared.item.key]
            settled.append((*row.key, row.version))
    dead_letters.settle_letters(hospital_id, settled, LetterState.MENDED)
    return {-p.place: run.outcomes[p.place] for p in items}
