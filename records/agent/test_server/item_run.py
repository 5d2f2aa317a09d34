"""Do items in their order: store, delete, recall; one that is refused stops no other, and what
waits is done as soon as what it refers to is there.
"""

from __future__ import annotations

from typing import Any

from . import letters, store
from .batch_lines import SentItem
from .check_item import find_faults
from .item_rules import Fault
from .site import Caller, Site

STATES = {"put": "stored", "delete": "deleted", "recall": "recalled"}
LEFT = ("refused", "waiting")


class ItemRun:
    """outcomes, faults: by the place of the item; of a letter, its number with a minus."""

    def __init__(self, site: Site, caller: Caller) -> None:
        self.site = site
        self.caller = caller
        self.outcomes: dict[int, str] = {}
        self.faults: dict[int, list[Fault]] = {}

    def run(self, items: list[SentItem]) -> None:
        """In a transaction."""
        for place, item in enumerate(items):
            self.do_item(place, item)
        waiting = letters.load_waiting(self.site, self.caller.hospital)
        while self.run_waiting(list(enumerate(items)) + [(-id, item) for id, item in waiting]):
            pass
        for id, item in waiting:
            self.note_letter(id, item)

    def run_waiting(self, items: list[tuple[int, SentItem]]) -> bool:
        """Whether one of them waits no longer."""
        moved = False
        for place, item in items:
            if self.outcomes.get(place, "waiting") == "waiting":
                self.do_item(place, item)
                moved |= self.outcomes[place] != "waiting"
        return moved

    def do_item(self, place: int, item: SentItem) -> None:
        outcome, faults = self.find_outcome(item)
        self.outcomes[place] = outcome
        self.faults.pop(place, None)
        if outcome in LEFT:
            self.faults[place] = faults

    def find_outcome(self, item: SentItem) -> tuple[str, list[Fault]]:
        if faults := find_faults(item):
            return "refused", faults
        if judged := judge_version(self.find_row(item), item):
            return judged, []
        hospital = self.caller.hospital
        if item.action == "put":
            if missing := store.find_missing(self.site, hospital, item):
                target, path, said = missing[0]
                return "waiting", [Fault("reference.missing", path, said, {"target": target})]
            store.store_item(self.site, hospital, item)
        else:
            take_out = store.delete_item if item.action == "delete" else store.recall_item
            if fault := take_out(self.site, hospital, item):
                return "refused", [fault]
        self.write_row(item)
        letters.settle_letters(self.site, hospital, item, item.version, "mended")
        return STATES[item.action], []

    def find_row(self, item: SentItem) -> Any:
        return self.site.database.row(
            "SELECT version, hash, state FROM ledger WHERE hospital = ? AND source = ? AND type = ?"
            " AND record = ?",
            self.caller.hospital,
            *item.key,
        )

    def write_row(self, item: SentItem) -> None:
        self.site.database.write(
            "INSERT OR REPLACE INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self.caller.hospital,
            *item.key,
            item.fhir_id,
            item.version,
            item.hash,
            item.day,
            STATES[item.action],
        )

    def note_letter(self, id: int, item: SentItem) -> None:
        """What became of a letter that waited."""
        outcome = self.outcomes[-id]
        if outcome in LEFT:
            letters.reopen_letter(self.site, id, outcome, self.faults[-id])
        else:
            version = self.find_row(item)["version"]
            letters.settle_letters(self.site, self.caller.hospital, item, version, "mended")


def judge_version(row: Any, item: SentItem) -> str:
    """ "": it is to be done. Of one version the later arrival counts, but what was taken out comes
    back with a greater one alone.
    """
    if row is None:
        return ""
    same = row["version"] == item.version
    if row["state"] == STATES[item.action] and same and row["hash"] == item.hash:
        return "unchanged"
    if row["version"] is None or item.version is None:
        return ""
    if item.version < row["version"]:
        return "superseded"
    return "superseded" if same and item.action == "put" and row["state"] != "stored" else ""
