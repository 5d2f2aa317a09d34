"""Paper and rare characters in a real Chromium: the browser's own print has the patient at the head
of each page; a font for rare characters comes only where one stands.
"""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from pypdf import PdfReader

from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.world import World, related, w

__all__ = ["w"]
pytestmark = pytest.mark.browser
RARE = "㛃䶮𬭎"


def pages_of(page: Any) -> list[str]:
    """Texts of the pages that the browser would print, without blanks, as it draws characters."""
    data = page.pdf(prefer_css_page_size=True)
    return ["".join(p.extract_text().split()) for p in PdfReader(io.BytesIO(data)).pages]


RADICALS = "[\u2e80-\u2fdf]"  # share their glyph with a character: Chromium's PDF names either


def says_name(name: str, text: str) -> bool:
    return bool(re.search("".join(f"(?:{re.escape(c)}|{RADICALS})" for c in name), text))


def test_each_page_of_paper_says_whose_it_is(
    enter: Callable[..., Any], server: str, w: World
) -> None:
    related(w)
    w.permit()
    for n in range(60):
        w.hold.create({**make_observation(w.at_b), "code": {"text": f"Test {n}"}})
    page = enter(alliance.make_staff(w.a), 1440, "en")
    page.goto(f"{server}/person/{w.person}/results/")
    assert not page.is_visible(".paperhead"), "not on a screen"
    name = "".join(page.inner_text("main h1").split())
    found = pages_of(page)
    assert len(found) > 1 and not says_name("不是她", found[0]), "the control"
    for number, text in enumerate(found, 1):
        assert says_name(name, text) and "1958-03-12" in text, number
        assert f"{number}/{len(found)}" in text, number
    whole = "".join(found)
    assert "▶" not in whole and "▸" not in whole and "▼" not in whole
    assert "Signout" not in whole and "Reasonsforaccess" not in whole, "no menus"
    assert all(f"Test{n}" in whole for n in range(60)), "what was folded lies open"


def test_a_font_for_rare_characters_comes_where_one_stands(
    enter: Callable[..., Any], server: str, world: None
) -> None:
    at = alliance.make_hospital("rare")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    page = enter(alliance.make_staff(at), 1440, "zh-CN")
    fonts: set[str] = set()
    page.on("requestfinished", lambda r: fonts.add(r.url) if ".woff2" in r.url else None)
    for name in ("张平常", f"欧阳{RARE}"):
        api.create(make_patient(name))
        page.goto(f"{server}/patients/")
        page.fill("main input[name=q]", name)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"main :text('{name}')")
        page.evaluate("document.fonts.ready.then(() => true)")
        if name == "张平常":
            assert not fonts, "an ordinary name asks for none"
    assert len(fonts) == 3, "the slices with 㛃, 䶮 and 𬭎, and no other"
    assert page.evaluate(
        "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family).join()"
    ).count("Xinglin Han") == len(fonts)
    assert not page.errors
