"""Results on the page: trends of one test only, marks of Chinese laboratories, times on the hospital's clock, on desk and phone, in both languages."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from alliance.models import Hospital
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import Api, patient

pytestmark = pytest.mark.browser
Enter = Callable[..., Any]


def result(about: str, text: str, at: str, code: str = "", system: str = "", **more: Any) -> dict[str, Any]:
    coding = {"coding": [{"code": code, "system": system}]} if code else {}
    return {"resourceType": "Observation", "status": "final", "subject": {"reference": about}, "effectiveDateTime": at, "code": {"text": text, **coding}, **more}


def amount(value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit, **more}}


@pytest.fixture
def person(server: str) -> tuple[Hospital, UUID]:
    at = alliance.hospital("lab")
    api = Api(server, at.code, credentials=alliance.credentials(at))
    about = api.create(patient("慕容景明", birth="1958-03-12") | {"deceasedDateTime": "2026-01-09T17:30:00Z"})
    loinc = "http://loinc.org"
    for r in (
        result(about, "血钾", "2026-01-06T01:00:00+08:00", "2823-3", loinc, **amount(3.1, "mmol/L")),
        result(about, "钾（急诊）", "2026-01-05T23:00:00Z", "2823-3", loinc, **amount(6.8, "mmol/L"), interpretation=[{"coding": [{"code": "HH"}]}]),
        result(about, "血钾", "2026-01-04T08:00:00+08:00", "2823-3", loinc, **amount(3, "mmol/L", comparator="<")),
        result(about, "血钾", "2026-01-03T08:00:00+08:00", "2823-3", loinc, **amount(9.9, "mmol/L"), status="cancelled"),
        result(about, "肌酐", "2026-01-05T08:00:00+08:00", "1001", "urn:lis:a", **amount(92, "umol/L"), referenceRange=[{"text": "男:57-97 女:41-73"}]),
        result(about, "总胆红素", "2026-01-04T08:00:00+08:00", "1001", "urn:lis:b", **amount(21, "umol/L")),
        result(about, "谷丙转氨酶", "2026-01", "", **amount(52, "U/L"), referenceRange=[{"text": "7 ~ 40"}], interpretation=[{"text": "高"}]),
        result(about, "心率", "2026-01-05", **amount(80, "/min")), result(about, "旧结果", "1949-10-01", valueString="阴性"),
    ):
        api.create(r)
    return at, SourcePatient.objects.get(hospital=at, fhir_id=about.split("/")[1]).person_id


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en")])
def test_results_read_as_their_laboratories_meant_them(enter: Enter, server: str, person: tuple[Hospital, UUID], width: int, language: str) -> None:
    at, who = person
    chinese = language == "zh-CN"
    page = enter(alliance.staff(at), width, language)
    page.goto(f"{server}/person/{who}/results/")
    assert "2026-01-10" in page.inner_text(".banner"), "17:30 UTC on the 9th is the 10th here"
    titles = page.locator(".lab > summary > b").all_inner_texts()
    assert titles == ["钾（急诊）", "肌酐", "心率", "总胆红素", "谷丙转氨酶", "旧结果"], "newest first by the instant; what shares a number by chance stands apart"
    first = page.locator(".lab").first
    assert first.locator("summary .critical-high").count() == 1 and ("危急值（高）" if chinese else "critical high") in first.locator("summary").inner_text()
    assert first.locator("tbody time").all_inner_texts() == ["2026-01-06 07:00", "2026-01-06 01:00", "2026-01-04 08:00"], "the cancelled one is none"
    assert first.locator("tbody td:nth-child(2)").all_inner_texts() == ["钾（急诊）", "血钾", "血钾"]
    assert "2026-01-05T23:00:00Z" in str(first.locator("tbody time").first.get_attribute("title"))
    assert first.locator("path.mark.open").count() == 1 and first.locator("polyline").count() == 1 and (at.name_zh if chinese else at.name_en) in first.locator("figcaption").inner_text()
    assert page.locator(".lab").nth(4).locator("summary .value.high").count() == 1 and "2026-01 " in page.locator(".lab").nth(4).locator("summary .src").inner_text() + " "
    assert ("80 次/分" if chinese else "80 /min") in page.locator(".lab").nth(2).locator("summary").inner_text().replace("\n", " ")
    assert page.locator(".lab").nth(1).locator("summary .value.high, summary .value.low").count() == 0
    assert ("早于出生日期" if chinese else "before the birth date") in page.locator(".lab").nth(5).locator("summary").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no sideways scrolling"
    assert page.errors == []
