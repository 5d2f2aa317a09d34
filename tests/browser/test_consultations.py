"""A consultation from the question over the draft of two experts to the signed opinion and what was
decided, in a real Chromium: both languages, desk and phone.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from alliance.models import SignedOpinion, WorkItem
from alliance.roles import Role
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.consultations import ASKED
from tests.factories.referrals import make_recent_result
from tests.support.world import new_world

pytestmark = pytest.mark.browser
Enter = Callable[..., Any]
OPINION = "考虑不稳定型心绞痛，建议48小时内行冠状动脉造影"


def fits(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    assert not page.errors, page.errors


def open_form(page: Any, verb: str) -> str:
    """The verb's form, opened where it is closed."""
    part = page.locator(f"details:has(input[name=verb][value='{verb}'])")
    if part.get_attribute("open") is None:
        part.locator("summary").click()
    return f"form:has(input[name=verb][value='{verb}'])"


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_from_the_question_to_the_signed_opinion(
    enter: Enter, server: str, width: int, language: str
) -> None:
    w = new_world(server)
    w.permit()
    w.hold.create(make_recent_result(w.at_b))
    lead, second = alliance.make_staff(w.a), alliance.make_staff(w.a)
    home = enter(alliance.make_staff(w.b), width, language)
    home.goto(f"{server}/person/{w.person}/")
    follow(home, f"a[href='/person/{w.person}/consult/']")
    home.check(f"input[name=to][value='{w.a.code}']")
    follow(home)
    fits(home)
    home.check("input[name=urgency][value=urgent]")
    home.fill("input[name=department]", "心血管内科")
    for name, text in ASKED.items():
        home.fill(f"[name={name}]", text)
    home.fill("textarea[name=question]", "是否需要介入治疗？")
    home.check("input[name=agreement][value=signed]")
    home.fill("input[name=agreed_by]", "患者本人")
    agreed = timezone.localtime(timezone.now() - dt.timedelta(hours=1))
    home.fill("input[name=agreed_at]", f"{agreed:%Y-%m-%dT%H:%M}")
    follow(home)
    item = WorkItem.objects.get(sender=w.b, receiver=w.a)
    assert home.url.endswith(f"/consultations/{item.pk}/") and item.documents.count() == 1
    fits(home)

    clerk = enter(alliance.make_staff(w.a, Role.CLERK), width, language)
    assert clerk.locator("a[href='/consultations/']").count(), "the first page says that one waits"
    clerk.goto(f"{server}/consultations/")
    fits(clerk)
    follow(clerk, f"a[href='/consultations/{item.pk}/']")
    form = open_form(clerk, "accept")
    clerk.select_option(f"{form} select[name=lead]", str(lead.pk))
    clerk.select_option(f"{form} select[name=others]", [str(second.pk)])
    follow(clerk, f"{form} button")
    assert clerk.is_visible(".note.success")
    fits(clerk)

    expert, other = enter(lead, width, language), enter(second, width, language)
    sent = f"/consultations/{item.pk}/record/{item.documents.get().pk}/"
    expert.goto(f"{server}/consultations/{item.pk}/")
    follow(expert, f"a[href='{sent}']")
    digest = item.documents.get().digest[:12]
    assert digest in expert.inner_text("main"), "it is what was sent"
    assert not expert.is_visible(".note.bad")
    fits(expert)
    for page in (expert, other):
        page.goto(f"{server}/consultations/{item.pk}/opinion/")
        fits(page)
    other.fill("textarea[name=opinion]", "建议先行超声心动图")
    follow(other)
    expert.fill("textarea[name=opinion]", OPINION)
    follow(expert)
    assert "建议先行超声心动图" in expert.inner_text(".note.error")
    assert expert.input_value("textarea[name=opinion]") == OPINION, "nothing is lost"
    assert expert.errors and all("409" in e for e in expert.errors)
    expert.errors.clear()
    fits(expert)
    expert.fill("textarea[name=opinion]", f"{OPINION}；建议先行超声心动图")
    follow(expert)
    expert.goto(f"{server}/consultations/{item.pk}/")
    follow(expert, f"a[href='/consultations/{item.pk}/sign/']")
    expert.fill("#id_password", alliance.PASSWORD)
    follow(expert)
    assert OPINION in expert.inner_text("main")
    fits(expert)
    follow(expert)
    assert SignedOpinion.objects.get(item=item).staff == lead
    fits(expert)

    home.goto(f"{server}/consultations/{item.pk}/")
    assert OPINION in home.inner_text("main")
    form = open_form(home, "acknowledge")
    home.fill(f"{form} textarea", "明日转上级医院造影")
    follow(home, f"{form} button")
    fits(home)
    form = open_form(home, "rate")
    home.check(f"{form} input[name=score][value='5']")
    follow(home, f"{form} button")
    fits(home)
    item.refresh_from_db()
    assert (item.state, item.outcome, item.rating.score) == ("closed", "明日转上级医院造影", 5)
