"""The ten-second test: who it is and what can kill them, on the first screen, without a click; and
whatever crowds the banner, the record stays in reach.
"""

from collections.abc import Callable
from typing import Any

import pytest

from alliance.models import Staff
from consent.services.emergencies import do_break_glass
from tests.factories import alliance
from tests.factories.crowded_patient import make_crowded_patient
from tests.factories.fhir import Api
from tests.factories.heart_patient import resources_at_first, resources_at_second, send_all
from tests.support.world import World, new_world, related

pytestmark = pytest.mark.browser
SCREENS = [(1440, 900), (1280, 620), (390, 844), (360, 640)]
# what stands in the banner itself, at the desk and on a telephone
IN_BANNER = (
    "血钾",
    "6.8",
    "INR",
    "4.9",
    "青霉素",
    "华法林",
    "HBsAg",
    "心脏起搏器",
    "AB Rh−",
    "12床",
)
# what stands elsewhere on the first screen of a desk
BESIDE = (
    "同一成分重复用药",
    "血钾偏高时使用补钾药或保钾利尿剂",
    "氯化钾缓释片",
    "螺内酯片",
    "半片 每晚",
)
# whether the middle of an element is what a finger would hit
REACHED = """e => {
  e.scrollIntoView();
  const r = e.getBoundingClientRect(), width = Math.min(r.width, innerWidth);
  const hit = document.elementFromPoint(r.x + width / 2, r.y + r.height / 2);
  return !!hit && (e.contains(hit) || hit.contains(e));
}"""
SEEN = """(e) => {
  const r = e.getBoundingClientRect();
  return r.height > 0 && r.top >= 0 && r.bottom <= innerHeight && r.right <= innerWidth + 1;
}"""


@pytest.fixture(scope="module")
def heart(server: str) -> tuple[World, Staff]:
    w = new_world(server)
    mine = w.ask("GET", "Patient").json["entry"][0]["resource"]["id"]
    send_all(w.ask, resources_at_first(f"Patient/{mine}"))
    send_all(w.hold, resources_at_second(w.at_b))
    related(w)
    w.permit(sensitive=True)
    return w, alliance.make_staff(w.a)


def sights(page: Any, root: str, words: str) -> bool:
    """Whether the words stand within the screen."""
    found = page.locator(f"{root} :text('{words}')")
    return any(found.nth(i).evaluate(SEEN) for i in range(found.count()))


def test_what_can_kill_is_on_the_first_screen(
    heart: tuple[World, Staff], enter: Callable[..., Any], server: str
) -> None:
    w, doctor = heart
    page = enter(doctor)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server}/person/{w.person}/")
    for words in IN_BANNER:
        assert sights(page, ".banner .gist", words), words
    for words in BESIDE:
        assert sights(page, "main", words), words
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server}/person/{w.person}/")
    shown = [words for words in IN_BANNER if sights(page, ".banner .gist", words)]
    assert {"6.8", "青霉素", "华法林"} <= set(shown), shown
    page.click(".banner .more > summary")
    told = page.locator(".banner").inner_text()
    assert all(words in told for words in IN_BANNER), "one tap shows the rest"
    assert page.errors == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_banner_leaves_the_record_in_reach(
    enter: Callable[..., Any], server: str, language: str
) -> None:
    at = alliance.make_hospital("reach")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    person, about = make_crowded_patient(api)
    send_all(api, resources_at_first(about) + resources_at_second(about))
    page = enter(alliance.make_staff(at), language=language)
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        for tab in ("summary", "medicines"):
            page.goto(f"{server}/person/{person}/{tab}/")
            for target in ("main h2:visible", ".tabs a"):
                found = page.locator(target)
                assert found.count() > 1
                for i in range(found.count()):
                    assert found.nth(i).evaluate(REACHED), (width, tab, found.nth(i).inner_text())
                    box = page.locator(".banner").bounding_box()
                    assert 40 < box["height"] <= height / 4, (width, height, box)
        counts = page.locator(".banner .more > summary").inner_text()
        assert "30" in counts and page.locator(".banner .more > summary").evaluate(SEEN), counts
    assert page.errors == []


def test_emergency_access_tells_the_time_left(enter: Callable[..., Any], server: str) -> None:
    other = new_world(server)
    doctor = alliance.make_staff(other.a)
    do_break_glass(
        other.person,
        ground="rescue",
        reason="unconscious",
        hours=1,
        acting=alliance.get_staff_principal(doctor),
    )
    page = enter(doctor)
    page.goto(f"{server}/person/{other.person}/problems/")
    assert "紧急调阅：剩" in page.locator(".banner .id").inner_text()
