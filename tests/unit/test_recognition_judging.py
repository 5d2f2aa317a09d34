"""Marks in names, notes and reports; windows, levels and qualifications; the catalogue's table; the
ledger counted from lines of the log. Without a database.
"""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from records.fhir.own_definitions import load_own_definitions
from records.meaning.recognition_extension import (
    make_mark_extension,
    read_footnote,
    read_marks,
    read_report_marks,
)
from records.meaning.recognition_mark import RecognitionScope
from records.meaning.trend_joins import Gap
from records.recognition.catalogue_item import CatalogueItem, Qualification
from records.recognition.catalogue_table import STARTING, read_catalogue
from records.recognition.judge_result import (
    JudgedResult,
    Laboratory,
    Miss,
    judge_result,
    mark_applies,
    read_result,
)
from records.recognition.ledger_of_log import LogLine, count_ledger
from records.recognition.repeat_reasons import REPEAT_REASONS

DAY = dt.date(2026, 11, 30)
ITEM = CatalogueItem(
    "K",
    "钾",
    "Potassium",
    ("2823-3",),
    7,
    qualifications=(Qualification("core", dt.date(2026, 1, 1), dt.date(2026, 11, 28), "passed"),),
)
CORE, TOWN = Laboratory("core", "tertiary"), Laboratory("town", "township")
POTASSIUM: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}], "text": "钾"},
    "effectiveDateTime": "2026-11-28T08:00:00+08:00",
    "valueQuantity": {
        "value": 4.1,
        "unit": "mmol/L",
        "system": "http://unitsofmeasure.org",
        "code": "mmol/L",
    },
}


def judge(item: CatalogueItem = ITEM, date: dt.date = DAY, **more: Any) -> JudgedResult:
    judged = judge_result(POTASSIUM | more, item, CORE, TOWN, date)
    assert judged is not None
    return judged


@pytest.mark.parametrize(
    ("text", "scope", "place"),
    [
        ("注：★为全国互认项目", RecognitionScope.NATION, "全国"),
        ("★：本省检验结果互认", RecognitionScope.PROVINCE, "本省"),
        ("带★项目为武汉市互认项目", RecognitionScope.PLACE, "武汉市"),
        ("★ 表示鄂HR", RecognitionScope.PLACE, "鄂"),
        ("★ 互认项目", RecognitionScope.UNSAID, ""),
    ],
)
def test_a_star_is_told_by_its_footnote(text: str, scope: RecognitionScope, place: str) -> None:
    mark = read_footnote(f"检验报告单。{text}。其他说明")
    assert mark is not None and (mark.scope, mark.place) == (scope, place)


def test_text_of_a_report_that_is_no_mark() -> None:
    for text in ("★ 请空腹采血", "患者HR 80", "鄂HR：80", "静息HR", "HR 互认", "最大HR"):
        assert not read_report_marks(text), text
        assert read_footnote(text) is None or "互认" in text, text
    assert [m.place for m in read_report_marks("鄂HR\n武汉HR\n检验报告")] == ["鄂", "武汉"]


def test_marks_become_an_extension_and_the_result_stays() -> None:
    sent = POTASSIUM | {"code": {"text": "★钾"}, "note": [{"text": "★为本省互认项目"}]}
    before = repr(sent)
    [placed] = read_marks(sent)
    assert (placed.mark.scope, placed.where) == (RecognitionScope.PROVINCE, "report")
    assert repr(sent) == before
    again = POTASSIUM | {"extension": [make_mark_extension(placed)]}
    [read] = read_marks(again)
    assert read.mark == placed.mark and read.where == "sent"
    here = replace(ITEM, scope="city", place="武汉")
    [city] = read_marks(POTASSIUM, ("武汉HR",))
    assert mark_applies(city, here) and not mark_applies(city, replace(here, place="宜昌"))


def test_the_window_and_the_days_left() -> None:
    assert (judge().left, judge().miss) == (5, None)
    edge = DAY + dt.timedelta(days=5)
    assert judge(date=edge).left == 0
    assert judge(date=edge + dt.timedelta(days=1)).miss is Miss.TOO_OLD
    assert judge(replace(ITEM, window=None)).miss is Miss.NO_WINDOW
    assert judge_result(POTASSIUM, ITEM, CORE, TOWN, dt.date(2026, 11, 27)) is None, "not yet"


@pytest.mark.parametrize(
    ("more", "miss"),
    [
        ({"status": "preliminary"}, Miss.NOT_FINAL),
        ({"status": "entered-in-error"}, Miss.WITHDRAWN),
        ({"status": "cancelled"}, Miss.WITHDRAWN),
        ({"valueQuantity": None}, Miss.NO_VALUE),
        ({"effectiveDateTime": "2026-11-29T08:00:00+08:00"}, Miss.NOT_QUALIFIED),
        ({"specimen": {"display": "尿液"}}, Miss.SPECIMEN),
        ({"specimen": {"display": "血清"}}, None),
        ({"method": {"text": "干化学法"}}, Miss.METHOD),
        ({"status": "corrected"}, None),
    ],
)
def test_why_a_result_does_not_count(more: dict[str, Any], miss: Miss | None) -> None:
    item = replace(ITEM, specimens=("血清", "血浆"), methods=("离子选择电极法",))
    body = {k: v for k, v in (POTASSIUM | more).items() if v is not None}
    judged = judge_result(body, item, CORE, TOWN, DAY)
    assert judged is not None and judged.miss is miss


def test_levels() -> None:
    """The lower recognises the higher, equals each other, and the higher by the alliance's rule."""
    tiers = ("tertiary", "community", "township")
    plain = {(a, b) for a in tiers for b in tiers if ITEM.recognises(a, b)}
    assert plain == {(a, b) for a in tiers for b in tiers} - {
        ("tertiary", "community"),
        ("tertiary", "township"),
    }
    assert replace(ITEM, upward=True).recognises("tertiary", "township")


def test_comparability_is_that_of_trends() -> None:
    assert judge().gap is None
    troponin = POTASSIUM | {
        "code": {"coding": [{"system": "http://loinc.org", "code": "42757-5"}], "text": "肌钙蛋白I"}
    }
    judged = judge_result(troponin, ITEM, CORE, TOWN, DAY)
    assert judged is not None and judged.gap is Gap.METHOD_UNKNOWN
    own = read_result(POTASSIUM | {"code": troponin["code"]}, "town")
    compared = judge_result(POTASSIUM, ITEM, CORE, TOWN, DAY, before=own)
    assert compared is not None and compared.gap is Gap.TEST


REPORT: dict[str, Any] = {
    "resourceType": "DiagnosticReport",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "24627-2"}], "text": "★胸部CT"},
    "effectiveDateTime": "2026-11-28T08:00:00+08:00",
    "conclusion": "右肺上叶小结节，\n建议复查。",
}


@pytest.mark.parametrize(
    ("more", "miss"),
    [
        ({}, None),
        ({"status": "appended"}, None),
        ({"status": "partial"}, Miss.NOT_FINAL),
        ({"status": "entered-in-error"}, Miss.WITHDRAWN),
        ({"conclusion": None}, Miss.NO_VALUE),
        ({"conclusion": " ", "conclusionCode": [{"text": "肺结节"}]}, None),
        ({"conclusion": None, "presentedForm": [{"contentType": "application/pdf"}]}, None),
        ({"effectiveDateTime": None}, Miss.NO_DATE),
        ({"effectiveDateTime": None, "issued": "2026-11-28T09:00:00+08:00"}, None),
    ],
)
def test_an_examination_counts_by_its_report(more: dict[str, Any], miss: Miss | None) -> None:
    judged = judge_result(
        REPORT | more,
        ITEM,
        CORE,
        TOWN,
        DAY,
        ref="core/DiagnosticReport/r/1",
        reports=("★为本省互认项目",),
        before=read_result(POTASSIUM, "town"),
    )
    assert judged is not None and judged.miss is miss
    assert judged.is_report and judged.gap is None, "its words are not compared"
    assert judged.result.title == "胸部CT"
    assert [p.mark.scope for p in judged.marks] == [RecognitionScope.PROVINCE]


def test_the_catalogue_to_begin_with_is_sound() -> None:
    rows, faults = read_catalogue(STARTING.read_bytes())
    assert not faults and len(rows) == 28
    by_code = {r["code"]: r["window"] for r in rows}
    assert (by_code["K"], by_code["ALB"], by_code["HBA1C"]) == (7, 30, 60)
    assert all(r["source"] and r["price"] is None for r in rows), "nothing is invented"


@pytest.mark.parametrize(
    ("row", "row_number", "column"),
    [
        ("K,钾,2823-3,seven", 2, "window_days"),
        ("K,钾,potassium,7", 2, "loinc"),
        ("k k,钾,2823-3,7", 2, "code"),
        ("K,,2823-3,7", 2, "name_zh"),
        ("K,钾,2823-3,7\nK,钠,2951-2,7", 3, "code"),
        ("K,钾,2823-3,7\nNA,钠,2823-3,7", 3, "loinc"),
    ],
)
def test_a_fault_names_row_and_column(row: str, row_number: int, column: str) -> None:
    head = "code,name_zh,loinc,window_days\n"
    assert not read_catalogue((head + "K,钾,2823-3,7").encode())[1], "the control"
    [fault] = read_catalogue((head + row).encode())[1]
    assert (fault.row, fault.column) == (row_number, column) and fault.says


def test_the_ledger_is_counted_from_lines() -> None:
    def line(action: str, target: str, detail: str) -> LogLine:
        return LogLine(f"records:recognition:{action}", "a", target, detail, DAY)

    [row] = count_ledger(
        [
            line("prompt", "recognition/1", "item=K · hits=1"),
            line("prompt", "recognition/2", "item=K · hits=2"),
            line("prompt", "recognition/3", "item=K · hits=1"),
            line("decide", "recognition/1", "item=K · decision=repeated · reason=fast · told=yes"),
            line("decide", "recognition/1", "item=K · decision=adopted · quoted=yes · price=12.50"),
            line("decide", "recognition/2", "item=K · decision=repeated · reason=fast · told=yes"),
        ]
    )
    assert (row.prompted, row.adopted, row.quoted, row.repeats, row.unanswered) == (3, 1, 1, 1, 1)
    assert row.money == Decimal("12.50") and (row.item, row.month) == ("K", "2026-11")


def test_the_reasons_are_published() -> None:
    published = load_own_definitions()["CodeSystem", "repeat-reason"]
    assert [c["code"] for c in published["concept"]] == list(REPEAT_REASONS)
    assert sum(r.national for r in REPEAT_REASONS.values()) == 6
