"""Do items in their order, inside one transaction: store, delete, recall. What does not fit is left
out alone, and what waits for something is done as soon as that is there.
"""

import logging
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from django.db import DatabaseError, transaction

from alliance.auth.errors import Forbidden
from alliance.platform.database_away import find_retryable_cause
from consent import gate
from consent.terms import Refused, Scope
from records.fhir.issues import Conflict, NotFound, Problem
from records.fhir.json_codec import parse_json
from records.ingest.import_order import select_storable
from records.ingest.incoming_resource import IncomingResource
from records.ingest.referential_integrity import (
    MissingTarget,
    check_referrers,
    find_missing_targets,
    locate_reference,
)
from records.ingest.store_resources import store_resources, store_tombstones
from records.interactions.write import build_tombstone
from records.store import resource_writer
from records.sync.batch_lines import ItemAction
from records.sync.fault import Fault, faults_from_problem, make_fault
from records.sync.ledger import LedgerRow, RecordKey
from records.sync.prepare_item import PreparedItem
from records.sync.recall import has_error_status, is_error, mark_as_error
from records.sync.version_guard import STATES, ItemOutcome, judge_version, row_of_item

log = logging.getLogger("xinglin.sync")
SEGMENT = 500  # items that are stored together, no more patients than take turns side by side


class Raced(Exception):
    """Another transaction has made the same record meanwhile: the whole is done again."""


class NotHopeful(Exception):
    """What was done without a savepoint failed half-way: the whole is done again with one."""


@dataclass(slots=True)
class ItemRun:
    """rows: of the ledger, as they are now; before: as they were; stored: (type, id) that are
    there since; announced: those of them for which letters were looked for; tried: these letters.
    outcomes, faults and waits: by the place of the item. is_hopeful: the first attempt goes without
    a savepoint, which most items never need.
    """

    scope: Scope
    ledger: gate.WriteLedger
    rows: dict[RecordKey, LedgerRow]
    before: dict[RecordKey, LedgerRow | None] = field(default_factory=dict)
    stored: set[tuple[str, str]] = field(default_factory=set)
    outcomes: dict[int, ItemOutcome] = field(default_factory=dict)
    faults: dict[int, list[Fault]] = field(default_factory=dict)
    waits: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    announced: set[tuple[str, str]] = field(default_factory=set)
    tried: set[int] = field(default_factory=set)
    has_letters: bool = True  # whether any of the hospital is open or waits
    is_hopeful: bool = False

    def run(self, items: Sequence[PreparedItem]) -> None:
        """Every item has its outcome once this returns. Raises Raced, and what is no answer."""
        segment: list[PreparedItem] = []
        keys: set[RecordKey] = set()
        for prepared in items:
            if prepared.faults:
                self.refuse(prepared, prepared.faults)
                continue
            item = prepared.item
            if (
                item.key in keys
                or len(segment) >= SEGMENT
                or (segment and item.action is not segment[0].item.action)
            ):
                self.do_segment(segment)
                segment, keys = [], set()
            if outcome := judge_version(self.rows.get(item.key), item):
                self.outcomes[prepared.place] = outcome
            else:
                segment.append(prepared)
                keys.add(item.key)
        self.do_segment(segment)
        self.do_waiting(items)

    def do_segment(self, segment: list[PreparedItem]) -> None:
        """Items of one action, of each record one."""
        if not segment:
            return
        if segment[0].item.action is ItemAction.PUT:
            self.store(segment)
        else:
            for prepared in segment:
                self.take_out(prepared)

    def do_waiting(self, items: Sequence[PreparedItem]) -> None:
        """Those for which all has come meanwhile, until nothing more moves."""
        for _ in items:
            ready = [
                p for p in items if p.place in self.waits and self.waits[p.place] <= self.stored
            ]
            if not ready:
                return
            for prepared in ready:
                del self.waits[prepared.place]
                self.faults.pop(prepared.place, None)
            self.run_again(ready)

    def run_again(self, items: list[PreparedItem]) -> None:
        segment = []
        for prepared in items:
            if outcome := judge_version(self.rows.get(prepared.item.key), prepared.item):
                self.outcomes[prepared.place] = outcome
            else:
                segment.append(prepared)
        keys = [p.item.key for p in segment]
        if len(set(keys)) == len(keys):
            self.do_segment(segment)
        else:
            for prepared in segment:
                self.do_segment([prepared])

    def store(self, segment: list[PreparedItem]) -> None:
        """All together; where that fails, what waits apart, and then by halves."""
        error = self.try_to_store(segment)
        if error is None:
            return
        if len(segment) == 1:
            self.note_failure(segment[0], error)
            return
        numbered = [(p.place, p.as_incoming()) for p in segment]
        fit = {place for place, _ in select_storable(self.scope, numbered)}
        waiting, rest = (
            [p for p in segment if (p.place in fit) is is_fit] for is_fit in (False, True)
        )
        if waiting and rest:
            self.store(rest)
            self.store_or_wait(waiting)
        elif waiting:
            self.store_or_wait(waiting)
        else:
            middle = len(rest) // 2
            self.store(rest[:middle])
            self.store(rest[middle:])

    def store_or_wait(self, segment: Sequence[PreparedItem]) -> None:
        """Items that refer to what is not there. One that stands in the store may keep a reference
        that it had.
        """
        pairs = [(p, p.as_incoming()) for p in segment if p.item.key not in self.rows]
        missing: dict[int, list[MissingTarget]] = {}
        for found in find_missing_targets(self.scope, [incoming for _, incoming in pairs]):
            missing.setdefault(id(found[0]), []).append(found)
        for prepared, incoming in pairs:
            if targets := missing.get(id(incoming)):
                self.wait(prepared, targets)
            else:
                self.store([prepared])
        for prepared in segment:
            if prepared.item.key in self.rows and prepared.place not in self.outcomes:
                self.store([prepared])

    def wait(self, prepared: PreparedItem, targets: Sequence[MissingTarget]) -> None:
        self.outcomes[prepared.place] = ItemOutcome.WAITING
        self.waits[prepared.place] = {key for _, key, _ in targets}
        incoming, key, node = targets[0]
        self.faults[prepared.place] = [
            make_fault(
                "reference.missing",
                locate_reference(incoming, node),
                node.get("reference"),
                target="/".join(key),
            )
        ]

    def try_to_store(self, segment: Sequence[PreparedItem]) -> Exception | None:
        """In a savepoint; why they do not fit. What the ledger does not know is taken for new; what
        FHIR has made of it meanwhile is seen by the second look.
        """
        written = gate.WriteLedger()
        is_new = all(p.item.key not in self.rows for p in segment)
        error = self.attempt(segment, written, look=not is_new)
        if is_raced(error) and is_new:
            error = self.attempt(segment, written, look=True)
        if is_raced(error):
            raise Raced from error
        if error is not None:
            return error
        self.note_written(written)
        for prepared in segment:
            self.note_done(prepared)
        return None

    def attempt(
        self, segment: Sequence[PreparedItem], written: gate.WriteLedger, *, look: bool
    ) -> Exception | None:
        """look: which of them are in the store already. Raises NotHopeful."""
        hopeful, self.is_hopeful = self.is_hopeful, False
        try:
            with nullcontext() if hopeful else transaction.atomic():
                incoming = [p.as_incoming() for p in segment]
                current = (
                    resource_writer.lock_rows(self.scope, [p.target for p in segment])
                    if look
                    else {}
                )
                for one in incoming:
                    if row := current.get((one.resource["resourceType"], one.fhir_id)):
                        one.version, one.resource_id = row.version + 1, row.resource_id
                store_resources(self.scope, written, incoming, from_sync=True)
        except (Problem, Forbidden, Refused, DatabaseError) as error:
            if find_retryable_cause(error):
                raise
            if hopeful and not lacks_target(error):
                raise NotHopeful from error
            return error
        return None

    def take_out(self, prepared: PreparedItem) -> None:
        """Delete or recall it."""
        written = gate.WriteLedger()
        try:
            with transaction.atomic():
                if prepared.item.action is ItemAction.DELETE or not self.mark(prepared, written):
                    self.delete(prepared, written)
        except (Problem, Forbidden, Refused, DatabaseError) as error:
            if find_retryable_cause(error):
                raise
            self.note_failure(prepared, error)
            return
        self.note_written(written)
        self.note_done(prepared)

    def delete(self, prepared: PreparedItem, written: gate.WriteLedger) -> None:
        """What is not there needs none."""
        type_name, fhir_id = prepared.target
        current = resource_writer.lock_rows(self.scope, [prepared.target], deleting=True).get(
            prepared.target
        )
        if current is None or current.deleted:
            return
        tombstone = build_tombstone(type_name, fhir_id, current)
        store_tombstones(self.scope, written, [tombstone], from_sync=True)
        check_referrers(self.scope, [tombstone])

    def mark(self, prepared: PreparedItem, written: gate.WriteLedger) -> bool:
        """As entered in error; False where its type cannot say so, or nobody may read it."""
        type_name, fhir_id = prepared.target
        if not has_error_status(type_name):
            return False
        current = resource_writer.lock_rows(self.scope, [prepared.target]).get(prepared.target)
        if current is None or current.deleted:
            return True
        try:
            resource = parse_json(resource_writer.read_locked_body(self.scope, current.resource_id))
        except NotFound:
            return False
        if not is_error(resource):
            incoming = IncomingResource(
                mark_as_error(resource), fhir_id, current.version + 1, current.resource_id
            )
            store_resources(self.scope, written, [incoming], from_sync=True)
        return True

    def note_written(self, written: gate.WriteLedger) -> None:
        self.ledger.refs += written.refs
        self.ledger.persons |= written.persons

    def note_done(self, prepared: PreparedItem) -> None:
        item = prepared.item
        self.outcomes[prepared.place] = ItemOutcome(STATES[item.action].value)
        self.before.setdefault(item.key, self.rows.get(item.key))
        self.rows[item.key] = row_of_item(item)
        if item.action is ItemAction.PUT:
            self.stored.add(prepared.target)
        else:
            self.stored.discard(prepared.target)

    def note_failure(self, prepared: PreparedItem, error: Exception) -> None:
        """It waits, or is refused; where what it refers to has come since, it is stored."""
        if prepared.resource is not None and lacks_target(error):
            missing = find_missing_targets(self.scope, [prepared.as_incoming()])
            if missing:
                self.wait(prepared, missing)
                return
            again = self.try_to_store([prepared])
            if again is None:
                return
            if lacks_target(again):  # it went again
                raise Raced from again
            error = again
        self.refuse(prepared, explain_error(error, prepared))

    def refuse(self, prepared: PreparedItem, faults: list[Fault]) -> None:
        self.outcomes[prepared.place] = ItemOutcome.REFUSED
        self.faults[prepared.place] = faults

    @property
    def changes(self) -> list[tuple[LedgerRow | None, LedgerRow]]:
        """(row before, row after) of the records that were changed."""
        return [(before, self.rows[key]) for key, before in self.before.items()]


def lacks_target(error: Exception) -> bool:
    """Whether it fails for nothing but what it refers to, which is found before anything is
    written.
    """
    return (
        isinstance(error, Problem)
        and bool(error.issues)
        and all(i.rule == "reference.missing" for i in error.issues)
    )


def is_raced(error: Exception | None) -> bool:
    """Whether a resource with this id was there already."""
    return isinstance(error, Conflict) and error.issues[0].rule == "conflict.raced"


def explain_error(error: Exception, prepared: PreparedItem) -> list[Fault]:
    if isinstance(error, Problem):
        return faults_from_problem(error, prepared.resource)
    if isinstance(error, Forbidden | Refused):
        return [make_fault("rights.scope", detail=str(error))]
    log.error("SYNC500 an unexpected error at an item", exc_info=error)
    return [make_fault("server.error")]


def find_keys(items: Iterable[PreparedItem]) -> list[RecordKey]:
    """Those whose rows of the ledger a run needs."""
    return sorted({p.item.key for p in items if not p.faults})
