"""Judge one result: does it count for an item at a date, and where not, why. Pure.

A result counts by the alliance's catalogue (window, direction, qualification of its laboratory on
the day of the result), whatever it is marked with; the mark is told beside it.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from alliance.platform.dates import to_hospital_time
from records.meaning.observation_results import Result, read_results
from records.meaning.recognition_extension import PlacedMark, read_marks
from records.meaning.recognition_mark import RecognitionScope
from records.meaning.reference_ranges import PatientTraits
from records.meaning.report_result import read_report
from records.meaning.result_identity import concept_identity, specimen_kind, squeeze_text
from records.meaning.result_values import ValueKind
from records.meaning.sense import Words
from records.meaning.trend_joins import FINAL, WITHDRAWN, Gap, find_join, is_of_an_assay
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.recognition.catalogue_item import CatalogueItem

Json = dict[str, Any]


class Miss(StrEnum):
    """Why a result does not count."""

    WITHDRAWN = "withdrawn"
    UNREADABLE = "unreadable"
    NOT_FINAL = "not-final"
    NO_DATE = "no-date"
    NO_VALUE = "no-value"
    NO_WINDOW = "no-window"
    TOO_OLD = "too-old"
    SPECIMEN = "specimen"
    METHOD = "method"
    DIRECTION = "direction"
    NOT_QUALIFIED = "not-qualified"
    FAILED = "failed"


MISS_WORDS: dict[Miss, Words] = {
    Miss.WITHDRAWN: _("withdrawn: cancelled or entered in error"),
    Miss.UNREADABLE: _("it holds what changes its meaning and is not understood here"),
    Miss.NOT_FINAL: _("not final"),
    Miss.NO_DATE: _("without a date"),
    Miss.NO_VALUE: _("without a value"),
    Miss.NO_WINDOW: _("the alliance has set no window for this item"),
    Miss.TOO_OLD: _("too old"),
    Miss.SPECIMEN: _("other specimen"),
    Miss.METHOD: _("other method"),
    Miss.DIRECTION: _("your hospital does not recognise this hospital’s level for this item"),
    Miss.NOT_QUALIFIED: _("the laboratory was not qualified for this item on that day"),
    Miss.FAILED: _("the laboratory has failed external quality assessment"),
}


@dataclass(frozen=True, slots=True)
class Laboratory:
    """Whose result it is: the code and tier of its hospital."""

    hospital: str
    tier: str


@dataclass(frozen=True, slots=True)
class JudgedResult:
    """miss: None where it counts; left: days for which it still does; own: of the asking
    hospital; gap: why its number is not to be compared with the asking hospital's, None where it
    is; like: whether that was found by a result of the asking hospital, and not by the kind of test
    alone; quality: of the laboratory, as far as known.
    """

    result: Result
    hospital: str
    ref: str
    day: dt.date | None
    miss: Miss | None
    left: int | None
    own: bool
    marks: tuple[PlacedMark, ...]
    gap: Gap | None
    quality: str

    @property
    def counts(self) -> bool:
        return self.miss is None

    @property
    def is_report(self) -> bool:
        """An examination's: its words are not compared with others'."""
        return "/DiagnosticReport/" in self.ref


def is_report(resource: Json) -> bool:
    return resource.get("resourceType") == "DiagnosticReport"


def read_result(resource: Json, hospital: str) -> Result | None:
    """The Observation's own value, or the report's conclusion, as a line."""
    if is_report(resource):
        return read_report(resource, hospital)
    lines = read_results(resource, PatientTraits(), hospital)
    return lines[0] if lines else None


def judge_result(
    resource: Json,
    item: CatalogueItem,
    laboratory: Laboratory,
    asking: Laboratory,
    date: dt.date,
    *,
    ref: str = "",
    reports: tuple[str, ...] = (),
    before: Result | None = None,
) -> JudgedResult | None:
    """date: on which the test would be made; reports: texts of the reports that it stands in;
    before: a result of the asking hospital's own. None for what was measured after that date.
    """
    result = read_result(resource, laboratory.hospital)
    if result is None:
        return None
    starts = result.moment.starts
    day = to_hospital_time(starts).date() if starts else None
    if day is not None and day > date:
        return None
    own = laboratory.hospital == asking.hospital
    qualified = item.find_qualification(laboratory.hospital, day) if day else None
    age = (date - day).days if day else None
    miss = (
        find_fault(resource, result)
        or find_window_fault(item, age)
        or find_kind_fault(resource, item)
        or (None if own else find_laboratory_fault(item, laboratory, asking, qualified))
    )
    return JudgedResult(
        result,
        laboratory.hospital,
        ref,
        day,
        miss,
        item.window - age if miss is None and item.window is not None and age is not None else None,
        own,
        tuple(read_marks(resource, reports)),
        None if own or is_report(resource) else find_gap(result, laboratory, before, asking),
        qualified.quality if qualified else "unknown",
    )


def find_fault(resource: Json, result: Result) -> Miss | None:
    if result.status in WITHDRAWN:
        return Miss.WITHDRAWN
    if has_unknown_modifier(resource):
        return Miss.UNREADABLE
    if result.status not in FINAL - {"unknown", ""}:
        return Miss.NOT_FINAL
    if result.value.kind in (ValueKind.NOTHING, ValueKind.ABSENT):
        return Miss.NO_VALUE
    return None


def find_window_fault(item: CatalogueItem, age: int | None) -> Miss | None:
    if age is None:
        return Miss.NO_DATE
    if item.window is None:
        return Miss.NO_WINDOW
    return Miss.TOO_OLD if age > item.window else None


def find_kind_fault(resource: Json, item: CatalogueItem) -> Miss | None:
    """Specimen and method, where the item asks for some and the result tells its own."""
    specimen = specimen_kind(resource)
    if specimen and item.specimens and specimen not in set(map(squeeze_text, item.specimens)):
        return Miss.SPECIMEN
    method = concept_identity(resource.get("method"))
    if method and item.methods and method not in set(map(squeeze_text, item.methods)):
        return Miss.METHOD
    return None


def find_laboratory_fault(
    item: CatalogueItem, laboratory: Laboratory, asking: Laboratory, qualified: Any
) -> Miss | None:
    if not item.recognises(asking.tier, laboratory.tier):
        return Miss.DIRECTION
    if qualified is None:
        return Miss.NOT_QUALIFIED
    return Miss.FAILED if qualified.quality == "failed" else None


def find_gap(
    result: Result, laboratory: Laboratory, before: Result | None, asking: Laboratory
) -> Gap | None:
    """Why a number is not to be compared with the asking hospital's, by the rules of trends: with
    its newest own result, else by the kind of test alone.
    """
    if before is not None:
        return find_join(before, result, asking.hospital, laboratory.hospital).gap
    if result.number is None:
        return Gap.WORDS
    if result.unit.odd:
        return Gap.UNIT_ODD
    if not result.unit.code:
        return Gap.UNIT_MISSING
    return Gap.METHOD_UNKNOWN if is_of_an_assay(result) else None


def mark_applies(placed: PlacedMark, item: CatalogueItem) -> bool:
    """Whether a mark speaks of the item's own place: "武汉HR" counts in that city only."""
    mark = placed.mark
    if mark.scope is RecognitionScope.PLACE:
        return bool(item.place) and mark.place.rstrip("省市") == item.place.rstrip("省市")
    return mark.scope is not RecognitionScope.UNSAID
