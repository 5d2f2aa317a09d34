"""Waiting for what another process does."""

import time
from collections.abc import Callable


def until(true: Callable[[], bool], what: str, seconds: float = 90) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, what
        time.sleep(0.2)
