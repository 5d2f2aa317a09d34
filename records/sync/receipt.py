"""The answer to a batch: what became of its items, signed, and the letters of those that were
refused or wait.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from consent.audit.receipt import sign_receipt
from consent.audit.tree_head import TreeHead, load_newest_head
from records.fhir.json_codec import dump_json
from records.sync.batch_lines import BatchHeader
from records.sync.fault import Fault
from records.sync.version_guard import ItemOutcome

VERSION = 1
HEAD_SECONDS = 1.0  # for which a process tells the same head of the log
LEFT = (ItemOutcome.REFUSED, ItemOutcome.WAITING)  # of which the receipt names each


class RecentHead:
    """The newest head of the log, as it was less than a second ago."""

    def __init__(self) -> None:
        self.head: TreeHead | None = None
        self.read_at = float("-inf")

    def get(self) -> TreeHead | None:
        if time.monotonic() - self.read_at > HEAD_SECONDS:
            self.head, self.read_at = load_newest_head(), time.monotonic()
        return self.head


recent_head = RecentHead()


def build_receipt(
    header: BatchHeader,
    *,
    platform: str,
    hospital: str,
    client: str,
    outcomes: Mapping[int, ItemOutcome],
    faults: Mapping[int, Sequence[Fault]],
) -> dict[str, Any]:
    """outcomes: by the place of each item. In whole numbers and text alone, as canonical JSON
    wants it.
    """
    head = recent_head.get()
    return {
        "v": VERSION,
        "platform": platform,
        "hospital": hospital,
        "client": client,
        "stream": header.stream,
        "number": header.number,
        "root": header.root,
        "items": header.items,
        "outcomes": dict(sorted(Counter(o.value for o in outcomes.values()).items())),
        "refused": [
            {
                "item": place,
                "outcome": outcomes[place].value,
                "rule": faults[place][0].rule,
                "field": faults[place][0].field,
            }
            for place in sorted(faults)
            if outcomes[place] in LEFT
        ],
        "at": timezone.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "head": {"size": head.size, "root": head.root.hex()} if head else None,
    }


def build_answer(receipt: dict[str, Any], letters: list[dict[str, Any]]) -> bytes:
    return dump_json({**sign_receipt(receipt).as_json(), "dead_letters": letters})
