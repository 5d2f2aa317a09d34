"""Waiting for what another process does."""

import time
from collections.abc import Callable


def until(true: Callable[[], bool], what: str, seconds: float = 180) -> None:
    """Look until it is true; the limit is for what never comes, and far beyond what a loaded machine needs."""
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, what
        time.sleep(0.2)
