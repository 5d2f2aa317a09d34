"""Who is served next: no party holds all threads, and those who wait take turns. Counts those of this process alone.

A request belongs to a party (a system, a session, an address) and to a group (all systems together, or an address). Half of the threads is the most
that one party has at a time, three quarters the most of one group: pages and probes find a thread whatever systems do, and the reverse.
"""

import threading
from collections import Counter, deque
from typing import Generic, TypeVar

Thing = TypeVar("Thing")
MOST_WAITING = 100  # requests of one party


class Turns(Generic[Thing]):
    def __init__(self, threads: int) -> None:
        self.free, self.one, self.together = threads, max(1, threads // 2), max(1, threads - max(1, threads // 4))
        self.lock = threading.Lock()
        self.running: Counter[str] = Counter()
        self.queues: dict[str, deque[tuple[str, Thing]]] = {}

    def enter(self, party: str, group: str) -> bool:
        """Whether it may be served at once; `done` is owed for it then."""
        with self.lock:
            return self.free > 0 and party not in self.queues and self.begun(party, group)

    def begun(self, party: str, group: str) -> bool:
        if self.running[party] >= self.one or self.running[group] >= self.together:
            return False
        self.free -= 1
        self.running[party] += 1
        self.running[group] += 1
        return True

    def offer(self, party: str, group: str, thing: Thing) -> bool:
        """Whether it may wait for its turn; False where its party has too many waiting."""
        with self.lock:
            queue = self.queues.setdefault(party, deque())
            if len(queue) >= MOST_WAITING:
                return False
            queue.append((group, thing))
            return True

    def take(self) -> tuple[str, str, Thing] | None:
        """The next one and its party and group; of the parties that may, that which waits longest for a turn. `done` is owed for it."""
        with self.lock:
            for party, queue in self.queues.items() if self.free > 0 else ():
                group, thing = queue[0]
                if self.begun(party, group):
                    queue.popleft()
                    del self.queues[party]
                    if queue:
                        self.queues[party] = queue  # behind the others
                    return party, group, thing
        return None

    def done(self, party: str, group: str) -> None:
        with self.lock:
            self.free += 1
            for key in (party, group):
                self.running[key] -= 1
                if not self.running[key]:
                    del self.running[key]
