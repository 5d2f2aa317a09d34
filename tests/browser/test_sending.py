"""The sending side in a real Chromium, desk and phone, both languages: written, kept, approved by
another, sent; what goes along opened by the receiver, a message, and an emergency whose papers come
later.
"""

from collections.abc import Callable
from typing import Any

import pytest

from alliance.models import WorkDraft, WorkItem
from alliance.roles import Role
from alliance.workflow.approval import do_set_approval
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.referrals import make_recent_result
from tests.support.world import World, new_world

pytestmark = pytest.mark.browser
Enter = Callable[..., Any]
WHY = "胸闷、活动后气促三天，疑心力衰竭，请进一步诊治"


def fits(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    assert not page.errors, page.errors


def go(page: Any, address: str) -> None:
    page.goto(address)
    fits(page)


def press(page: Any, button: str) -> None:
    follow(page, button)
    fits(page)


def make_world(server: str) -> World:
    w = new_world(server)
    w.permit()
    w.hold.create(make_recent_result(w.at_b, valueQuantity={"value": 6.25, "unit": "mmol/L"}))
    officer = alliance.make_staff(w.b, Role.ADMINISTRATOR)
    do_set_approval(
        ["referral-up", "referral-sideways", "referral-down"],
        acting=alliance.get_staff_principal(officer),
    )
    return w


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_written_kept_approved_sent_and_opened(
    enter: Enter, server: str, width: int, language: str
) -> None:
    w = make_world(server)
    home = enter(alliance.make_staff(w.b), width, language)
    go(home, f"{server}/person/{w.person}/refer/?to={w.a.code}")
    home.check("input[name=urgency][value=urgent]")
    home.locator("summary", has=home.locator("xpath=..//li")).first.click()
    fits(home)
    press(home, "button[value=save]")
    draft = WorkDraft.objects.get(hospital=w.b)
    assert home.url.endswith(f"/referrals/drafts/{draft.pk}/")
    press(home, f"a[href*='draft={draft.pk}']")
    home.fill("#id_reason", WHY)
    press(home, "button[value=send]")
    assert not WorkItem.objects.filter(sender=w.b).exists()

    clerk = enter(alliance.make_staff(w.b, Role.CLERK), width, language)
    go(clerk, f"{server}/referrals/drafts/")
    press(clerk, f"a[href='/referrals/drafts/{draft.pk}/']")
    assert WHY in clerk.inner_text("main")
    press(clerk, "form:has(input[value=approve]) button")
    item = WorkItem.objects.get(sender=w.b)
    assert clerk.url.endswith(f"/referrals/{item.pk}/")

    doctor = enter(alliance.make_staff(w.a), width, language)
    go(doctor, f"{server}/referrals/{item.pk}/")
    press(doctor, f"a[href*='/referrals/{item.pk}/record/']")
    assert "6.25" in doctor.inner_text("main")
    press(doctor, f"a[href='/referrals/{item.pk}/']")
    doctor.fill("#thread textarea", "目前在用抗凝药吗？")
    press(doctor, "#thread button")
    go(home, f"{server}/referrals/{item.pk}/")
    assert "抗凝药" in home.inner_text("#thread") and home.locator("#thread .tag").count() == 1


def test_an_emergency_goes_first_and_its_papers_later(enter: Enter, server: str) -> None:
    w = make_world(server)
    home = enter(alliance.make_staff(w.b), 390, "zh-CN")
    go(home, f"{server}/person/{w.person}/refer/?to={w.a.code}")
    home.locator("details:has(button[value=emergency]) summary").click()
    fits(home)
    home.fill("#id_emergency_line", "高处坠落，神志不清")
    press(home, "button[value=emergency]")
    item = WorkItem.objects.get(sender=w.b)
    press(home, f"a[href='/referrals/{item.pk}/papers/']")
    home.fill("#id_reason", "GCS 14分，左股骨干骨折，已固定")
    press(home, "main form[method=post] button.main")
    shown = home.inner_text("main")
    assert "GCS 14分" in shown and "高处坠落" in shown
    assert item.documents.count() == 1 and item.debts.filter(settled_at=None).count() == 1
