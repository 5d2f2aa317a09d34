"""The banner in a real Chromium: what can harm stands in it, on every screen, and it never hides the record."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from alliance.models import Hospital
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import Api, bundle, number, observation, patient

pytestmark = pytest.mark.browser
SCREENS = [(390, 844), (1280, 620), (320, 568), (1440, 900)]
LONG = "布比卡因脂质体注射用混悬液（长效局部麻醉药，含二棕榈酰磷脂酰胆碱与三辛酸甘油酯辅料）"


def crowded(api: Api) -> str:
    """A patient with a long name, thirty allergies, eight alerts and five critical values; the person id."""
    about = api.create(patient("阿卜杜热合曼·买买提依明·吐尔逊江·阿布都克里木·艾合买提江", resident=number()))
    names = [f"{LONG}{i}" for i in range(28)] + ["花生", "青霉素"]
    sent = [("POST", "AllergyIntolerance", {
        "resourceType": "AllergyIntolerance", "patient": {"reference": about}, "code": {"text": name}, "criticality": "high" if name == "青霉素" else "low",
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
        "reaction": [{"manifestation": [{"text": "全身荨麻疹伴面部血管性水肿及持续性低血压"}], "severity": "moderate"}]}) for name in names]
    sent += [("POST", "Flag", {"resourceType": "Flag", "status": "active", "subject": {"reference": about}, "code": {"text": f"跌倒与压力性损伤高风险，须双人陪护{i}"}}) for i in range(8)]
    at = (timezone.now() - dt.timedelta(hours=1)).isoformat(timespec="seconds")
    sent += [("POST", "Observation", observation(about, date=at) | {"code": {"text": f"危急项目{i}"}, "interpretation": [{"coding": [{"code": "HH"}]}]}) for i in range(5)]
    assert api("POST", "", bundle(*sent)).status == 200  # type: ignore[arg-type]
    return str(SourcePatient.objects.get(hospital__code=api.base, fhir_id=about.split("/")[1]).person_id)


def test_a_crowded_banner_leaves_three_quarters_of_every_screen(enter: Callable[..., Any], server: str) -> None:
    at = alliance.hospital("crowd")
    person = crowded(Api(server, at.code, credentials=alliance.credentials(at)))
    page = enter(alliance.staff(Hospital.objects.get(pk=at.pk)))
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{server}/person/{person}/problems/")
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        box = page.locator(".banner").bounding_box()
        assert 40 < box["height"] <= height / 4 and box["width"] <= width, (width, height, box)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no scrolling sideways"
        first = page.locator(".banner .allergy").first
        assert "青霉素" in first.inner_text() and "高危" in first.inner_text() and page.locator(".banner .allergy").count() == 3
        assert page.locator(".banner .more summary").inner_text().strip() == "另有 34 项"
        seen = page.locator(".banner .crisis").first.bounding_box()
        assert seen["y"] >= box["y"] - 1 and seen["y"] + seen["height"] <= box["y"] + box["height"] + 1, "a critical value is in sight without scrolling"
        page.click(".banner .more summary")
        sheet = page.locator(".banner .sheet")
        assert sheet.is_visible() and sheet.bounding_box()["height"] <= height / 2 + 1, "the full list scrolls inside"
        assert page.locator(".banner").bounding_box()["height"] <= height / 4
        assert sheet.locator("li", has_text=LONG).count() == 28 and sheet.locator("li", has_text="跌倒").count() == 8
    assert page.errors == []
