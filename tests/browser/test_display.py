"""A browser chooses how its pages look, and they stay so, whoever signs in."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import alliance

pytestmark = pytest.mark.browser
GROUND = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(243, 247, 246)", "rgb(13, 23, 22)"
SIZE = "parseFloat(getComputedStyle(document.body).fontSize)"


def choose(page: Any, word: str) -> None:
    page.locator("details.menu", has_text="Display").locator("summary").click()
    with page.expect_navigation():
        page.get_by_role("button", name=word, exact=True).click()


def test_dark_and_dense_are_kept(enter: Callable[..., Any], server: str) -> None:
    page = enter(alliance.make_staff(alliance.make_hospital("looks")), language="en")
    page.goto(f"{server}/account/")
    assert page.evaluate(GROUND) == LIGHT, "the system of this browser is light"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(GROUND) == DARK, "as the system"
    choose(page, "light")
    assert page.url == f"{server}/account/" and page.evaluate(GROUND) == LIGHT
    page.emulate_media(color_scheme="light")
    choose(page, "dark")
    assert page.evaluate(GROUND) == DARK
    page.emulate_media(media="print")
    assert page.evaluate(GROUND) != DARK, "paper is light"
    page.emulate_media(media="screen")
    roomy = page.evaluate(SIZE)
    choose(page, "dense")
    assert page.evaluate(SIZE) < roomy and page.evaluate(GROUND) == DARK, (
        "one choice leaves the other"
    )
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/account/login/**")
    assert page.evaluate(GROUND) == DARK, "the browser's, not the person's"
    assert not page.errors


def test_nonsense_is_refused_and_a_foreign_page_is_not_gone_back_to(server: str) -> None:
    from tests.support.html import Browser

    browser = Browser()
    assert browser.post("/display/", {"mode": "purple"}).status_code == 400
    there = browser.post(
        "/display/", {"mode": "dark"}, headers={"referer": "https://evil.example/"}
    )
    assert (there.status_code, there["Location"]) == (302, "/")
    assert browser.cookies["display"].value == "dark.roomy"
    browser.cookies["display"] = "<b>.x"
    assert browser.get("/account/login/").status_code == 200
