"""An urgent referral from a township hospital to the core and back home with follow-up, in a real
Chromium: both languages, desk and phone.
"""

from collections.abc import Callable
from typing import Any

import pytest

from alliance.models import WorkItem
from alliance.roles import Role
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.referrals import make_recent_result
from tests.support.world import new_world

pytestmark = pytest.mark.browser
Enter = Callable[..., Any]
WHY = "胸闷、活动后气促三天，疑心力衰竭"


def do_verb(page: Any, verb: str, note: str = "") -> None:
    """Open the verb's form where it is closed, fill it, send it."""
    form = f"form:has(input[name=verb][value='{verb}'])"
    part = page.locator(f"details:has(input[name=verb][value='{verb}'])")
    if part.get_attribute("open") is None:
        part.locator("summary").click()
    if note:
        page.fill(f"{form} textarea", note)
    follow(page, f"{form} button")
    assert page.is_visible(".note.success"), verb
    fits(page)


def fits(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    assert not page.errors, page.errors


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_from_a_township_hospital_to_the_core_and_home_again(
    enter: Enter, server: str, width: int, language: str
) -> None:
    w = new_world(server)
    w.permit()
    w.hold.create(make_recent_result(w.at_b))
    home = enter(alliance.make_staff(w.b), width, language)
    home.goto(f"{server}/person/{w.person}/")
    follow(home, f"a[href='/person/{w.person}/refer/']")
    fits(home)
    home.check(f"input[name=to][value='{w.a.code}']")
    follow(home)
    fits(home)
    home.check("input[name=urgency][value=urgent]")
    home.fill("textarea[name=reason]", WHY)
    follow(home)
    item = WorkItem.objects.get(sender=w.b, receiver=w.a)
    assert home.url.endswith(f"/referrals/{item.pk}/") and item.documents.count() == 1
    fits(home)

    clerk = enter(alliance.make_staff(w.a, Role.CLERK), width, language)
    assert clerk.locator("a[href='/referrals/']").count(), "the first page says that one waits"
    clerk.goto(f"{server}/referrals/")
    fits(clerk)
    follow(clerk, f"a[href='/referrals/{item.pk}/']")
    assert WHY in clerk.inner_text("main")
    do_verb(clerk, "accept", "心血管内科 5 病区 12 床")
    do_verb(clerk, "arrive")

    doctor = enter(alliance.make_staff(w.a), width, language)
    doctor.goto(f"{server}/referrals/{item.pk}/")
    do_verb(doctor, "admit")
    do_verb(doctor, "treat", "心力衰竭，利尿后好转")
    do_verb(doctor, "return", "呋塞米 20 毫克每日一次；体重一周增加两公斤即就诊")

    home.goto(f"{server}/referrals/")
    follow(home, f"a[href='/referrals/{item.pk}/']")
    assert "呋塞米 20 毫克" in home.inner_text("main")
    do_verb(home, "confirm-home")
    do_verb(home, "follow-up", "气促消失")
    do_verb(home, "close", "好转")
    item.refresh_from_db()
    assert (item.state, item.outcome) == ("closed", "好转")
