"""Results that count elsewhere, as lines of a page."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from alliance.models import Hospital
from records.meaning.recognition_words import say_mark
from records.meaning.result_identity import ALIASES, LOINC, list_codings
from records.meaning.result_wording import is_reader_chinese, result_words
from records.meaning.sense import Words
from records.meaning.trend_joins import GAP_WORDS
from records.models import RecognitionPrompt
from records.operations.shared_record import ShownResource
from records.recognition.catalogue_item import CatalogueItem
from records.recognition.judge_result import (
    MISS_WORDS,
    JudgedResult,
    Laboratory,
    judge_result,
    mark_applies,
)
from records.recognition.quote import write_quote
from records.recognition.repeat_reasons import REPEAT_REASONS

QUALITY_WORDS: dict[str, Words] = {
    "unknown": _("external quality assessment not known"),
    "passed": _("external quality assessment passed"),
    "failed": _("external quality assessment failed"),
}


@dataclass(frozen=True, slots=True)
class RecognisedLine:
    """One result: why it counts or why not. marks: (words, as sent, whether it applies here)."""

    item: str
    code: str
    name: str
    value: str
    hospital: str
    date: str
    left: int | None
    own: bool
    is_report: bool
    miss: str
    gap: str
    quality: str
    marks: tuple[tuple[str, str, bool], ...]
    quote: str
    ref: str

    @property
    def hospital_code(self) -> str:
        return self.ref.split("/")[0]

    @property
    def fhir_id(self) -> str:
        return self.ref.split("/")[2]


def make_line(
    item: CatalogueItem, judged: JudgedResult, hospitals: Mapping[str, Hospital]
) -> RecognisedLine:
    hospital = str(hospitals.get(judged.hospital, judged.hospital))
    return RecognisedLine(
        item.name(chinese=is_reader_chinese()),
        item.code,
        judged.result.sent_title or judged.result.title,
        result_words(judged.result),
        hospital,
        judged.result.moment.shown,
        judged.left,
        judged.own,
        judged.is_report,
        str(MISS_WORDS[judged.miss]) if judged.miss else "",
        str(GAP_WORDS[judged.gap]) if judged.gap else "",
        "" if judged.own else str(QUALITY_WORDS[judged.quality]),
        tuple((say_mark(p.mark), p.mark.sent, mark_applies(p, item)) for p in judged.marks),
        write_quote(item, judged, hospital),
        judged.ref,
    )


def list_recognisable(
    shown: Iterable[ShownResource],
    catalogue: Sequence[CatalogueItem],
    asking: Hospital,
    today: dt.date,
) -> list[RecognisedLine]:
    """Of each item the newest result of another hospital that counts today."""
    by_loinc = {loinc: item for item in catalogue for loinc in item.loincs}
    here = Laboratory(asking.code, asking.tier)
    found: dict[str, RecognisedLine] = {}
    for s in shown:
        item = find_item_of(s, by_loinc) if s.hospital.code != asking.code else None
        if item is None or item.code in found:
            continue
        there = Laboratory(s.hospital.code, s.hospital.tier)
        ref = f"{s.hospital.code}/{s.resource['resourceType']}/{s.resource['id']}/"
        judged = judge_result(s.resource, item, there, here, today, ref=ref)
        if judged is not None and judged.counts:
            found[item.code] = make_line(item, judged, {s.hospital.code: s.hospital})
    return list(found.values())


def find_item_of(s: ShownResource, by_loinc: Mapping[str, CatalogueItem]) -> CatalogueItem | None:
    for coding in list_codings(s.resource.get("code")):
        system = str(coding.get("system") or "")
        if ALIASES.get(system, system) == LOINC and (found := by_loinc.get(str(coding["code"]))):
            return found
    return None


@dataclass(frozen=True, slots=True)
class DecidedLine:
    """What the own hospital was told of, and decided; state: "" where nothing was."""

    item: str
    asked: dt.datetime
    state: str
    why: str
    told: bool
    quoted: bool
    decided: dt.datetime | None


def make_decided_line(prompt: RecognitionPrompt) -> DecidedLine:
    made = prompt.all_decisions[-1] if prompt.all_decisions else None  # type: ignore[attr-defined]
    chinese = is_reader_chinese()
    name = prompt.item.name_zh if chinese else prompt.item.name_en or prompt.item.name_zh
    if made is None:
        return DecidedLine(name, prompt.asked_at, "", "", False, False, None)
    reason = REPEAT_REASONS.get(made.reason)
    return DecidedLine(
        name,
        prompt.asked_at,
        made.decision,
        " · ".join(filter(None, (str(reason.words) if reason else "", made.note))),
        made.told,
        made.quoted,
        made.decided_at,
    )
