"""One fact and what several entries say of it: the same problem or medicine of several hospitals,
or of one hospital several times, is one line with all its statements, none averaged, none dropped.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from alliance.platform.dates import EARLIEST_INSTANT
from records.meaning.drug_names import Drug
from records.meaning.phrase import Json
from records.meaning.resource_facts import DATED
from records.meaning.resource_reading import interpret_resource
from records.meaning.sense import ReadingMark, ResourceReading, Sense
from records.meaning.times import Moment, moment_of_element
from records.meaning.value_text import drop_nulls

# The reading under which a fact stands: what may harm if it is overlooked goes before what would
# let it be overlooked
PRECEDENCE = (
    Sense.CURRENT,
    Sense.FORBIDDEN,
    Sense.UNCERTAIN,
    Sense.PROPOSED,
    Sense.PAST,
    Sense.NEGATIVE,
    Sense.UNASKED,
)
UNNAMED = Drug("")
HELD = frozenset({Sense.CURRENT, Sense.UNCERTAIN})
NOT_HELD = frozenset({Sense.PAST, Sense.NEGATIVE})


@dataclass(frozen=True, slots=True)
class Statement:
    """What one entry says. place: its place among those that were handed in; source: the code of
    its hospital; at: its clinical date; said: when it was written down, else that date.
    """

    place: int
    source: str
    reading: ResourceReading
    at: Moment
    said: Moment
    resource: Json = field(compare=False)

    @property
    def when(self) -> dt.datetime:
        return self.said.starts or self.at.starts or EARLIEST_INSTANT


@dataclass(frozen=True, slots=True)
class Fact:
    """statements: the one that leads first; names: other names that entries give it; against: the
    statements that contradict the reading under which it stands; before: older ones of other
    hospitals that it was over; drug: of a medicine; differs:
    current entries give different doses.
    """

    statements: tuple[Statement, ...]
    names: tuple[str, ...] = ()
    against: tuple[Statement, ...] = ()
    before: tuple[Statement, ...] = ()
    drug: Drug = UNNAMED
    differs: bool = False

    @property
    def lead(self) -> Statement:
        return self.statements[0]

    @property
    def sense(self) -> Sense:
        return self.lead.reading.sense

    @property
    def title(self) -> str:
        return self.lead.reading.title

    @property
    def current(self) -> tuple[Statement, ...]:
        return tuple(s for s in self.statements if s.reading.sense in HELD)


def read_statements(entries: Iterable[tuple[str, Json]], *written: str) -> list[Statement]:
    """entries: (hospital, resource); written: the elements that say when an entry was written
    down. What is void, or not understood, is no statement.
    """
    out = []
    for place, (source, resource) in enumerate(entries):
        r = drop_nulls(resource)
        reading = interpret_resource(r)
        if reading.sense is not Sense.VOID:
            at = moment_of_element(r, *DATED[str(r.get("resourceType"))])
            out.append(Statement(place, source, reading, at, moment_of_element(r, *written), r))
    return out


def statement_order(s: Statement) -> tuple[object, ...]:
    """The one that a fact stands under first: the reading that must not be overlooked, then what
    is said without reserve, then the newest.
    """
    reserves: tuple[ReadingMark, ...] = s.reading.marks
    return (
        PRECEDENCE.index(s.reading.sense),
        len(reserves),
        -s.when.timestamp(),
        s.reading.title,
        s.source,
        s.place,
    )


def find_contradictions(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Of statements in their order: those that say it is not so, or that it is over and are no
    older than the newest that says it holds. What another hospital has ruled out contradicts
    whenever that was; without dates nobody knows which is older.
    """
    held = [s for s in statements if s.reading.sense in HELD]
    if not held:
        return ()
    newest, sources = max(s.when for s in held), {s.source for s in held}
    return tuple(
        s
        for s in statements
        if s.reading.sense in NOT_HELD
        and (
            s.when >= newest
            or EARLIEST_INSTANT in (s.when, newest)
            or (s.reading.sense is Sense.NEGATIVE and s.source not in sources)
        )
    )


def other_names(statements: tuple[Statement, ...]) -> tuple[str, ...]:
    names = dict.fromkeys(s.reading.title for s in statements)
    return tuple(n for n in names if n != statements[0].reading.title)


def fact_order(fact: Fact) -> tuple[object, ...]:
    """The newest first, always in one order."""
    newest = max(s.when for s in fact.statements if s.reading.sense is fact.sense)
    return (-newest.timestamp(), fact.title, fact.lead.source, fact.lead.place)
