"""Read restores from the log: a line each, sealed like all others. Of what was kept elsewhere they
explain what they say, and nothing else.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from consent.audit.event import EventCode
from consent.audit.kept_head import KeptHead
from consent.audit.tree_head import TreeHead

LINES = (
    "SELECT id, recorded, actor, reason, detail FROM consent_audit_event WHERE code = ANY(%s)"
    " AND actor_kind = 'operator' AND outcome = 'success' ORDER BY id"
)
CODES = [EventCode.RESTORE_RECORD, EventCode.AUDIT_RESTORE]
LOG = re.compile(r"(?:(\d+):[0-9a-f]+|0|unknown) -> (?:(\d+):[0-9a-f]+|0)$")
LOST = re.compile(r"lost (\S+) to (\S+)")


@dataclass(frozen=True, slots=True)
class RecordedRestore:
    """One line. left: how many sealed lines the log went on from; known: how many there had
    been, as far as the machine knew; since: what was stored from then on may be gone.
    """

    line: int
    recorded: dt.datetime
    recorded_by: str
    reason: str
    nothing_lost: bool
    size_left: int
    known_size: int | None
    since: dt.datetime | None

    def covers(self, head: TreeHead) -> bool:
        """Whether this is what the head was lost by: it was signed in the lost range, over lines
        that the restore left out.
        """
        if self.nothing_lost or head.size <= self.size_left:
            return False
        signed = dt.datetime.fromisoformat(head.sealed_at)
        return signed <= self.recorded and (self.since is None or signed >= self.since)

    def explains(self, size: int, seen_at: dt.datetime | None) -> bool:
        """Whether a head of that size, which a witness has seen then (None: nobody knows), was lost
        by this: what was seen after it was not.
        """
        return (
            not self.nothing_lost
            and self.size_left < size <= (self.known_size or size)
            and (seen_at is None or seen_at <= self.recorded)
        )

    def __str__(self) -> str:
        gone = (
            f"what was stored since {self.since or 'an unknown time'} may be gone; the log went on"
            f" from {self.size_left} lines, of {self.known_size or 'an unknown number'}"
        )
        lost = "nothing was lost, it says" if self.nothing_lost else gone
        return (
            f"the restore of {self.recorded:%Y-%m-%d %H:%M:%S} UTC (audit line {self.line}),"
            f" recorded by {self.recorded_by!r}, reason {self.reason!r}: {lost}"
        )


def format_restore_detail(epoch: Any, known: TreeHead | None, there: TreeHead | None) -> str:
    """A line's detail: the epoch, what was lost, and from which size of the log to which it went
    on from; of an epoch that has not been stored yet.
    """
    was, now = (
        f"{h.size}:{h.root.hex()[:16]}" if h else none
        for h, none in ((known, "unknown"), (there, "0"))
    )
    since = epoch.lost_from.isoformat(timespec="milliseconds") if epoch.lost_from else "unknown"
    lost = (
        f"lost {since} to {epoch.lost_until.isoformat(timespec='milliseconds')}"
        if epoch.lost_until
        else "nothing lost"
    )
    return (
        f"epoch {epoch.number}, server {epoch.system_identifier}, timeline {epoch.timeline};"
        f" {lost}; log {was} -> {now}"
    )


def load_recorded_restores() -> list[RecordedRestore]:
    """Load all restores of the log, oldest first; lines that earlier releases wrote name the log
    alone. What nobody with the server did, or says not which log it left, explains nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(LINES, [[str(c) for c in CODES]])
        return [parse_restore_line(*row) for row in cursor.fetchall() if LOG.search(row[-1])]


def parse_restore_line(
    number: int, at: dt.datetime, actor: str, reason: str, detail: str
) -> RecordedRestore:
    log, lost = LOG.search(detail), LOST.search(detail)
    left, known = (int(log[2] or 0), int(log[1]) if log[1] else None) if log else (0, None)
    since = dt.datetime.fromisoformat(lost[1]) if lost and lost[1] != "unknown" else None
    return RecordedRestore(number, at, actor, reason, "nothing lost" in detail, left, known, since)


def find_covering_restore(
    kept: KeptHead, restores: Sequence[RecordedRestore]
) -> RecordedRestore | None:
    """Find the restore by which a kept head was lost."""
    return next((r for r in restores if r.covers(kept.head)), None)
