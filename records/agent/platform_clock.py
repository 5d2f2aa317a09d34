"""Know how far the platform's clock is ahead of ours, from the Date header of its answers
(RFC 9110 6.6.1): clocks of old machines drift, and an assertion of the wrong time is refused.
"""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

TOLD_FROM = 60.0  # seconds that are worth a word


class PlatformClock:
    """offset: seconds to add to our clock; known: whether any answer said."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset
        self.known = False

    def note_date(self, header: str | None, sent: float, received: float) -> None:
        """header has whole seconds: what lies within the round trip and a second is no skew."""
        try:
            date = parsedate_to_datetime(header or "").timestamp()
        except (TypeError, ValueError, IndexError):
            return
        self.known = True
        if sent - 1 <= date <= received + 1:
            self.offset = 0.0
        else:
            self.offset = date + 0.5 - (sent + received) / 2

    def now(self) -> float:
        return time.time() + self.offset

    @property
    def off(self) -> bool:
        return abs(self.offset) >= TOLD_FROM
