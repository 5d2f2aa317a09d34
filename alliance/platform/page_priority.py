"""While a page is under way, in whatever process of the site, what machines have under way lets
it go first for a while: Python runs one thread of a process at a time, so that one long request
would take half of each page's time there, and a core elsewhere.
"""

import threading
import time

from alliance.platform.page_board import BOARD

MOST = 0.05  # seconds that a request waits at a time …
# … and then works on without looking: it is never held up for good, however many pages there are
SLICE = 0.02
LOOK = 0.002


class WorkSlice(threading.local):
    until = 0.0


work_slice = WorkSlice()


def yield_to_pages() -> None:
    """Called by what machines have asked for, often, and where it holds no lock of the database."""
    now = time.monotonic()
    if now < work_slice.until:
        return
    limit = now + MOST
    while now < limit and BOARD.has_page_now(now):
        time.sleep(LOOK)
        now = time.monotonic()
    work_slice.until = now + SLICE
