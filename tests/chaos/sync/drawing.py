"""What the systems of a hospital have to say in a round, by draws of the seed: patients, results in
several versions, deletions, recalls, faulty ones, ones whose patient comes later, old ones again.
"""

import itertools
import random
from typing import Any

from records.agent.item import Item, derive_fhir_id, encode_resource
from tests.chaos.sync.book import Book, Key, Sent
from tests.factories.fhir import make_observation, make_patient

PATIENTS, LABORATORY = "his", "lis"  # sources: who registers patients, and who measures
MARK = "urn:chaos:serial"  # the identifier by which a content is known again
SERIALS = itertools.count(1)


class Drawing:
    """rng: of the round. Draws what is new with what the book holds."""

    def __init__(self, book: Book, rng: random.Random, mark: str) -> None:
        self.book, self.rng, self.mark = book, rng, mark
        self.count = itertools.count(1)
        self.known = [r for _, type, r in book.records if type == "Patient"][-40:]
        self.coming: list[str] = [  # of whom something is known already
            s.needs.removeprefix(f"{PATIENTS}-")
            for all_sent in book.records.values()
            for s in all_sent
            if s.needs and s.needs not in book.patients()
        ]
        self.drawn: dict[Key, list[Sent]] = {}

    def chunk(self, source: str, size: int) -> list[Sent]:
        """Items that are added together, of each record one."""
        keys: set[Key] = set()
        chunk = []
        while len(chunk) < size:
            sent = self.patient() if self.is_patient(source) else self.result(source)
            if sent.key not in keys:
                keys.add(sent.key)
                self.drawn.setdefault(sent.key, []).append(sent)
                chunk.append(sent)
        return chunk

    def is_patient(self, source: str) -> bool:
        return source == PATIENTS and (not self.known or self.rng.random() < 0.25)

    def earlier(self, key: Key) -> list[Sent]:
        return [*self.book.records.get(key, ()), *self.drawn.get(key, ())]

    def patient(self) -> Sent:
        """A new one, one of whom something has come already, or one that has changed."""
        draw, rest = self.rng.random(), [c for c in self.coming if c not in self.known]
        if rest and draw < 0.5:
            record = self.rng.choice(sorted(set(rest)))
        elif self.known and draw > 0.8:
            record = self.rng.choice(self.known)
        else:
            record = f"{self.mark}p{next(self.count)}"
        if record not in self.known:
            self.known.append(record)
        key = (PATIENTS, "Patient", record)
        good = self.rng.random() > 0.06 or any(s.good for s in self.earlier(key))
        resource = make_patient(mrn=record)
        if not good:
            resource["birthDate"] = "1958-02-31"
        return self.put(key, resource, good)

    def result(self, source: str) -> Sent:
        key = self.some_result(source)
        earlier, draw = self.earlier(key), self.rng.random()
        newest = max(earlier, key=lambda s: s.position, default=None)
        if newest and newest.item.action == "put" and draw < 0.25:
            return self.take_out(key, "delete" if draw < 0.12 else "recall")
        patient = earlier[0].item.patient if earlier else self.some_patient()
        resource = make_observation(f"Patient/{derive_fhir_id(PATIENTS, patient)}")
        if not (good := self.rng.random() > 0.06):
            resource["status"] = "finished"
        return self.put(key, resource, good, patient)

    def some_result(self, source: str) -> Key:
        """One that is known, or a new one."""
        keys = [k for k in (*self.book.records, *self.drawn) if k[:2] == (source, "Observation")]
        if keys and self.rng.random() < 0.4:
            return self.rng.choice(keys[-200:])
        return source, "Observation", f"{self.mark}r{next(self.count)}{source}"

    def some_patient(self) -> str:
        if self.rng.random() < 0.12 or not self.known:
            self.coming.append(f"{self.mark}c{next(self.count)}")
            return self.coming[-1]
        return self.rng.choice(self.known)

    def is_counted(self, record: str) -> bool:
        """Whether the source has no versions of it: the outbox counts then."""
        return record.endswith(("3", "7", f"3{LABORATORY}", f"7{LABORATORY}"))

    def version(self, key: Key, *, old: bool) -> int | None:
        if self.is_counted(key[2]):
            return None
        newest = max((s.item.version or 0 for s in self.earlier(key)), default=0)
        draw = self.rng.random()
        if old and newest and draw < 0.15:
            return self.rng.randint(0, newest - 1)
        if old and newest and draw < 0.22 and self.newest_is_good(key):
            return newest
        return newest + self.rng.randint(1, 3)

    def newest_is_good(self, key: Key) -> bool:
        newest = max(self.earlier(key), key=lambda s: s.position)
        return newest.good and newest.item.action == "put"

    def put(self, key: Key, resource: dict[str, Any], good: bool, patient: str = "") -> Sent:
        serial = next(SERIALS)
        resource.setdefault("identifier", []).append({"system": MARK, "value": str(serial)})
        month, day = self.rng.randint(1, 12), self.rng.randint(1, 28)
        earlier = self.earlier(key)
        item = Item(
            *key,
            encode_resource(resource),
            self.version(key, old=good),
            "put",
            earlier[0].item.day if earlier else f"2026-{month:02d}-{day:02d}",
            patient,
            f"检验.csv 第{serial}行",
        )
        return self.sent(item, serial, good, derive_fhir_id(PATIENTS, patient) if patient else "")

    def take_out(self, key: Key, action: str) -> Sent:
        first = self.earlier(key)[0].item
        version = self.version(key, old=False)
        item = Item(*key, b"", version, action, first.day, first.patient)
        return self.sent(item, next(SERIALS), True, "")

    def sent(self, item: Item, serial: int, good: bool, needs: str) -> Sent:
        self.book.arrivals += 1
        return Sent(item, serial, self.book.arrivals, good, needs)
