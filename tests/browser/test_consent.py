"""A consent from the counter to the patient's own phone, in a real Chromium: template,
simulation, signature on the screen, code, activation at another hospital, passphrase, own page,
another code stopped, withdrawal.
"""

from collections.abc import Callable
from typing import Any

import pytest

from alliance.roles import Role
from consent.models import Directive
from records.mpi.index import source_patients
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.portal_access import PASSPHRASE
from tests.factories.ties import confirm_tie
from tests.support.world import World, related, w

__all__ = ["w"]
pytestmark = pytest.mark.browser
Enter = Callable[..., Any]


def fits(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "no sideways scrolling"
    )


def activated(enter: Enter, server: str, w: World, width: int) -> str:
    """The activation number that the record office of another hospital gives."""
    page = enter(alliance.make_staff(w.a, Role.CLERK), width)
    page.goto(f"{server}/person/{w.person}/consent/access/")
    follow(page, "a[href$='/activate/']")
    page.fill("input[name=compared]", "身份证，姓名、照片相符")
    follow(page)
    fits(page)
    return str(page.inner_text("b.code"))


def give_another(enter: Enter, server: str, w: World) -> None:
    page = enter(alliance.make_staff(w.b, Role.CLERK))
    page.goto(f"{server}/person/{w.person}/consent/access/")
    follow(page)
    assert page.is_visible("b.code")


def sign_in(page: Any, server: str, code: str, secret: str) -> None:
    page.goto(f"{server}/my/")
    page.fill("input[name=code]", code)
    page.fill("input[name=birth_date]", "1958-03-12")
    page.fill("input[name=secret]", secret)
    follow(page)


@pytest.mark.parametrize("width", [1440, 390])
def test_from_the_counter_to_the_patients_page(
    enter: Enter, server: str, w: World, width: int
) -> None:
    related(w)
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    page = enter(alliance.make_staff(w.b, Role.CLERK), width)
    page.goto(f"{server}/person/{w.person}/consent/")
    assert (
        page.locator(
            "[name=recipients]:visible, [name=groups]:visible, [name=doctors]:visible"
        ).count()
        == 0
    ), "share with all asks for no hospitals and no doctors"
    page.check("input[name=template][value=only]")
    assert (
        page.is_visible("[name=doctors]")
        and page.is_visible("[name=recipients]")
        and not page.is_visible("[name=groups]")
    )
    assert "允许谁查看病历？" in page.inner_text(
        ".steps"
    ) and "不允许谁查看病历？" not in page.inner_text(".steps"), (
        "each question is worded for the choice"
    )
    page.check("input[name=template][value=refuse]")
    assert "不允许谁查看病历？" in page.inner_text(".steps") and not page.is_visible(
        "input[name=kinds]"
    )
    page.check(f"input[name=recipients][value={w.a.code}]")
    page.check("input[name=template][value=nothing]")
    follow(page, "button[name=read]")
    assert (
        page.is_visible(".fault")
        and page.is_visible("input[name=recipients]")
        and page.locator("#reading").count() == 0
    ), "a hospital beside “no other hospital” is asked about, not read otherwise"
    page.check("input[name=template][value=only]")
    follow(page, "button[name=read]")
    assert (
        f"允许{w.a.name_zh}查看各医院的病历（特别保护的除外）" in page.inner_text("#reading")
        and not Directive.objects.filter(hospital=w.b).exists()
    )
    page.fill("input[name=evidence]", "柜 3-12")
    pad = page.locator("canvas.pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 80, steps=5)
    page.mouse.up()
    row = [
        cell.strip() for cell in page.inner_text(f"#sight tr:has-text('{w.a.code}')").split("\t")
    ]
    page.click(f"#sight tr:has-text('{w.a.code}') summary")
    assert "检验检查 1" in page.inner_text("#sight details[open]"), "which kinds they would not see"
    assert (
        row[1:] == ["2", "1", "0"]
        and not Directive.objects.filter(
            template="only", covers__contains=[source_patients.sources_of_person(w.person)[0].id]
        ).exists()
    )  # type: ignore[arg-type]
    assert page.input_value("select[name=method]") == "screen", (
        "the signature says how it was given"
    )
    follow(page, "button[name=save]")
    assert page.locator("img.signed").evaluate("i => i.decode().then(() => i.naturalWidth)") > 100
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "no sideways scrolling"
    )
    assert w.seen() == {f"{w.b.code}/{w.plain}"}
    follow(page, "a[href$='/consent/access/']")
    follow(page)
    code = page.inner_text("b.code")
    fits(page)
    number = activated(enter, server, w, width)
    phone = page.context.browser.new_context(
        viewport={"width": width, "height": 860}, locale="zh-CN"
    ).new_page()
    sign_in(phone, server, code, number)
    assert phone.url.endswith("/my/passphrase/") and "本人口令" in phone.inner_text("main")
    fits(phone)
    for field in ("passphrase", "again"):
        phone.fill(f"input[name={field}]", "12345678")
    follow(phone)
    assert phone.is_visible(".fault")
    for field in ("passphrase", "again"):
        phone.fill(f"input[name={field}]", PASSPHRASE)
    follow(phone)
    assert (
        phone.is_visible("table.log")
        and "尚未确认" not in phone.inner_text("main")
        and "临时确认" not in phone.inner_text("main")
    )
    phone.context.clear_cookies()
    sign_in(phone, server, code, PASSPHRASE)
    assert phone.is_visible("table.log") and w.a.code in phone.inner_text("main")
    fits(phone)
    follow(page, "main a[href$='/consent/']")
    follow(page, "a[href$='/consent/access/']")
    assert page.is_visible("b.code"), "for ten minutes"
    give_another(enter, server, w)
    phone.reload()
    assert "有人为您的页面打印了新访问码" in phone.inner_text(
        "main"
    ) and w.b.name_zh in phone.inner_text(".danger")
    fits(phone)
    follow(phone, "form[action*='/stop/'] button")
    assert (
        phone.is_visible(".note.success") and phone.locator("form[action*='/stop/']").count() == 0
    )
    page = phone
    follow(page, "a.button[href*=withdraw]")
    assert w.a.code in page.inner_text("main") and w.seen(), "asked once more"
    follow(page)
    assert page.is_visible(".note.success") and w.seen() == set(), (
        "withdrawn on the phone, closed at the other hospital"
    )
