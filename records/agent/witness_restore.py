"""Read the platform's word that it was restored, which explains why its log does not go on from
what we saw: signed with its key, about what we saw before, and nothing that we saw since.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .checkpoint import Head
from .receipt_check import PinnedKeys, encode_canonical
from .witness_memory import read_time

VERSION, KIND = 1, "restored"


@dataclass(frozen=True)
class ToldRestore:
    """line: of the platform's log; at, since: as the platform writes moments, since "" where nobody
    knows; left: the head that the log went on from, None for an empty one.
    """

    line: int
    at: str
    since: str
    left: Head | None
    seen_size: int

    @property
    def left_size(self) -> int:
        return self.left.size if self.left else 0

    @property
    def lost_lines(self) -> int:
        return self.seen_size - self.left_size


class WitnessRestored(Exception):
    """The log says itself why it is another one. head: of today."""

    def __init__(self, told: ToldRestore, head: Head, evidence: dict[str, Any]) -> None:
        super().__init__(told)
        self.told, self.head, self.evidence = told, head, evidence


def read_restore(said: Any, seen: Head, head: Head, keys: PinnedKeys) -> ToldRestore | None:
    """None where it is none, or explains nothing: it is not signed, of another log, or of before we
    saw what is missing, or that stood before it.
    """
    try:
        content = said["statement"]
        if content["v"] != VERSION or content["kind"] != KIND or content["log"] != head.origin:
            return None
        if not keys.verify(encode_canonical(content), str(said["signature"])):
            return None
        size = int(content["left"]["size"])
        left = Head(size, bytes.fromhex(content["left"]["root"]), head.origin) if size else None
        told = ToldRestore(
            int(content["line"]), str(content["at"]), str(content["since"] or ""), left, seen.size
        )
        # whole seconds: what we saw in that very second may have been either
        explains = size < seen.size and size <= head.size and seen.at <= read_time(told.at)
    except (KeyError, TypeError, ValueError):
        return None
    return told if explains else None
