"""Results on the page: trends of one test only, marks of Chinese laboratories, times on the
hospital's clock, on desk and phone, in both languages.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from alliance.models import Hospital
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient

pytestmark = pytest.mark.browser
Enter = Callable[..., Any]


def result(
    about: str, text: str, at: str, code: str = "", system: str = "", **more: Any
) -> dict[str, Any]:
    coding = {"coding": [{"code": code, "system": system}]} if code else {}
    return {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": about},
        "effectiveDateTime": at,
        "code": {"text": text, **coding},
        **more,
    }


def amount(value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit, **more}}


@pytest.fixture
def person(server: str) -> tuple[Hospital, UUID]:
    at = alliance.make_hospital("lab")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    about = api.create(
        make_patient("慕容景明", birth="1958-03-12") | {"deceasedDateTime": "2026-01-09T17:30:00Z"}
    )
    loinc = "http://loinc.org"
    for r in (
        result(
            about, "血钾", "2026-01-06T01:00:00+08:00", "2823-3", loinc, **amount(3.1, "mmol/L")
        ),
        result(
            about,
            "钾（急诊）",
            "2026-01-05T23:00:00Z",
            "2823-3",
            loinc,
            **amount(6.8, "mmol/L"),
            interpretation=[{"coding": [{"code": "HH"}]}],
        ),
        result(
            about,
            "血钾",
            "2026-01-04T08:00:00+08:00",
            "2823-3",
            loinc,
            **amount(3, "mmol/L", comparator="<"),
        ),
        result(
            about,
            "血钾",
            "2026-01-03T08:00:00+08:00",
            "2823-3",
            loinc,
            **amount(9.9, "mmol/L"),
            status="cancelled",
        ),
        result(
            about,
            "肌酐",
            "2026-01-05T08:00:00+08:00",
            "1001",
            "urn:lis:a",
            **amount(92, "umol/L"),
            referenceRange=[{"text": "男:57-97 女:41-73"}],
        ),
        result(
            about,
            "总胆红素",
            "2026-01-04T08:00:00+08:00",
            "1001",
            "urn:lis:b",
            **amount(21, "umol/L"),
        ),
        result(
            about,
            "谷丙转氨酶",
            "2026-01",
            "",
            **amount(52, "U/L"),
            referenceRange=[{"text": "7 ~ 40"}],
            interpretation=[{"text": "高"}],
        ),
        result(about, "心率", "2026-01-05", **amount(80, "/min")),
        result(about, "旧结果", "1949-10-01", valueString="阴性"),
    ):
        api.create(r)
    return at, SourcePatient.objects.get(hospital=at, fhir_id=about.split("/")[1]).person_id


def open_results(
    enter: Enter, server: str, person: tuple[Hospital, UUID], width: int, language: str
) -> Any:
    at, who = person
    page = enter(alliance.make_staff(at), width, language)
    page.goto(f"{server}/person/{who}/results/")
    return page


def row_of(page: Any, name: str) -> Any:
    return page.locator(
        ".result-grid tbody tr", has=page.get_by_role("link", name=name, exact=True)
    )


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en")])
def test_the_grid_reads_as_the_laboratories_meant_it(
    enter: Enter, server: str, person: tuple[Hospital, UUID], width: int, language: str
) -> None:
    at, _who = person
    chinese = language == "zh-CN"
    page = open_results(enter, server, person, width, language)
    assert "2026-01-10" in page.inner_text(".banner"), "17:30 UTC on the 9th is the 10th here"
    assert page.locator(".results-kind h3").all_inner_texts() == (
        ["检验", "生命体征"] if chinese else ["Laboratory", "Vital signs"]
    )
    assert page.locator(".results-kind.laboratory tbody th a").all_inner_texts() == [
        "钾（急诊）",
        "肌酐",
        "谷丙转氨酶",
        "总胆红素",
        "旧结果",
    ], "by panels; what shares a number by chance stands apart"
    potassium = row_of(page, "钾（急诊）")
    heads = potassium.locator("xpath=ancestor::table").locator("thead th span")
    assert heads.all_inner_texts() == ["2026-01-06", "2026-01-04"], "newest first, by the day here"
    cells = potassium.locator("td")
    assert cells.nth(0).locator(".value").count() == 2 and "6.8" in cells.nth(0).inner_text()
    assert "07:00" in cells.nth(0).inner_text() and "01:00" in cells.nth(0).inner_text()
    source = str(cells.nth(0).locator(".value a").first.get_attribute("title"))
    assert "2026-01-05T23:00:00Z" in source and "HH" in source, "as it was sent"
    assert (at.name_zh if chinese else at.name_en) in source
    assert "9.9" not in page.inner_text(".results-kind.laboratory"), "the cancelled one is none"
    critical = page.locator(".critical-values li")
    assert critical.count() == 1 and "6.8" in critical.inner_text()
    assert ("危急值（高）" if chinese else "critical high") in critical.inner_text()
    assert ("高" if chinese else "high") in row_of(page, "谷丙转氨酶").inner_text()
    assert row_of(page, "肌酐").locator(".value.high, .value.low").count() == 0
    assert ("80" in row_of(page, "心率").locator("td").inner_text()) and (
        "次/分" if chinese else "/min"
    ) in row_of(page, "心率").locator("th").inner_text()
    assert ("早于出生日期" if chinese else "before the birth date") in row_of(
        page, "旧结果"
    ).inner_text()
    assert (at.name_zh if chinese else at.name_en) in page.locator("thead th").nth(1).inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "no sideways scrolling of the page"
    )
    assert page.errors == []


@pytest.mark.parametrize(("width", "language"), [(390, "zh-CN"), (1440, "en")])
def test_a_name_or_value_opens_its_trend_and_narrowing_works_by_keyboard(
    enter: Enter, server: str, person: tuple[Hospital, UUID], width: int, language: str
) -> None:
    chinese = language == "zh-CN"
    page = open_results(enter, server, person, width, language)
    row = row_of(page, "钾（急诊）")
    (row.locator("td .value a").first if width == 390 else row.locator("th a")).click()
    page.wait_for_selector(".trend")
    assert page.locator("path.mark").count() == 3 + 1, "three results, and the shape of the key"
    assert page.locator("path.mark.open").count() == 1 and page.locator("line.join").count() == 1
    assert [t.strip() for t in page.locator("text.gap").all_text_contents()] == ["a"]
    told = "仅知小于或大于某值" if chinese else "known only to be less or more"
    assert told in page.inner_text(".gap-reasons") and told in page.inner_text(".trend-table")
    assert "mmol/L" in str(page.locator("svg text.unit").text_content())
    assert [t[:10] for t in page.locator(".trend-table tbody time").all_inner_texts()] == [
        "2026-01-06",
        "2026-01-06",
        "2026-01-04",
    ]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.go_back()
    page.focus("input[name=test]")
    page.keyboard.type("转氨酶")
    page.keyboard.press("Enter")
    page.wait_for_url("**test=*")
    assert page.locator(".result-grid tbody th a").all_inner_texts() == ["谷丙转氨酶"]
    page.check("input[name=abnormal]")
    page.fill("input[name=test]", "")
    page.keyboard.press("Enter")
    page.wait_for_url("**abnormal=1**")
    assert set(page.locator(".result-grid tbody th a").all_inner_texts()) == {
        "钾（急诊）",
        "谷丙转氨酶",
    }
    assert page.errors == []


def test_a_page_that_takes_long_says_so_until_somebody_stops_it(
    enter: Enter, server: str, person: tuple[Hospital, UUID]
) -> None:
    page = open_results(enter, server, person, 1440, "en")
    # a link that is followed, to a page that never comes
    page.evaluate("""() => {
      addEventListener("click", (event) => event.preventDefault());
      document.querySelector("nav.tabs a").click();
    }""")
    line = page.locator(".waiting[role=status]")
    assert line.count() == 0, "not for what comes at once"
    line.wait_for()
    assert "Opening" in str(line.text_content()) and page.get_attribute("main", "aria-busy")
    page.keyboard.press("Escape")
    assert line.count() == 0 and page.get_attribute("main", "aria-busy") is None
    assert page.errors == []


@pytest.mark.parametrize(("width", "beside"), [(1080, 1), (1440, 1), (1920, 2)])
def test_eight_days_fit_and_a_wide_screen_has_twice_as_many(
    enter: Enter, server: str, width: int, beside: int
) -> None:
    at = alliance.make_hospital("lab")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    about = api.create(make_patient("欧阳长卷", birth="1958-03-12"))
    for day in range(1, 17):
        more = amount(day + 0.5, "mmol/L") | {"interpretation": [{"text": "高"}]}
        api.create(
            result(about, "血钾", f"2026-01-{day:02d}", "2823-3", "http://loinc.org", **more)
        )
    who = SourcePatient.objects.get(hospital=at, fhir_id=about.split("/")[1]).person_id
    page = open_results(enter, server, (at, who), width, "zh-CN")
    grids = page.locator(".result-grid")
    assert grids.count() == 2 and grids.nth(0).locator("thead th").count() == 9
    for grid in grids.all():
        assert grid.evaluate("e => e.scrollWidth <= e.clientWidth"), "nothing is cut"
    heads = grids.first.locator("thead th span")
    assert all(heads.evaluate_all("s => s.map(e => e.scrollWidth <= e.parentNode.clientWidth)"))
    tops = grids.evaluate_all("g => g.map(e => e.getBoundingClientRect().top)")
    assert len(set(tops)) == 3 - beside
    right = max(grids.evaluate_all("g => g.map(e => e.getBoundingClientRect().right)"))
    assert right > 0.9 * page.evaluate("document.querySelector('main').clientWidth")
