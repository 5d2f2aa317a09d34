"""Wait longer after each failure, with jitter, so that a platform that comes back is not asked by
all members at the same moment; and never less than it said itself (Retry-After).
"""

from __future__ import annotations

import random
import threading
import time

FIRST, LONGEST = 1.0, 300.0
DRAW = random.SystemRandom()


class BackOff:
    """Shared by the threads that ask the same platform."""

    def __init__(self, first: float = FIRST, longest: float = LONGEST) -> None:
        self.first = first
        self.longest = longest
        self._failures = 0
        self._until = 0.0  # by time.monotonic()
        self._lock = threading.Lock()

    def failed(self, retry_after: float | None = None) -> float:
        """Seconds until the next try. What fails while others wait already is the same failure."""
        with self._lock:
            now = time.monotonic()
            if now >= self._until:
                self._failures += 1
            step = min(self.longest, self.first * 2.0 ** min(self._failures - 1, 16))
            wait = max(DRAW.uniform(step / 2, step), retry_after or 0.0)
            self._until = max(self._until, now + wait)
            return self._until - now

    def succeeded(self) -> None:
        with self._lock:
            self._failures, self._until = 0, 0.0

    def remaining(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def wait(self, stopping: threading.Event) -> None:
        """Until the next try, or until the agent stops."""
        while (left := self.remaining()) > 0 and not stopping.wait(min(left, 1.0)):
            pass
