"""The timeline in a real Chromium: opened by the keyboard, without sideways scrolling, in both
languages.
"""

from collections.abc import Callable
from typing import Any

import pytest

from records.models import SourcePatient
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient

pytestmark = pytest.mark.browser
Enter = Callable[..., Any]
WORDS = {
    "zh-CN": ("就诊时间线", "本次就诊的记录"),
    "en": ("Timeline", "Belongs to this encounter"),
}


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en")])
def test_encounters_open(server: str, enter: Enter, width: int, language: str) -> None:
    at = alliance.make_hospital("seen")
    who = alliance.make_staff(at)
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    about = api.create(make_patient("慕容景明", birth="1958-03-12"))
    person = SourcePatient.objects.get(hospital=at, fhir_id=about.split("/")[1]).person_id
    page, base = enter(who, width, language), f"{server}/person/{person}/"
    stays = [
        api.create(
            {
                "resourceType": "Encounter",
                "status": "finished",
                "class": {"code": "IMP" if year % 2 else "AMB"},
                "serviceType": {"text": "呼吸与危重症医学科"},
                "subject": {"reference": about},
                "period": {"start": f"{year}-05-01", "end": f"{year}-05-04"},
            }
        )
        for year in range(2001, 2027)
    ]
    api.create({**make_observation(about), "encounter": {"reference": stays[-1]}})
    timeline, belongs = WORDS[language]

    def fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url

    page.goto(base)
    fits()
    follow(page, f'nav.tabs a:has-text("{timeline}")')
    fits()
    assert page.locator(".years a").count() == 26
    small = page.eval_on_selector_all(
        ".years a, .choices a, .prov summary",
        "els => els.filter(e => e.getBoundingClientRect().height < 24).length",
    )
    assert small == 0
    follow(page, '.years a:has-text("2026")')
    assert page.locator(".lines li").count() == 1
    page.locator(".lines .prov summary").first.click()
    assert "AMB" in page.locator(".lines .prov").first.inner_text()
    page.locator(".lines a").first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    fits()
    assert belongs in page.inner_text("main")
    assert page.errors == []
