"""Results for a page: each with its hospital, in the reader's language; those of one test together."""

from dataclasses import dataclass

from alliance.models import Hospital
from records.interactions.record import Shown
from records.meaning import read as reading
from records.meaning.lifetime import UNKNOWN, Doubt, Lifetime, doubt
from records.meaning.ranges import Patient
from records.meaning.results import Result, read
from records.meaning.sense import Mark, Note, Sense
from records.meaning.trend import Trend, group
from records.meaning.wording import chinese, flag_sign, flag_words, unit_words, value_words
from records.web.present import DOUBTS


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One value of one Observation and where it comes from; marks: its states other than final; facts, notes: as read."""

    result: Result
    hospital: Hospital
    url: str
    marks: tuple[Mark, ...] = ()
    facts: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    odd: Doubt = Doubt.NONE

    @property
    def doubt(self) -> str:
        """What is odd about its date."""
        return str(DOUBTS.get(self.odd, ""))

    @property
    def title(self) -> str:
        return self.result.title

    @property
    def value(self) -> str:
        return value_words(self.result)

    @property
    def unit(self) -> str:
        return unit_words(self.result)

    @property
    def flag(self) -> str:
        return self.result.flag.value

    @property
    def critical(self) -> bool:
        return self.result.flag.critical

    @property
    def sign(self) -> str:
        return flag_sign(self.result)

    @property
    def word(self) -> str:
        return flag_words(self.result)

    @property
    def said(self) -> str:
        """The laboratory's own words, unless the page's are the same."""
        return "" if self.result.said in ("", self.word, self.sign) else self.result.said

    @property
    def contradicts(self) -> bool:
        return self.result.contradicts

    @property
    def range(self) -> str:
        return self.result.range

    @property
    def date(self) -> str:
        return self.result.moment.shown

    @property
    def sent(self) -> str:
        """The time as it was sent, where it reads otherwise."""
        return self.result.moment.sent


def result_lines(s: Shown, patient: Patient, life: Lifetime = UNKNOWN) -> list[ResultLine]:
    """None of a result that is no fact: cancelled, entered in error, or not to be understood."""
    said = reading.read(s.resource)
    if said.sense is Sense.VOID:
        return []
    return [ResultLine(r, s.hospital, s.url, said.marks, said.facts, said.notes, doubt(r.moment, life)) for r in read(s.resource, patient, s.hospital.code, chinese())]


def trends(lines: list[ResultLine]) -> list[Trend[ResultLine]]:
    """Those of one test together, the newest first."""
    return group(lines)
