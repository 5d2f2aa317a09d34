"""A consent from the counter to the patient's own phone, in a real Chromium: template, simulation, signature on the screen, code, own page, withdrawal."""

from collections.abc import Callable
from typing import Any

import pytest

from alliance.roles import Role
from consent.models import Directive
from records.mpi import sources
from tests.factories import alliance
from tests.leaks.test_shared_record import World, related, w

__all__ = ["w"]
pytestmark = pytest.mark.browser
Enter = Callable[..., Any]


@pytest.mark.parametrize("width", [1440, 390])
def test_from_the_counter_to_the_patients_page(enter: Enter, server: str, w: World, width: int) -> None:
    related(w)
    page = enter(alliance.staff(w.b, Role.CLERK), width)
    page.goto(f"{server}/person/{w.person}/consent/")
    assert not page.is_visible(".f-recipients, .f-groups, .f-doctors"), "share with all asks for no hospitals and no doctors"
    page.check("input[name=template][value=only]")
    assert page.is_visible(".f-doctors")
    page.check(f"input[name=recipients][value={w.a.code}]")
    page.fill("input[name=evidence]", "柜 3-12")
    pad = page.locator("canvas.pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 80, steps=5)
    page.mouse.up()
    page.click("button[name=simulate]")
    page.wait_for_selector("#sight")
    row = [cell.strip() for cell in page.inner_text(f"#sight tr:has-text('{w.a.code}')").split("\t")]
    page.click(f"#sight tr:has-text('{w.a.code}') summary")
    assert "检验检查 1" in page.inner_text("#sight details[open]"), "which kinds they would not see"
    assert row[1:] == ["2", "1", "0"] and not Directive.objects.filter(template="only", covers__contains=[sources.of_person(w.person)[0].id]).exists()  # type: ignore[arg-type]
    assert page.input_value("select[name=method]") == "screen", "the signature is kept"
    page.click("form button.main")
    page.wait_for_selector("img.signed")
    page.wait_for_function("document.querySelector('img.signed').naturalWidth > 100")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no sideways scrolling"
    assert w.seen() == {f"{w.b.code}/{w.plain}"}
    page.click("form.after button")
    code = page.inner_text("b.code")
    page.context.clear_cookies()
    page.goto(f"{server}/my/")
    page.fill("input[name=code]", code)
    page.fill("input[name=birth_date]", "1958-03-12")
    page.click("main button.main")
    page.wait_for_selector("table.log")
    assert w.a.code in page.inner_text("main") and page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.click("form[action*=withdraw] button")
    page.wait_for_selector(".note.success")
    assert w.seen() == set(), "withdrawn on the phone, closed at the other hospital"
