"""History, documents, imaging and growth in a real Chromium, on a desk and a phone, in both
languages: what was not done is told from what was, a key image is seen, a child's curve is drawn.
"""

from collections.abc import Callable
from typing import Any

import pytest

from records.models import SourcePatient
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.dicom import make_dicom
from tests.factories.documents import make_document
from tests.factories.fhir import Api, make_patient
from tests.factories.history import make_growth, make_history, make_procedure, make_study

pytestmark = pytest.mark.browser
FITS = "document.documentElement.scrollWidth <= window.innerWidth"
WORDS = {
    "zh-CN": ("手术与操作", "未执行或否认", "未接种", "第 1–20 条，共 34 条", "不得用于诊断"),
    "en": (
        "Procedures and operations",
        "Not done, or denied",
        "Not given",
        "1–20 of 34",
        "diagnosis",
    ),
}


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en")])
def test_history_and_growth(
    enter: Callable[..., Any], server: str, width: int, language: str
) -> None:
    at = alliance.make_hospital("history")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    grown = api.create(make_patient(birth="1958-03-12"))
    for r in (
        *make_history(grown),
        *(make_procedure(grown, f"换药{n}", performedDateTime="2001") for n in range(30)),
    ):
        api.create(r)
    study = api.create(make_study(grown))
    api.create(
        make_document(
            grown,
            make_dicom(200, 100),
            "application/dicom",
            description="关键图像",
            context={"related": [{"reference": study}]},
        )
    )
    child = api.create(make_patient(birth="2025-01-10", gender="female"))
    for day, weight, height in (
        ("2025-03-10", 5.0, 57),
        ("2025-07-10", 7.4, 66),
        ("2026-01-12", 9.1, 74.5),
    ):
        api.create(make_growth(child, "29463-7", weight, "kg", day))
        api.create(make_growth(child, "8302-2", height, "cm", day))
    api.create(make_growth(child, "29463-7", 8300, "kg", "2025-10-01"))
    persons = {
        who: SourcePatient.objects.get(hospital=at, fhir_id=who.split("/")[1]).person_id
        for who in (grown, child)
    }
    page = enter(alliance.make_staff(at), width, language)
    heading, undone, ungiven, part, warning = WORDS[language]

    page.goto(f"{server}/person/{persons[grown]}/history/")
    said = page.inner_text("main")
    assert all(w in said for w in (heading, undone, ungiven, part)), said
    assert "误录的截肢术" not in said and page.evaluate(FITS)
    follow(page, "#procedures a.button")
    assert "换药0" in page.inner_text("main") and page.locator("section.history").count() == 1
    assert page.evaluate(FITS)

    page.goto(f"{server}/person/{persons[grown]}/documents/")
    follow(page, f"main a[href*='{study}']")
    assert "纵隔窗" in page.inner_text("main") and page.evaluate(FITS)
    follow(page, "main .lines a")
    assert page.locator("img.sheet").evaluate("i => i.naturalWidth") == 200, "the image is seen"
    assert warning in page.inner_text("main") and page.evaluate(FITS)

    page.goto(f"{server}/person/{persons[child]}/growth/?measure=weight")
    assert page.locator("svg .percentile").count() == 5
    assert page.locator("svg .mark[transform]").count() == 3, "what cannot be is not drawn"
    assert page.locator(".growth .bad").count() == 1 and page.evaluate(FITS)
    follow(page, ".jumps a[href*='weight-for-length']")
    assert page.locator(".growth tbody tr").count() == 3 and page.evaluate(FITS)
    assert not page.errors, page.errors
