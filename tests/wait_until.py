"""Waiting for what another process does."""

import time
from collections.abc import Callable


def wait_until(true: Callable[[], bool], what: str, seconds: float = 180) -> None:
    """Look until it is true, at first often and then five times a second; the limit is for what
    never comes, and far beyond what a loaded machine needs.
    """
    limit, pause = time.monotonic() + seconds, 0.02
    while not true():
        assert time.monotonic() < limit, what
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)
