"""Documents in a real Chromium: each kind is seen, nothing in any of them runs or asks for
anything, and nothing stands out of the page on a desk or a phone.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.documents import encode, make_document, make_document_of_all_kinds, make_pdf
from tests.support.world import World, related, w
from tests.wait_until import wait_until

__all__ = ["w"]
pytestmark = pytest.mark.browser
# what runs would ask for an address that nobody has asked for
HOSTILE = (
    "<script>fetch('/ran/script')</script><img src='/ran/img' onerror='fetch(&quot;/ran/e&quot;)'/>"
    "<a href='/ran/link'>go</a>"
)


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en")])
def test_a_document_of_all_kinds(
    enter: Callable[..., Any], server: str, w: World, width: int, language: str
) -> None:
    related(w)
    w.permit()
    what = w.hold.create(
        make_document_of_all_kinds(
            w.at_b, f"{HOSTILE}<meta http-equiv='refresh' content='0;url=/ran/refresh'/>"
        )
    )
    page = enter(alliance.make_staff(w.a), width, language)
    asked, dialogs = [], []
    page.on("requestfinished", lambda r: asked.append(r.url))
    page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    page.goto(f"{server}/person/{w.person}/documents/")
    follow(page, f"main a[href*='{what}']")
    frames = page.locator("iframe")
    assert frames.count() == 2
    page.wait_for_function("document.querySelector('img.sheet').naturalWidth === 40")
    assert "明日复查" in page.inner_text("pre.paper")
    assert "3.1 mmol/L" in page.inner_text(".narrative table")
    assert "2026-11-21 07:30" in page.inner_text("main")
    wait_until(
        lambda: any("血压平稳" in text_of(f) for f in frames_of(page)), "the page of HTML is seen"
    )
    wait_until(
        lambda: any(f.url.startswith("chrome-extension:") for f in frames_of(page)),
        "the browser's viewer has the PDF",
    )
    assert not [u for u in asked if "/ran/" in u] and not dialogs, "and nothing ran"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    blocked = [e for e in page.errors if "Content Security Policy" in e or "sandbox" in e]
    assert len(blocked) == len(page.errors), page.errors
    assert page.title() and "ran" not in page.title()


def frames_of(page: Any) -> list[Any]:
    """Those that there are now: what has happened is only heard while something is asked."""
    page.title()
    return list(page.frames)


def text_of(frame: Any) -> str:
    """What stands in a frame, "" where it is the browser's own."""
    if frame.is_detached() or not frame.url.startswith("http"):
        return ""
    return str(frame.evaluate("document.body ? document.body.innerText : ''"))


def test_a_pdf_with_a_script_is_not_opened(
    enter: Callable[..., Any], server: str, w: World
) -> None:
    related(w)
    w.permit()
    page = enter(alliance.make_staff(w.a), 1440, "en")
    dialogs: list[str] = []
    page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    for script, frames in (("app.alert\\(1\\)", 0), ("", 1)):
        what = w.hold.create(
            make_document(
                w.at_b,
                content=[
                    {
                        "attachment": {
                            "contentType": "application/pdf",
                            "data": encode(make_pdf(script)),
                        }
                    }
                ],
            )
        )
        page.goto(f"{server}/person/{w.person}/document/{w.b.code}/{what}/")
        assert page.locator("iframe").count() == frames
        assert ("it is not opened here" in page.inner_text("main")) is bool(script)
    assert not dialogs
