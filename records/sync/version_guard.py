"""May an item change what stands there? An older version never overwrites a newer one. Pure."""

from enum import StrEnum

from records.sync.batch_lines import ItemAction, SyncItem
from records.sync.ledger import LedgerRow, RecordState

STATES = {
    ItemAction.PUT: RecordState.STORED,
    ItemAction.DELETE: RecordState.DELETED,
    ItemAction.RECALL: RecordState.RECALLED,
}


class ItemOutcome(StrEnum):
    """What becomes of an item, as its receipt says it."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    DELETED = "deleted"
    RECALLED = "recalled"
    WAITING = "waiting"
    REFUSED = "refused"


def judge_version(row: LedgerRow | None, item: SyncItem) -> ItemOutcome | None:
    """None: it is to be done. row: of its record in the ledger.

    Without versions the order of arrival decides. Of one version the later arrival counts, but what
    was deleted or recalled comes back with a greater one alone.
    """
    if row is None:
        return None
    same = row.version == item.version
    if row.state is STATES[item.action] and same and row.hash == item.hash:
        return ItemOutcome.UNCHANGED
    if row.version is None or item.version is None:
        return None
    if item.version < row.version:
        return ItemOutcome.SUPERSEDED
    if same and item.action is ItemAction.PUT and row.state is not RecordState.STORED:
        return ItemOutcome.SUPERSEDED
    return None


def row_of_item(item: SyncItem) -> LedgerRow:
    """What the ledger says once the item is done."""
    return LedgerRow(
        *item.key, item.version, item.hash, item.fhir_id, item.day, STATES[item.action]
    )
