"""Results for a page: each with its hospital, in the reader's language."""

import datetime as dt
from dataclasses import dataclass

from alliance.models import Hospital
from records.meaning import resource_reading
from records.meaning.code_words import (
    CodeWords,
    is_mapped,
    list_code_words,
    say_value_as_sent,
)
from records.meaning.lifetime import UNKNOWN, DateDoubt, Lifetime, find_date_doubt
from records.meaning.observation_results import Result, read_results
from records.meaning.recognition_words import say_mark
from records.meaning.reference_ranges import PatientTraits
from records.meaning.result_flags import ResultFlag
from records.meaning.result_kinds import ResultKind, kind_of_observation
from records.meaning.result_wording import (
    flag_sign,
    flag_words,
    is_reader_chinese,
    laboratory_words,
    unit_words,
    value_words,
)
from records.meaning.sense import ReadingMark, ReadingNote, Sense
from records.operations.shared_record import ShownResource
from records.web.resource_display import DOUBT_TEXT


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One value of one Observation and where it comes from; marks: its states other than final;
    facts, notes: as read; unseen: whether the reader's last look missed it; received: when it was
    stored; codes, value_sent: of the Observation as sent.
    """

    result: Result
    hospital: Hospital
    url: str
    marks: tuple[ReadingMark, ...] = ()
    facts: tuple[str, ...] = ()
    notes: tuple[ReadingNote, ...] = ()
    odd: DateDoubt = DateDoubt.NONE
    unseen: bool = False
    received: dt.datetime | None = None
    codes: tuple[CodeWords, ...] = ()
    value_sent: str = ""
    kind: ResultKind = ResultKind.LABORATORY

    @property
    def mapped(self) -> bool:
        """Whether one of its codes is of a system that all hospitals mean alike."""
        return is_mapped(self.codes)

    @property
    def doubt(self) -> str:
        """What is odd about its date."""
        return str(DOUBT_TEXT.get(self.odd, ""))

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
        return laboratory_words(self.result)

    @property
    def abnormal(self) -> bool:
        """Whatever somebody may have to look at: above, below, positive, not to be told, and what
        the laboratory and its own range do not agree on.
        """
        return self.flag not in ("", ResultFlag.NORMAL.value) or self.contradicts

    @property
    def recognised(self) -> list[tuple[str, str]]:
        """(word, mark as sent) of each mark of mutual recognition."""
        return [(say_mark(m), m.sent) for m in self.result.recognised]

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


def build_result_lines(
    s: ShownResource, patient: PatientTraits, life: Lifetime = UNKNOWN
) -> list[ResultLine]:
    """None of a result that is no fact: cancelled, entered in error, or not to be understood."""
    said = resource_reading.interpret_resource(s.resource)
    if said.sense is Sense.VOID:
        return []
    codes, value_sent = list_code_words(s.resource), say_value_as_sent(s.resource)
    kind = kind_of_observation(s.resource)
    return [
        ResultLine(
            r,
            s.hospital,
            s.url,
            said.marks,
            said.facts,
            said.notes,
            find_date_doubt(r.moment, life),
            s.unseen,
            s.received,
            codes,
            value_sent,
            kind,
        )
        for r in read_results(s.resource, patient, s.hospital.code, is_reader_chinese())
    ]
