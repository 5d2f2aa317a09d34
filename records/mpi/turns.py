"""The registrations of one write take turns: each is decided as if it had come alone after those before it. What does not touch is asked for together and
linked together, for a statement costs more than what it asks."""

import time
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from records.fhir.issues import Issue, TooLarge
from records.fhir.limits import MATCHING
from records.mpi import link
from records.mpi.arrive import Verdict, rule, weigh
from records.mpi.beside import NOBODY, Beside, beside, meeting
from records.mpi.link import Placing
from records.mpi.news import News
from records.mpi.settle import part

TOGETHER = 50  # arrivals that are asked for at once: a crowded one brings some hundred others
# index: records_sourcepatient_pkey
CROWDED = "UPDATE records_sourcepatient SET crowded_at = now() WHERE id = %s"


class Turns:
    """changed: persons to whom something has happened since the last question; pending: links that are not written yet, no two of one person."""

    def __init__(self, new: Sequence[News]) -> None:
        self.new = new
        self.place = {n.id: i for i, n in enumerate(new)}
        self.holders: dict[int, list[int]] = defaultdict(list)
        for n in new:
            for key in n.blocks:
                self.holders[key].append(n.id)
        self.spent = 0.0  # seconds of this thread that comparing has taken
        self.pending: list[Placing] = []
        self.changed: set[UUID] = set()
        self.moved: dict[int, UUID] = {}

    def take(self) -> dict[int, UUID]:
        """{registration: its new person} of those that were moved."""
        meet = meeting({n.id: n.blocks for n in self.new}) if len(self.new) > 1 else set(self.place)
        due = [n for n in self.new if n.id in meet]
        for at in range(0, len(due), TOGETHER):
            self.together(due[at : at + TOGETHER])
        return self.moved

    def together(self, group: Sequence[News]) -> None:
        first = self.place[group[0].id]
        found = beside(group, {n.id for n in self.new[first:]})
        self.changed, passed = set(), first
        for n in group:
            turn = self.place[n.id]
            self.changed |= {self.moved.get(x.id, x.person) for x in self.new[passed:turn] if x.renewed}
            passed = turn
            if self.stale(n, found.get(n.id, NOBODY), range(first, turn)):
                self.write()
                found |= {n.id: NOBODY} | beside([n], {x.id for x in self.new[turn:]})
            self.decide(n, found.get(n.id, NOBODY))
        self.write()

    def stale(self, n: News, found: Beside, since: range) -> bool:
        """Whether one who has had his turn since the question shares a block with this one, or has come to a person beside it."""
        return any(self.place[i] in since for key in n.blocks for i in self.holders[key]) or any(o.person in self.changed for o in found.others)

    def decide(self, n: News, found: Beside) -> None:
        """Link, or ask a human, or neither. What a human has said stays."""
        person = n.person
        verdict = self.weighed(n, found)
        if verdict.review:
            link.ask(n.id, verdict.review)
        if verdict.crowded:
            with connection.cursor() as cursor:
                cursor.execute(CROWDED, [n.id])
        if verdict.link is not None:
            self.pending.append(Placing(n.id, person, verdict.link, verdict.way, verdict.reasons))
            self.changed |= {person, verdict.link}
        if verdict.part and n.id not in self.write():
            for nameless, twin in verdict.part:
                parted = part(nameless, by=rule())
                self.moved |= parted
                self.changed |= {o.person for o in found.others} | set(parted.values())
                link.ask(nameless, [(twin, ("held:rivals",)), (n.id, ("held:rivals",))])

    def weighed(self, n: News, found: Beside) -> Verdict:
        """Raises TooLarge where several come together that look so much alike that comparing them would hold up everybody else."""
        if self.spent > MATCHING and len(self.new) > 1:
            raise TooLarge(Issue("too-costly", f"The Patients of this body look so much alike that comparing them takes longer than {MATCHING} seconds: send them in several bodies, or one by one.",
                                 n.arrival.place or "Patient"))
        began = time.thread_time()
        try:
            return weigh(n.profile, n.person, found)
        finally:
            self.spent += time.thread_time() - began

    def write(self) -> set[int]:
        """Who of the pending ones are linked now."""
        placed, self.pending = link.place(self.pending, by=rule()) if self.pending else [], []
        self.moved |= {row: person for _, row, person in placed}
        return {source for source, _, _ in placed}
