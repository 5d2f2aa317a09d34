"""Finding a patient without a mouse, on desk and phone, in both languages; and the first page of
each role, seen weakly.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alliance.roles import Role
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient

pytestmark = pytest.mark.browser
Enter = Callable[..., Any]
CHECK = (Path(__file__).resolve().parents[1] / "support/accessible.js").read_text()
ROLES = (Role.CLINICIAN, Role.CLERK, Role.PRIVACY, Role.AUDITOR, Role.ADMINISTRATOR)


@pytest.mark.parametrize(
    ("width", "language", "why"),
    [(1440, "zh-CN", "首字母相符"), (390, "en", "by initials")],
)
def test_slash_type_arrows_enter_and_back_keeps_the_list(
    enter: Enter, server: str, width: int, language: str, why: str
) -> None:
    at = alliance.make_hospital("keys")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    for name in ("闻人甲乙", "闻人甲丙", "闻人甲丁"):
        api.create(make_patient(name))
    page = enter(alliance.make_staff(at), width, language)
    assert page.evaluate("document.activeElement.name") == "q", "the box waits on the first page"
    page.goto(f"{server}/account/")
    with page.expect_navigation():
        page.keyboard.press("/")
    assert page.url == f"{server}/patients/", "from a page without a box to the one that has it"
    page.wait_for_function("document.activeElement.name === 'q'")
    page.keyboard.type("wrj")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    listed = page.url
    assert page.locator("#found .people a").count() == 3
    assert why in page.inner_text("#found")
    page.locator("h1").click()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    for key, at_hit in (
        ("ArrowDown", 0),
        ("ArrowDown", 1),
        ("ArrowDown", 2),
        ("ArrowDown", 2),
        ("ArrowUp", 1),
    ):
        page.keyboard.press(key)
        assert (
            page.evaluate(
                "[...document.querySelectorAll('#found .people a')].indexOf(document.activeElement)"
            )
            == at_hit
        )
    name = page.evaluate("document.activeElement.querySelector('b').textContent")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.inner_text(".banner h1") == name
    page.go_back()
    page.wait_for_selector("#found .people a")
    assert page.url == listed
    assert page.locator("#found .people a").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.goto(server + "/")
    assert name in page.inner_text("main"), "and the first page remembers"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.errors == []


@pytest.mark.parametrize("role", ROLES)
def test_the_first_page_of_a_role(enter: Enter, server: str, role: Role) -> None:
    who = alliance.make_staff(
        alliance.make_hospital("first"), role, wide=role is not Role.CLINICIAN
    )
    page = enter(who, 360, "en")
    assert page.url == f"{server}/", "where everybody lands"
    assert page.inner_text("h1") == "Home"
    assert page.evaluate(CHECK) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.errors == []
