"""Marks of mutual recognition as an extension, and those in words: of the name of a test, of its
notes, of the text of a report ("★" is told by its footnote). The resource itself stays as it was
sent. Pure.
"""

import re
from dataclasses import dataclass
from typing import Any

from records.meaning.recognition_mark import (
    KNOWN,
    OF_THE_HEART,
    PROVINCES,
    SCOPES,
    RecognitionMark,
    RecognitionScope,
    split_recognition_marks,
)
from records.meaning.value_text import LONGEST, concept_text

RECOGNITION_MARK = "urn:xinglin:extension:recognition-mark"
Json = dict[str, Any]
LONGEST_TEXT = 20_000  # characters of a report that are looked through
SENTENCE = re.compile(r"[^。；;\n<>]+")
HR = "(?:HR|ＨＲ)"
IN_FOOTNOTE = re.compile(
    rf"(?P<known>{KNOWN})|(?P<mark>[{PROVINCES}]|[\u4e00-\u9fff]{{2,3}}){HR}"
    r"|(?P<named>[\u4e00-\u9fff]{2,3}[省市])"
)
# A word of two or three characters is a place only where nothing else stands in its line, for
# "患者HR 80" is a heart rate.
REPORT_MARK = re.compile(
    rf"(?<![\u4e00-\u9fffA-Za-z])(?P<known>{KNOWN}|[{PROVINCES}]){HR}(?![A-Za-z\-]|\s*[:：=]?\s*\d)"
    rf"|^[ \t【\[(（]*(?P<alone>[\u4e00-\u9fff]{{2,3}}){HR}[ \t】\])）]*$",
    re.MULTILINE,
)
ABOUT = re.compile(r"^(?:项目|[为是指示表注系属于：:、\s])+")
HEART = re.compile(OF_THE_HEART)


@dataclass(frozen=True, slots=True)
class PlacedMark:
    """where: "name" of the test, "note", "report", or "sent" as an extension."""

    mark: RecognitionMark
    where: str


def scope_of_place(place: str) -> RecognitionScope:
    if place in SCOPES:
        return SCOPES[place]
    return RecognitionScope.PLACE if place else RecognitionScope.UNSAID


def read_footnote(text: str) -> RecognitionMark | None:
    """What a footnote says that a star means: "★ 为全省互认项目"; None where none speaks of it."""
    for sentence in SENTENCE.findall(text[:LONGEST_TEXT]):
        if "★" in sentence and ("互认" in sentence or re.search(HR, sentence)):
            found = IN_FOOTNOTE.search(ABOUT.sub("", sentence.partition("★")[2]) or sentence)
            place = next(filter(None, found.groupdict().values()), "") if found else ""
            return RecognitionMark(scope_of_place(place), place, sentence.strip()[:LONGEST])
    return None


def read_report_marks(text: str) -> list[RecognitionMark]:
    """Marks that stand in a report by themselves, as at its head: "鄂HR"."""
    found = []
    for m in REPORT_MARK.finditer(text[:LONGEST_TEXT]):
        place = m["known"] or m["alone"]
        if not HEART.search(place):
            found.append(RecognitionMark(scope_of_place(place), place, m[0].strip()))
    return found


def read_sent_marks(resource: Json) -> list[RecognitionMark]:
    """Those that a sender has structured itself."""
    found = []
    for e in resource.get("extension") or []:
        if not isinstance(e, dict) or e.get("url") != RECOGNITION_MARK:
            continue
        inner = {
            x.get("url"): next((str(v) for k, v in x.items() if k.startswith("value")), "")
            for x in e.get("extension") or []
            if isinstance(x, dict)
        }
        if inner.get("scope") in RecognitionScope._value2member_map_:
            found.append(
                RecognitionMark(
                    RecognitionScope(inner["scope"]),
                    inner.get("place", ""),
                    inner.get("sent", ""),
                )
            )
    return found


def read_marks(resource: Json, reports: tuple[str, ...] = ()) -> list[PlacedMark]:
    """All marks of a result, each once. reports: the texts of the reports that it stands in, and
    their names.
    """
    _name, named = split_recognition_marks(concept_text(resource.get("code")))
    notes = [str(n.get("text") or "") for n in resource.get("note") or [] if isinstance(n, dict)]
    texts = [*notes, *reports]
    found = [PlacedMark(m, "sent") for m in read_sent_marks(resource)]
    for mark in named:
        told = next(filter(None, map(read_footnote, texts)), None) if "★" in mark.sent else None
        found.append(PlacedMark(told or mark, "report" if told else "name"))
    found += [PlacedMark(m, "note") for text in notes for m in read_report_marks(text)]
    found += [PlacedMark(m, "report") for text in reports for m in read_report_marks(text)]
    once: dict[tuple[RecognitionScope, str], PlacedMark] = {}
    for placed in found:
        once.setdefault((placed.mark.scope, placed.mark.place), placed)
    return list(once.values())


def make_mark_extension(placed: PlacedMark) -> Json:
    return {
        "url": RECOGNITION_MARK,
        "extension": [
            {"url": "scope", "valueCode": placed.mark.scope.value},
            *([{"url": "place", "valueString": placed.mark.place}] if placed.mark.place else []),
            *([{"url": "sent", "valueString": placed.mark.sent}] if placed.mark.sent else []),
            {"url": "where", "valueCode": placed.where},
        ],
    }
