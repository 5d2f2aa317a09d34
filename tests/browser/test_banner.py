"""The banner in a real Chromium: what can harm stands in it, on every screen, and it never hides
the record.
"""

from collections.abc import Callable
from typing import Any

import pytest

from alliance.models import Hospital
from tests.factories import alliance
from tests.factories.crowded_patient import LONG_NAME, make_crowded_patient
from tests.factories.fhir import Api

pytestmark = pytest.mark.browser
SCREENS = [(390, 844), (360, 640), (1280, 620), (320, 568), (1440, 900)]


def test_a_crowded_banner_leaves_three_quarters_of_every_screen(
    enter: Callable[..., Any], server: str
) -> None:
    at = alliance.make_hospital("crowd")
    person, _about = make_crowded_patient(
        Api(server, at.code, credentials=alliance.make_credentials(at))
    )
    page = enter(alliance.make_staff(Hospital.objects.get(pk=at.pk)))
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{server}/person/{person}/problems/")
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        box = page.locator(".banner").bounding_box()
        assert 40 < box["height"] <= height / 4 and box["width"] <= width, (width, height, box)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
            "no scrolling sideways"
        )
        first = page.locator(".banner .allergy").first
        assert (
            "青霉素" in first.inner_text()
            and "高危" in first.inner_text()
            and page.locator(".banner .allergy").count() == 3
        )
        counts = page.locator(".banner .more > summary")
        assert [b.strip() for b in counts.locator("b").all_inner_texts()] == [
            "危急值 5",
            "过敏 30",
            "警示 8",
        ]
        seen = page.locator(".banner .crisis").first.bounding_box()
        assert (
            seen["y"] >= box["y"] - 1 and seen["y"] + seen["height"] <= box["y"] + box["height"] + 1
        ), "a critical value is in sight without scrolling"
        page.click(".banner .more > summary")
        sheet = page.locator(".banner .sheet")
        assert sheet.is_visible() and sheet.bounding_box()["height"] <= height / 2 + 1, (
            "the full list scrolls inside"
        )
        assert page.locator(".banner").bounding_box()["height"] <= height / 4
        assert (
            sheet.locator(".facts > li", has_text=LONG_NAME).count() == 28
            and sheet.locator("li", has_text="跌倒").count() == 8
        )
    assert page.errors == []
