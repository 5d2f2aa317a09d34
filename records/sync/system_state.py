"""TABLE trouble -> how a member's system is: whose turn it is to act, ours or theirs, and how
urgent; the most urgent first. Pure.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from records.sync.board import MemberSystem

SILENT = dt.timedelta(minutes=10)
QUEUE_SECONDS = 600.0  # that a batch may wait here
CLOCK_SECONDS = 60
THEIR_SECONDS = 3_600  # that an item may wait at the member
HELD = dt.timedelta(hours=24)  # that a letter may wait for another


class Side(StrEnum):
    """Whose turn it is."""

    US = "us"
    THEM = "them"
    NOBODY = "nobody"


class Trouble(StrEnum):
    """In the order of urgency."""

    WITNESS = "witness"
    SUSPENDED = "suspended"
    REFUSED = "refused"
    REVOKED = "revoked"
    QUEUE = "queue"
    DISK = "disk"
    SILENT = "silent"
    CLOCK = "clock"
    DIFFERS = "differs"
    BACKLOG = "backlog"
    UNKEPT = "unkept"
    LETTERS = "letters"
    HELD = "held"
    WELL = "well"


SIDES = {
    Trouble.WITNESS: Side.US,
    Trouble.SUSPENDED: Side.US,
    Trouble.QUEUE: Side.US,
    Trouble.WELL: Side.NOBODY,
}
URGENT = {
    Trouble.WITNESS,
    Trouble.REFUSED,
    Trouble.QUEUE,
    Trouble.DISK,
    Trouble.SILENT,
}


@dataclass(frozen=True, slots=True)
class SystemState:
    """number: seconds, items, letters or days of it, as the trouble counts."""

    trouble: Trouble
    number: float = 0.0
    since: dt.datetime | None = None

    @property
    def side(self) -> Side:
        return SIDES.get(self.trouble, Side.THEM)

    @property
    def urgent(self) -> bool:
        return self.trouble in URGENT

    @property
    def rank(self) -> int:
        return list(Trouble).index(self.trouble)


def list_troubles(system: MemberSystem, now: dt.datetime) -> Iterator[SystemState]:
    """All that is not well, the most urgent first."""
    beat, heard = system.heartbeat, last_heard(system)
    if system.witness and system.witness.contradicts:
        yield SystemState(Trouble.WITNESS, system.witness.size, system.witness.at)
    refused = system.token_refused_at
    if not system.hospital.active:
        yield SystemState(Trouble.SUSPENDED)
    if system.revoked_at is not None:
        yield SystemState(Trouble.REVOKED, since=system.revoked_at)
    elif refused and (heard is None or refused > heard):
        yield SystemState(Trouble.REFUSED, since=refused)
    if system.queue_age > QUEUE_SECONDS:
        yield SystemState(Trouble.QUEUE, system.queue_age)
    if beat and beat.disk_full:
        yield SystemState(Trouble.DISK, beat.free, beat.at)
    if beat and system.revoked_at is None and now - beat.at > SILENT:
        yield SystemState(Trouble.SILENT, (now - beat.at).total_seconds(), beat.at)
    if beat and abs(beat.clock) > CLOCK_SECONDS:
        yield SystemState(Trouble.CLOCK, beat.clock)
    if system.comparison and system.comparison.days:
        yield SystemState(Trouble.DIFFERS, system.comparison.days, system.comparison.at)
    if beat and beat.oldest > THEIR_SECONDS:
        yield SystemState(Trouble.BACKLOG, beat.backlog)
    if system.unkept:
        yield SystemState(Trouble.UNKEPT, system.unkept)
    if system.open:
        yield SystemState(Trouble.LETTERS, system.open)
    if system.held_since and now - system.held_since > HELD:
        yield SystemState(Trouble.HELD, system.held, system.held_since)


def last_heard(system: MemberSystem) -> dt.datetime | None:
    return max(
        filter(None, (system.heartbeat and system.heartbeat.at, system.taken_at)), default=None
    )


def assess_system(system: MemberSystem, now: dt.datetime) -> SystemState:
    """What is most urgent, or that all is well."""
    troubles = sorted(list_troubles(system, now), key=lambda state: state.rank)
    return troubles[0] if troubles else SystemState(Trouble.WELL)
