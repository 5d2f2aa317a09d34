"""Where the reader of a change feed resumes: where it stood, or where the database's epochs parted
(docs/adr/0041).
"""

from collections.abc import Sequence
from typing import Any

from alliance.database import epoch
from alliance.database.epoch import EpochStep
from consent.terms import Scope
from records.fhir.issues import Gone, Issue, Problem
from records.fhir.query_string import build_link
from records.search import cursors


class RolledBack(Problem):
    """The sealer does not go on, so nobody knows yet whether numbers of commits are given a
    second time.
    """

    kind = "unavailable"


def resume_feed(
    scope: Scope, feed_url: str, cursor: str, start: list[Any]
) -> tuple[list[Any], EpochStep]:
    """(position, epoch that the next cursor names). start: a position before all, whose number
    comes first. The epochs are read before the rows are: what begins meanwhile leads the reader
    back the next time. Raises RolledBack; Gone where the reader has seen what a restore took back.
    """
    steps, unexplained = epoch.fetch_epochs()
    if unexplained:
        raise RolledBack(
            Issue(
                "transient",
                "This database may have been rolled back: its audit log does not lead to what this"
                " server has sealed. Changes are told again as soon as that is explained. Keep your"
                " cursor, and ask again. For its operator: docs/how-to/restore.md, manage.py"
                " record_restore.",
            )
        )
    current_epoch = steps[-1] if steps else EpochStep(1, 0, False, None)
    if not cursor:
        return start, current_epoch
    position, epoch_number, began = cursors.read_feed_cursor(scope, feed_url, cursor)
    return move_through_epochs(
        position, select_later_epochs(steps, epoch_number, began), feed_url
    ), current_epoch


def select_later_epochs(
    steps: Sequence[EpochStep], epoch_number: int, began: str
) -> list[EpochStep]:
    """The epochs through which a reader is led. A cursor of an epoch that this database does not
    have, for it was given by another one that came from the same backup, has parted from it where
    that epoch's number began here, or where the newest did.
    """
    same_epoch = next((step for step in steps if step.number == epoch_number), None)
    if epoch_number == 1 or (same_epoch and same_epoch.began == began):
        return [step for step in steps if step.number > epoch_number]
    return [step for step in steps if step.number >= min(epoch_number, steps[-1].number)]


def move_through_epochs(
    position: list[Any], later: Sequence[EpochStep], feed_url: str
) -> list[Any]:
    """The position, through the epochs that began after it was given. What lies below an epoch's
    horizon is of the common past; whoever has read further reads again from there.
    """
    resumed = position
    for step in later:
        horizon_position = [str(step.horizon), *[0] * (len(position) - 1)]
        if step.lost and parse_position(position) > parse_position(horizon_position):
            raise Gone(Issue("deleted", describe_rollback(step, feed_url)))
        resumed = min(resumed, horizon_position, key=parse_position)
    return resumed


def parse_position(position: list[Any]) -> list[int]:
    return [int(part) for part in position]


def describe_rollback(step: EpochStep, feed_url: str) -> str:
    """What a reader is to do who holds what is no more."""
    if step.since is None:
        return (
            "This store was restored from a backup, and your cursor is from before. Compare all"
            f" that you hold: read the feed again from its beginning, {build_link(feed_url, [])}"
        )
    since = step.since.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return (
        f"This store was restored from a backup: changes since {since} may have been taken back,"
        " and your cursor is from after that time. Read again what is there since then,"
        f" {build_link(feed_url, [('_since', since)])} and go on from its link next. What you hold"
        " of"
        " that time and do not find there is not in the store any more: send it again, or take it"
        " back."
    )
