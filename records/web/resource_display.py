"""FHIR resources in the words of a page: title, date, marks, small print. Pure; what a resource
says is read in `records/meaning`.
"""

import datetime as dt
from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy

from alliance.models import Hospital
from alliance.platform.dates import EARLIEST_INSTANT
from records.meaning.code_words import CodeWords, is_mapped, list_code_words
from records.meaning.lifetime import DateDoubt, Lifetime, find_date_doubt
from records.meaning.resource_facts import DATED
from records.meaning.resource_reading import interpret_resource
from records.meaning.sense import ReadingMark, ReadingNote, ResourceReading, Sense
from records.meaning.times import NEVER, Moment, moment_of_element
from records.operations.shared_record import ShownResource

DOUBT_TEXT = {
    DateDoubt.BEFORE_BIRTH: gettext_lazy("before the birth date"),
    DateDoubt.AFTER_DEATH: gettext_lazy("after the death"),
}


@dataclass(frozen=True, slots=True)
class DisplayLine:
    """One row of a list. at: when, on the hospital's clock; sense, marks, facts, notes: as read;
    href: the page that opens it; unseen: whether the reader's last look missed it; received: when
    it was stored; codes: as sent.
    """

    title: str
    hospital: Hospital
    at: Moment = NEVER
    facts: tuple[str, ...] = ()
    code: str = ""
    url: str = ""
    text: str = ""
    sense: Sense = Sense.CURRENT
    marks: tuple[ReadingMark, ...] = ()
    notes: tuple[ReadingNote, ...] = ()
    odd: DateDoubt = DateDoubt.NONE
    href: str = ""
    unseen: bool = False
    received: dt.datetime | None = None
    codes: tuple[CodeWords, ...] = ()

    @property
    def doubt(self) -> str:
        """What is odd about its date."""
        return str(DOUBT_TEXT.get(self.odd, ""))

    @property
    def mapped(self) -> bool:
        """Whether one of its codes is of a system that all hospitals mean alike."""
        return is_mapped(self.codes)

    @property
    def date(self) -> str:
        return self.at.shown

    @property
    def sent(self) -> str:
        """The date as it was sent, where it reads otherwise."""
        return self.at.sent

    @property
    def when(self) -> dt.datetime | None:
        return self.at.starts


def build_display_line(s: ShownResource, known: ResourceReading | None = None) -> DisplayLine:
    """One resource as a row of a list; known: its reading, where that was made already."""
    reading = known or interpret_resource(s.resource)
    return DisplayLine(
        reading.title,
        s.hospital,
        moment_of_element(s.resource, *DATED[s.resource["resourceType"]]),
        reading.facts,
        reading.code,
        s.url,
        reading.text,
        reading.sense,
        reading.marks,
        reading.notes,
        unseen=s.unseen,
        received=s.received,
        codes=list_code_words(s.resource),
    )


def mark_doubtful_dates(lines: list[DisplayLine], life: Lifetime) -> list[DisplayLine]:
    """Those whose date lies before the patient's birth or after their death say so."""
    return [replace(x, odd=odd) if (odd := find_date_doubt(x.at, life)) else x for x in lines]


def sort_newest_first(lines: list[DisplayLine]) -> list[DisplayLine]:
    """The newest first; what has one time always stands in one order."""
    return sorted(
        lines,
        key=lambda x: (-(x.when or EARLIEST_INSTANT).timestamp(), x.title, x.hospital.code, x.url),
    )
