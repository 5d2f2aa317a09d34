"""Choose the request that is served next: people at pages before machines, and of machines no
hospital, and of a hospital no system, before it was the others' turn (docs/adr/0044).

Counts those of this process alone; of the other processes it knows whether they have a page under
way (board.py). All times are those of `clock`, in seconds.
"""

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from alliance.platform.page_board import BOARD, PageBoard

Thing = TypeVar("Thing")
PEOPLE, MACHINES, OTHERS = (
    "people",
    "machines",
    "others",
)  # sessions that were found to be somebody's; FHIR; whoever asks the rest: sign-in, tokens, probes
MOST_WAITING = 100  # requests of one party
MOST_OF_MEMBER = 300  # of one hospital's systems together
MOST_OF_KIND = 1000
PATIENCE = {
    PEOPLE: 15.0,
    MACHINES: 25.0,
    OTHERS: 15.0,
    # seconds that a request may wait: what would wait longer is refused at once, for its client
    # goes away by then
}
LATELY = 20.0  # seconds after a page for which machines leave room for the next one
# requests of machines that a process has under way then, of one hospital half: a long one of it
# stops no other
MACHINES_DURING_PAGES = 2
HOLD = 0.1  # seconds without any for which machines wait for a page that is under way
SMOOTH = 0.1  # weight of the newest in the mean time that a request takes
SLOWEST = 60  # seconds: the longest that anybody is asked to stay away


@dataclass(frozen=True, slots=True)
class RequestParty:
    """The party whose request it is. member: a hospital, by its systems, or an address; one: the
    system, session or address.
    """

    kind: str
    member: str
    caller: str


@dataclass(slots=True, eq=False)
class WaitingRequest(Generic[Thing]):
    party: RequestParty
    thing: Thing
    since: float


@dataclass(frozen=True, slots=True)
class AdmissionRefusal:
    """status: 429 where the party itself has too many, 503 where all have; seconds after which
    to ask again.
    """

    status: int
    seconds: int


class AdmissionQueue(Generic[Thing]):
    def __init__(
        self, threads: int, board: PageBoard = BOARD, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.threads, self.free, self.board, self.clock = threads, threads, board, clock
        self.most = {
            PEOPLE: max(1, threads - 1),
            MACHINES: max(1, threads - max(1, threads // 4)),
            OTHERS: max(1, threads - max(1, threads // 4)),
        }
        self.of_one = max(
            1, threads // 2
        )  # threads of a system or session, and of a hospital's systems together
        self.lock = threading.Lock()
        self.running: Counter[str] = Counter()  # by kind, member and party
        self.waiting: Counter[str] = Counter()
        self.queues: dict[
            tuple[str, str], dict[str, deque[WaitingRequest[Thing]]]
        ] = {}  # (kind, member) -> party -> what waits; whose turn comes first stands first
        self.took: dict[str, float] = dict.fromkeys(
            PATIENCE, 0.05
        )  # mean seconds of a request of a kind
        self.begun_at = -HOLD  # when the last one of a machine began
        self.refused: Counter[int] = Counter()  # since the process began, by status
        self.left = 0  # clients that went away before their turn

    # What may begin.

    def room_for(self, kind: str) -> int:
        """Count how many more of a kind may begin now."""
        others = self.running[MACHINES] + self.running[OTHERS]
        if kind == PEOPLE:
            return min(self.free, self.most[PEOPLE] - self.running[PEOPLE])
        left = min(
            self.free, self.most[kind] - self.running[kind], max(1, self.threads - 1) - others
        )
        return (
            min(left, self.machine_limit() - self.running[MACHINES]) if kind == MACHINES else left
        )

    def machine_limit(self) -> int:
        """Limit what machines may have under way: fewer while somebody works at pages."""
        now = self.clock()
        if self.running[PEOPLE]:
            return 1 if now - self.begun_at > HOLD else 0
        return (
            min(MACHINES_DURING_PAGES, self.most[MACHINES])
            if self.board.had_page_since(now - LATELY)
            else self.most[MACHINES]
        )

    def quota_share(self, kind: str) -> int:
        """The most that one hospital or address has under way, and each of its systems or
        sessions.
        """
        return (
            self.of_one
            if kind != MACHINES or self.machine_limit() > MACHINES_DURING_PAGES
            else max(1, MACHINES_DURING_PAGES // 2)
        )

    def can_begin(self, party: RequestParty) -> bool:
        return self.room_for(party.kind) > 0 and max(
            self.running[party.caller], self.running[party.member]
        ) < self.quota_share(party.kind)

    def mark_begun(self, party: RequestParty) -> None:
        self.free -= 1
        self.running.update({party.kind, party.member, party.caller})
        if party.kind == PEOPLE:
            self.board.mark_page(self.clock(), under_way=True)
        elif party.kind == MACHINES:
            self.begun_at = self.clock()

    def try_enter(self, party: RequestParty) -> bool:
        """Admit a request at once where there is room; `done` is owed for it then. Nobody passes
        those of its kind who wait.
        """
        with self.lock:
            if self.waiting[party.kind] or not self.can_begin(party):
                return False
            self.mark_begun(party)
            return True

    def mark_finished(self, party: RequestParty, seconds: float = 0.0) -> None:
        """Record that a request has ended. seconds: that it took."""
        with self.lock:
            self.free += 1
            if seconds:
                self.took[party.kind] += SMOOTH * (seconds - self.took[party.kind])
            for key in {party.kind, party.member, party.caller}:
                self.running[key] -= 1
                if not self.running[key]:
                    del self.running[key]
            if party.kind == PEOPLE:
                self.board.mark_page(self.clock(), under_way=self.running[PEOPLE] > 0)

    # Who waits.

    def offer(self, party: RequestParty, thing: Thing) -> AdmissionRefusal | None:
        """Queue a request. None: it waits for its turn. Refused at once where its turn would come
        too late, or too many wait.
        """
        with self.lock:
            member = self.queues.get((party.kind, party.member), {})
            queue = member.get(party.caller, ())
            too_many = (
                len(queue) >= MOST_WAITING or sum(map(len, member.values())) >= MOST_OF_MEMBER
            )
            late = self.estimate_wait(party)
            if too_many or self.waiting[party.kind] >= MOST_OF_KIND or late > PATIENCE[party.kind]:
                mine = too_many or 2 * len(queue) > self.waiting[party.kind]
                return self.build_refusal(429 if mine else 503, late)
            self.queues.setdefault((party.kind, party.member), {}).setdefault(
                party.caller, deque()
            ).append(WaitingRequest(party, thing, self.clock()))
            self.waiting[party.kind] += 1
            return None

    def estimate_wait(self, party: RequestParty) -> float:
        """Estimate in seconds how far away its turn is: those of its queue come one in each round,
        and at most everybody stands before it.
        """
        member = self.queues.get((party.kind, party.member), {})
        members = sum(kind == party.kind for kind, _ in self.queues)
        ahead = min(
            self.waiting[party.kind],
            len(member.get(party.caller, ())) * max(1, members) * max(1, len(member)),
        )
        return (
            ahead
            * self.took[party.kind]
            / max(1, self.machine_limit() if party.kind == MACHINES else self.of_one)
        )

    def build_refusal(self, status: int, late: float) -> AdmissionRefusal:
        """Build a refusal with a time after which to ask again that is not the same for all: who
        is refused in one moment does not come back in one.
        """
        self.refused[status] += 1
        return AdmissionRefusal(
            status,
            min(SLOWEST, 1 + int(max(1.0, late) * random.uniform(0.5, 1.5))),  # noqa: S311
        )

    def take_next(self) -> WaitingRequest[Thing] | None:
        """Take the next request: of the hospitals that may, that which waits longest for a turn,
        of its systems likewise; people before all. `done` is owed for it.
        """
        with self.lock:
            for key, member, one in self.walk_eligible():
                queue = member[one]
                found = queue[0]
                if self.can_begin(found.party):
                    self.remove_waiting(key, one, found, behind=True)
                    self.mark_begun(found.party)
                    return found
        return None

    def walk_eligible(
        self,
    ) -> Iterator[tuple[tuple[str, str], dict[str, deque[WaitingRequest[Thing]]], str]]:
        for people in (True, False):
            for key, member in self.queues.items():
                if (
                    (key[0] == PEOPLE) is people
                    and self.room_for(key[0]) > 0
                    and self.running[key[1]] < self.quota_share(key[0])
                ):
                    for one in member:
                        yield key, member, one

    def remove_waiting(
        self, key: tuple[str, str], one: str, waiting: WaitingRequest[Thing], *, behind: bool
    ) -> None:
        """behind: it had its turn, so that the rest of its queue comes after the others."""
        member = self.queues[key]
        queue = member[one]
        queue.remove(waiting)
        self.waiting[key[0]] -= 1
        if behind or not queue:
            del member[one]
            if queue:
                member[one] = queue
        if behind or not member:
            del self.queues[key]
            if member:
                self.queues[key] = member

    def drop_unserved(
        self, gone: Callable[[Thing], bool]
    ) -> Iterator[tuple[Thing, AdmissionRefusal | None]]:
        """Remove those who will not be served any more: None where the client is gone, else why it
        is refused. Each is out of the queue.
        """
        now = self.clock()
        with self.lock:
            every = [
                (key, one, w)
                for key, member in self.queues.items()
                for one, queue in member.items()
                for w in queue
            ]
        for key, one, w in every:
            left, late = gone(w.thing), now - w.since > PATIENCE[key[0]]
            if left or late:
                with self.lock:
                    self.remove_waiting(key, one, w, behind=False)
                    self.left += left
                    refused = None if left else self.build_refusal(503, self.estimate_wait(w.party))
                yield w.thing, refused

    def count_requests(self) -> dict[str, tuple[int, int]]:
        """kind -> (under way, waiting)."""
        with self.lock:
            return {kind: (self.running[kind], self.waiting[kind]) for kind in PATIENCE}

    def describe_waiting(self) -> tuple[int, float]:
        """How many wait for their turn, and for how many seconds the first of them has."""
        with self.lock:
            since = [queue[0].since for member in self.queues.values() for queue in member.values()]
            return self.waiting.total(), self.clock() - min(since) if since else 0.0
