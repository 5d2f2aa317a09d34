"""Mark how far an auditor has read: the line before which the next page begins, and which
transactions had ended when the first page was made. Lines that come later, or whose transaction
ends later, move no act from one page to another.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Self

FORM = re.compile(r"(\d{20})-(\d{1,18})-(\d{1,18}):(\d{1,18}):((?:\d{1,18},)*\d{1,18}|)")
MOMENT = "%Y%m%d%H%M%S%f"


@dataclass(frozen=True, slots=True)
class ActCursor:
    """recorded, id: of the line; snapshot: pg_snapshot as text."""

    recorded: dt.datetime
    id: int
    snapshot: str

    def __str__(self) -> str:
        moment = self.recorded.astimezone(dt.UTC).strftime(MOMENT)
        return f"{moment}-{self.id}-{self.snapshot}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None of what is no cursor: reading begins at the newest line."""
        found = FORM.fullmatch(text) if text.isascii() and len(text) < 20_000 else None
        if not found:
            return None
        low, high, running = int(found[3]), int(found[4]), found[5]
        numbers = [int(n) for n in running.split(",") if n]
        if not 0 < low <= high or numbers != sorted({n for n in numbers if low <= n < high}):
            return None
        try:
            moment = dt.datetime.strptime(found[1], MOMENT).replace(tzinfo=dt.UTC)
        except ValueError:
            return None
        return cls(moment, int(found[2]), f"{low}:{high}:{running}")
