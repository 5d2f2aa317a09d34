"""What was acknowledged to a hospital's systems, and so what must stand on the platform: a model
of docs/sync.md without a database. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from records.agent.item import Item, derive_fhir_id

Key = tuple[str, str, str]  # source, type, record
Position = tuple[int, int]  # of an item among those of its record: version and arrival


@dataclass(frozen=True)
class Sent:
    """An item that was acknowledged. serial: the number that its content has and no other's; needs:
    the FHIR id of the patient that it is about; good: the platform can store it.
    """

    item: Item
    serial: int
    arrival: int
    good: bool = True
    needs: str = ""

    @property
    def key(self) -> Key:
        return self.item.source, self.item.type, self.item.record

    @property
    def position(self) -> Position:
        """Without versions the order of arrival decides."""
        return self.item.version or 0, self.arrival


@dataclass(frozen=True)
class Expected:
    """Of a record. stands: the newest item that can be done, or None; letter: "open" or "waiting"
    where its newest cannot; version: of that one. or_older: what waited may have given way to it,
    so that less stands than could.
    """

    stands: Sent | None
    letter: str = ""
    version: int | None = None
    or_older: tuple[Sent | None, ...] = ()

    def is_met(self, version: int | None, digest: str, state: str) -> bool:
        """version, digest and state: as the ledger has them."""
        return any(
            (state, digest) == ((STATES[s.item.action], s.item.hash) if s else ("", ""))
            and (s is None or s.item.version in (None, version))
            for s in (self.stands, *self.or_older)
        )


STATES = {"put": "stored", "delete": "deleted", "recall": "recalled"}


@dataclass
class Book:
    """Of one hospital."""

    records: defaultdict[Key, list[Sent]] = field(default_factory=lambda: defaultdict(list))
    arrivals: int = 0

    def acknowledge(self, sent: Sent) -> None:
        self.records[sent.key].append(sent)

    def patients(self) -> set[str]:
        """Ids of those that are there once all is done."""
        return {
            derive_fhir_id(source, record)
            for (source, type, record), all_sent in self.records.items()
            if type == "Patient" and any(s.good and s.item.action == "put" for s in all_sent)
        }

    def expect(self) -> dict[Key, Expected]:
        patients = self.patients()
        return {key: expect_record(sent, patients) for key, sent in self.records.items()}


def expect_record(all_sent: Iterable[Sent], patients: set[str]) -> Expected:
    in_order = sorted(all_sent, key=lambda s: s.position)
    stands = [s for s in in_order if s.good and (not s.needs or s.needs in patients)]
    newest = in_order[-1]
    if stands and stands[-1] is newest:
        return Expected(newest)
    letter = "waiting" if newest.good else "open"
    or_older = (None, *stands[:-1]) if letter == "open" and any(s.needs for s in stands) else ()
    return Expected(stands[-1] if stands else None, letter, newest.item.version, or_older)


# What was found on the platform, and what is wrong with it

Ledger = Mapping[Key, tuple[int | None, str, str]]  # version, hash, state
Letters = Mapping[Key, Mapping[int | None, set[str]]]  # version: states


def find_lost(expected: Mapping[Key, Expected], ledger: Ledger, letters: Letters) -> list[str]:
    """What was acknowledged, and neither stands there in its newest version nor is a dead letter;
    and what stands there and never was.
    """
    wrong = []
    for key, one in expected.items():
        version, digest, state = ledger.get(key, (None, "", ""))
        if not one.is_met(version, digest, state):
            must = one.stands.item if one.stands else None
            wrong.append(
                f"lost: {key} is {state or 'not there'}, version {version} {digest[:8]}; must be"
                + (f" {must.action} {must.version} {must.hash[:8]}" if must else " nowhere")
            )
        found = letters.get(key, {})
        states = set().union(*found.values()) if one.version is None else found.get(one.version, ())
        if one.letter and one.letter not in states:
            wrong.append(f"lost: {key} version {one.version} is no letter that is {one.letter}")
        if not one.letter and one.stands:
            left = [
                (v, s) for v, s in found.items()
                if "waiting" in s and (v is None or v >= (version or 0))
            ]  # fmt: skip
            if left:
                wrong.append(f"lost: {key} still waits: {left}")
    return wrong + [f"invented: {key}" for key in ledger if key not in expected]


@dataclass(frozen=True)
class Told:
    """A version of a resource, as the store's history tells it. serial: of its content, 0 of a
    deletion; action: what made it; moment: of its transaction.
    """

    fhir_key: str  # Observation/lis-1
    number: int
    action: str
    serial: int = 0
    moment: str = ""


def find_disorder(told: Iterable[Told], sent: Mapping[str, list[Sent]]) -> list[str]:
    """Doubled or out of order: numbers of versions have no gap, each change that was sent stands
    there once at most, and later ones behind earlier ones. sent: by Observation/lis-1.
    """
    wrong: list[str] = []
    last: dict[str, tuple[int, Position]] = {}
    for one in told:
        number, position = last.get(one.fhir_key, (0, (-1, -1)))
        if one.number != number + 1:
            wrong.append(f"doubled or lost: {one.fhir_key} has version {one.number} after {number}")
        able = sorted(
            s.position
            for s in sent.get(one.fhir_key, ())
            if s.item.action == one.action and one.serial in (0, s.serial)
        )
        later = [p for p in able if p > position]
        if not able:
            wrong.append(f"invented: {one.fhir_key} {one.action} {one.serial}")
        elif not later:
            wrong.append(
                f"doubled or out of order: {one.fhir_key}, version {one.number}, {one.action}"
                f" {one.serial} at {able} after {position}"
            )
        last[one.fhir_key] = (one.number, later[0] if later else position)
    return wrong


def find_orphans(told: Iterable[Told], needs: Mapping[str, str]) -> list[str]:
    """What came before its patient, by the place in the feed and by the database's clock: streams
    go side by side, and the feed tells what was begun first. needs: {Observation/lis-1:
    Patient/his-1}.
    """
    listed = list(told)
    first = {one.fhir_key: (i, one.moment) for i, one in reversed(list(enumerate(listed)))}
    wrong = []
    for key, patient in needs.items():
        place, moment = first.get(key, (-1, ""))
        since, made = first.get(patient, (len(listed), "~"))
        if place >= 0 and since > place and made > moment:
            wrong.append(f"out of order: {key} before {patient}")
    return wrong


def find_number_faults(
    ours: Mapping[tuple[str, int], str], theirs: Mapping[tuple[str, int], str]
) -> list[str]:
    """Batches that were answered, {(stream, number): root}: numbers without a gap, the same on both
    sides.
    """
    wrong = []
    streams: dict[str, list[int]] = {}
    for stream, number in sorted(ours):
        streams.setdefault(stream, []).append(number)
    for stream, numbers in streams.items():
        if numbers != list(range(1, len(numbers) + 1)):
            wrong.append(f"numbers: {stream} has {numbers[:5]}…{numbers[-5:]}")
    differing = sorted(set(ours.items()) ^ set(theirs.items()))
    return wrong + [f"numbers: {one} is not on both sides" for one in differing[:5]]
