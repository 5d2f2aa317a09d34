"""Lead a feed's reader through the epochs of the database: on from where it stood, or, where a
restore took back what it has read, to where the two parted (docs/adr/0041).
"""

import datetime as dt

from alliance.database import epoch
from alliance.database.epoch import EpochStep
from records.requests.feed_resume import select_later_epochs
from records.sync.feed_cursor import FeedPlace

FIRST_EPOCH = EpochStep(1, 0, False, None)


class Unexplained(Exception):
    """The sealer does not go on: numbers of commits may be given a second time."""


class RestoredFeed(Exception):
    """The reader has read what is no more. place: from where to read again; since: changes since
    then may be gone, None where nobody knows.
    """

    def __init__(self, place: FeedPlace, current: EpochStep, since: dt.datetime | None) -> None:
        super().__init__(place)
        self.place, self.current, self.since = place, current, since


def fetch_current_epoch() -> tuple[list[EpochStep], EpochStep]:
    """(all, the newest). Raises Unexplained."""
    steps, unexplained = epoch.fetch_epochs()
    if unexplained:
        raise Unexplained
    return steps, steps[-1] if steps else FIRST_EPOCH


def resume_place(
    place: FeedPlace, epoch_number: int, began: str, steps: list[EpochStep]
) -> FeedPlace:
    """The place through the epochs that began since it was given. Raises RestoredFeed."""
    resumed, lost = place, None
    for step in select_later_epochs(steps, epoch_number, began):
        horizon = FeedPlace(step.horizon)
        if step.lost and place > horizon:
            lost = lost or step
        resumed = min(resumed, horizon)
    if lost:
        raise RestoredFeed(resumed, steps[-1], lost.since)
    return resumed
