"""When each process of the site last began or ended a page: one number each, in memory that they
share since they were forked. So all know whether somebody waits for a page.
"""

import mmap
import struct

SLOTS = (
    128  # more than processes at a time; a new process takes the slot of one that ended long ago
)
MOMENT = struct.Struct("d")
LONGEST = 10.0  # seconds for which a page counts as under way: its process may have been killed


class PageBoard:
    """A number is written whole, and one that is a moment old is as good: nobody waits for
    anybody. Moments are those of time.monotonic(), which all processes of a machine share; while a
    page is under way, the moment at which the last one began, else less than nothing by the moment
    at which the last one ended.
    """

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, SLOTS * MOMENT.size)
        self.at = 0

    def take_slot(self, number: int) -> None:
        """This process has this slot from now on."""
        self.at = number % SLOTS * MOMENT.size

    def mark_page(self, now: float, *, under_way: bool) -> None:
        MOMENT.pack_into(self.memory, self.at, now if under_way else -now)

    def had_page_since(self, then: float) -> bool:
        """Whether any process had one since."""
        return any(abs(moment) > then for (moment,) in MOMENT.iter_unpack(self.memory) if moment)

    def has_page_now(self, now: float) -> bool:
        """Whether any process has one under way."""
        return any(
            moment > now - LONGEST for (moment,) in MOMENT.iter_unpack(self.memory) if moment > 0
        )


BOARD = PageBoard()  # made before gunicorn forks
