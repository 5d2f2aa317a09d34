"""Problems and medicines as lines of a page: one a fact, with all its entries."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from records.meaning.facts import Fact, Statement
from records.meaning.lifetime import UNKNOWN, Lifetime
from records.meaning.phrase import Json
from records.meaning.sense import ReadingMark, ReadingNote, ResourceReading, Sense
from records.operations.shared_record import ShownResource
from records.web.resource_display import DisplayLine, build_display_line, mark_doubtful_dates

SHOWN_FIRST = 3  # entries of a fact that stand in its line; all of them are one click away
OVER: dict[Sense, Callable[[], str]] = {
    Sense.PAST: lambda: _("over"),
    Sense.NEGATIVE: lambda: _("ruled out"),
}


@dataclass(frozen=True, slots=True)
class FactLine:
    """shown: entries that stand in the line, where there are several that say more than the name;
    facts: of the one, where there is one; entries: all; against: who says otherwise; before: who
    said earlier that it was over; names: other names that the line does not show; marks, notes:
    of the entry that leads.
    """

    title: str
    sense: Sense
    entries: tuple[DisplayLine, ...]
    shown: tuple[DisplayLine, ...] = ()
    facts: tuple[str, ...] = ()
    marks: tuple[ReadingMark, ...] = ()
    notes: tuple[ReadingNote, ...] = ()
    against: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    hospitals: tuple[str, ...] = ()
    differs: bool = False

    @property
    def unseen(self) -> bool:
        """Whether the reader's last look missed one of its entries."""
        return any(x.unseen for x in self.entries)

    @property
    def lead(self) -> DisplayLine:
        return self.entries[0]


def build_fact_lines(
    found: Sequence[ShownResource],
    merge: Callable[[Iterable[tuple[str, Json]]], list[Fact]],
    life: Lifetime = UNKNOWN,
) -> list[FactLine]:
    """merge: of problems or of medicines."""
    facts = merge((s.hospital.code, s.resource) for s in found)
    return [build_fact_line(fact, found, life) for fact in facts]


def build_fact_line(
    fact: Fact, found: Sequence[ShownResource], life: Lifetime = UNKNOWN
) -> FactLine:
    entries = mark_doubtful_dates(
        [build_display_line(found[s.place], s.reading) for s in fact.statements], life
    )
    of_sense = [x for x in entries if x.sense is fact.sense]
    distinct: dict[tuple[object, ...], DisplayLine] = {}
    for x in of_sense:
        distinct.setdefault((x.facts, x.marks, x.hospital.code), x)
    several = len(distinct) > 1 and any(x.facts or x.marks != entries[0].marks for x in of_sense)
    shown = tuple(distinct.values())[:SHOWN_FIRST] if several else ()
    return FactLine(
        fact.title,
        fact.sense,
        tuple(entries),
        shown,
        () if several else entries[0].facts,
        entries[0].marks,
        tuple(dict.fromkeys(n for x in of_sense for n in x.notes)),
        tuple(dict.fromkeys(say_against(s, found) for s in fact.against)),
        tuple(dict.fromkeys(say_against(s, found) for s in fact.before)),
        tuple(n for n in fact.names if n not in {x.title for x in shown}),
        tuple(dict.fromkeys(str(x.hospital) for x in entries)),
        fact.differs,
    )


def say_against(s: Statement, found: Sequence[ShownResource]) -> str:
    return describe_against(str(found[s.place].hospital), s.reading, s.said.day or s.at.day)


def describe_against(hospital: str, reading: ResourceReading, day: str) -> str:
    """Who says otherwise, in which words, when."""
    said = " · ".join(m.text for m in reading.marks) or OVER.get(reading.sense, str)()
    words = _("%(hospital)s: %(said)s") % {"hospital": hospital, "said": said}
    return f"{words} {day}".strip()
