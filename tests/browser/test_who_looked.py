"""On a telephone the patient finds the button that saves who looked at their records, and a file
comes.
"""

from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from tests.factories.portal_access import open_access
from tests.support.browser import enter as enter_portal
from tests.support.world import World, w

__all__ = ["w"]
pytestmark = pytest.mark.browser


@pytest.fixture
def phone(chromium: Any, server: str, w: World) -> Any:
    """The patient's own, signed in."""
    code = open_access(w.person, w.clerk)[0]  # type: ignore[arg-type]
    context = chromium.new_context(viewport={"width": 390, "height": 860}, locale="zh-CN")
    session = enter_portal(code).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": server}])
    yield context.new_page()
    context.close()


def test_who_looked_is_saved_on_a_telephone(
    phone: Any, server: str, w: World, tmp_path: Path
) -> None:
    phone.goto(f"{server}/my/")
    button = phone.get_by_role("button", name="保存为 PDF")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box["height"] >= 24 and box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    with phone.expect_download() as coming:
        button.click()
    file = tmp_path / "who.pdf"
    coming.value.save_as(file)
    text = "".join(p.extract_text() for p in PdfReader(file).pages)
    assert "谁看过我的病历" in text.replace("\n", "")
