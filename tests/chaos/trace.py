"""What was asked and how it was answered, by everybody who asks: successes, absences and what
was wrong.
"""

import threading
import time
from dataclasses import dataclass

KINDS = ("write", "read", "search", "page", "feed")  # that must all come back after an event
GOOD, AWAY, SILENT, WRONG = (
    "good",
    "away",
    "silent",
    "wrong",
)  # answered rightly; 503 with Retry-After; not answered; anything else


@dataclass(frozen=True, slots=True)
class Asked:
    """began, ended: monotonic seconds."""

    kind: str
    began: float
    ended: float
    result: str


@dataclass(frozen=True, slots=True)
class Poll:
    """One look at /readyz of one site; status 0: no answer."""

    site: int
    began: float
    ended: float
    status: int
    says: str = ""


class Trace:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked: list[Asked] = []
        self.polls: list[Poll] = []
        self.wrong: list[str] = []
        self.answered: set[str] = (
            set()
        )  # request ids of those that were answered with what is recorded of somebody

    def note(self, kind: str, began: float, result: str, request: str = "") -> None:
        with self.lock:
            self.asked.append(Asked(kind, began, time.monotonic(), result))
            if result == GOOD and request:
                self.answered.add(request)

    def object(self, fact: str) -> None:
        with self.lock:
            self.wrong.append(fact)

    def poll(self, poll: Poll) -> None:
        with self.lock:
            self.polls.append(poll)

    def since(self, moment: float) -> list[Asked]:
        with self.lock:
            return [a for a in self.asked if a.ended >= moment]

    def polls_since(self, moment: float) -> list[Poll]:
        with self.lock:
            return [p for p in self.polls if p.ended >= moment]

    def many(self, kind: str, result: str = GOOD, since: float = 0.0) -> int:
        with self.lock:
            return sum(
                a.kind == kind and a.result == result and a.began >= since for a in self.asked
            )

    def forget(self, before: float) -> None:
        """So that a long run stays small."""
        with self.lock:
            self.asked = [a for a in self.asked if a.ended >= before]
            self.polls = [p for p in self.polls if p.ended >= before]
