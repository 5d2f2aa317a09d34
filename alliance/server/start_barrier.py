"""Hold a process of the next release, once loaded, until it may begin while the last one still
serves: the supervisor holds the other end of a pipe, and closes it (docs/adr/0043).
"""

import os
import select
from collections.abc import Callable

from alliance.platform import heartbeat
from alliance.platform.environment import read_setting

STEP = 1.0  # seconds


def wait_for_start(alive: Callable[[], object] = bool) -> None:
    """Tell that this process has loaded, and wait; at once where nobody keeps it. alive: called
    about once a second. Whoever lost its supervisor goes on: what it may do, the database says.
    """
    number = read_setting("XINGLIN_GATE")
    if not number:
        return
    heartbeat.notify_supervisor(b"LOADED=1")
    watch = select.poll()
    watch.register(number, select.POLLIN)
    while not watch.poll(STEP * 1000):
        alive()
    os.environ.pop("XINGLIN_GATE")
