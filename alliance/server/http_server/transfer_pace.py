"""Limit how slow a transfer may be: each byte extends its deadline, by no more than the grace.
Pure.
"""

GRACE = 30.0  # seconds without a byte
RATE = 1000.0  # bytes a second, on the whole


class TransferPace:
    """Of one transfer: `deadline` moves on with what comes, and is never further away than
    GRACE.
    """

    __slots__ = ("deadline",)

    def __init__(self, now: float) -> None:
        self.deadline = now + GRACE

    def extend_deadline(self, count: int, now: float) -> None:
        self.deadline = min(now + GRACE, self.deadline + count / RATE)
