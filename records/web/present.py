"""FHIR resources in the words of a page: title, date, marks, small print. Pure; what a resource says is read in `records/meaning`."""

import datetime as dt
from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy

from alliance.config.dates import LOW
from alliance.models import Hospital
from records.interactions.record import Shown
from records.meaning.facts import DATED
from records.meaning.lifetime import Doubt, Lifetime, doubt
from records.meaning.read import read
from records.meaning.sense import Mark, Note, Sense
from records.meaning.times import NEVER, Moment, moment_of

DOUBTS = {Doubt.BEFORE_BIRTH: gettext_lazy("before the birth date"), Doubt.AFTER_DEATH: gettext_lazy("after the death")}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a list. at: when, on the hospital's clock; sense, marks, facts, notes: as read; sources: all hospitals that say it, where several do."""

    title: str
    hospital: Hospital
    at: Moment = NEVER
    facts: tuple[str, ...] = ()
    code: str = ""
    url: str = ""
    text: str = ""
    sense: Sense = Sense.CURRENT
    marks: tuple[Mark, ...] = ()
    notes: tuple[Note, ...] = ()
    sources: tuple[Hospital, ...] = ()
    odd: Doubt = Doubt.NONE

    @property
    def doubt(self) -> str:
        """What is odd about its date."""
        return str(DOUBTS.get(self.odd, ""))

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


def line(s: Shown) -> Line:
    """One resource as a row of a list."""
    reading = read(s.resource)
    return Line(
        reading.title, s.hospital, moment_of(s.resource, *DATED[s.resource["resourceType"]]), reading.facts, reading.code, s.url, reading.text, reading.sense, reading.marks, reading.notes)


def doubted(lines: list[Line], life: Lifetime) -> list[Line]:
    """Those whose date lies before the patient's birth or after their death say so."""
    return [replace(x, odd=odd) if (odd := doubt(x.at, life)) else x for x in lines]


def newest(lines: list[Line]) -> list[Line]:
    """The newest first; what has one time always stands in one order."""
    return sorted(lines, key=lambda x: (-(x.when or LOW).timestamp(), x.title, x.hospital.code, x.url))
