"""The inbox that is open hears of an emergency within a second, rings until somebody has heard it,
and the page of a referral tells that it was moved on; in a real Chromium.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.referrals import move_on, send_referral
from tests.support.world import new_world

pytestmark = pytest.mark.browser
Enter = Callable[..., Any]
PATIENCE = 20_000  # milliseconds: how quick it is was measured apart: docs/adr/0092


def until(holds: Callable[[], bool]) -> None:
    """Wait for it. The page's policy lets no script be evaluated in a loop of the browser's."""
    limit = time.monotonic() + PATIENCE / 1000
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_an_emergency_rings_until_it_is_heard_and_elsewhere_until_it_is_answered(
    enter: Enter, server: str, width: int, language: str
) -> None:
    w = new_world(server)
    there = alliance.make_hospital("rings")
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    reader = alliance.make_staff(there)
    page = enter(reader, width, language)
    page.goto(f"{server}/referrals/")
    assert not page.is_visible(".pulse-rings") and not page.is_visible(".pulse-news")
    title = page.title()
    item = send_referral(w.person, there, home, urgency="emergency")
    page.wait_for_selector(".pulse-rings", state="visible", timeout=PATIENCE)
    alert = page.locator("[role=alert] .pulse-rings")
    assert item.number in alert.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    until(lambda: page.title().startswith("●"))
    page.click(".pulse-heard")
    page.wait_for_selector(".pulse-rings", state="hidden", timeout=PATIENCE)
    assert page.title() == title
    page.reload()
    page.wait_for_timeout(1500)
    assert not page.is_visible(".pulse-rings"), "heard here: it stays silent"
    assert item.number in page.inner_text("main")

    colleague = enter(alliance.make_staff(there), width, language)
    colleague.goto(f"{server}/referrals/")
    colleague.wait_for_selector(".pulse-rings", state="visible", timeout=PATIENCE)
    follow(colleague, f".pulse-rings a[href='/referrals/{item.pk}/']")
    assert not colleague.is_visible(".pulse-news")
    move_on(item, alliance.get_staff_principal(reader), "accept")
    colleague.wait_for_selector(".pulse-news", state="visible", timeout=PATIENCE)
    follow(colleague, ".pulse-news a")
    assert not colleague.is_visible(".pulse-news"), "as it is now"
    colleague.goto(f"{server}/referrals/")
    colleague.wait_for_timeout(1500)
    assert not colleague.is_visible(".pulse-rings"), "answered"
    assert not page.errors and not colleague.errors


def test_who_is_there_sees_the_list_anew_and_an_unattended_page_keeps_no_session_alive(
    enter: Enter, server: str
) -> None:
    w = new_world(server)
    there = alliance.make_hospital("quiet")
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    page = enter(alliance.make_staff(there))
    page.goto(f"{server}/referrals/")
    item = send_referral(w.person, there, home)
    page.wait_for_selector(f"a[href='/referrals/{item.pk}/']", timeout=PATIENCE)
    page.evaluate("Date.now = ((now) => () => now() + 120000)(Date.now.bind(Date))")
    key = next(c["value"] for c in page.context.cookies() if c["name"] == "sessionid")
    expires = Session.objects.get(pk=key).expire_date
    other = send_referral(w.person, there, home)
    page.wait_for_selector(".pulse-news", state="visible", timeout=PATIENCE)
    assert not page.locator(f"a[href='/referrals/{other.pk}/']").count(), "nobody looks"
    time.sleep(1)
    assert Session.objects.get(pk=key).expire_date == expires
    follow(page, ".pulse-news a")
    assert page.locator(f"a[href='/referrals/{other.pk}/']").count() == 1
    assert not page.errors
