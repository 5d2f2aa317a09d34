"""An urgent referral from a township hospital to the core and back home with follow-up, in a real
Chromium: both languages, desk and phone.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from alliance.models import HomeTask, WorkItem
from alliance.roles import Role
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.referrals import make_recent_result
from tests.support.world import new_world

pytestmark = pytest.mark.browser
Enter = Callable[..., Any]
WHY = "胸闷、活动后气促三天，疑心力衰竭"


def open_verb(page: Any, verb: str) -> None:
    part = page.locator(f"details[data-verb='{verb}']")
    if part.get_attribute("open") is None:
        part.locator("summary").click()


def fill_plan(page: Any) -> None:
    for name, text in {
        "diagnosis": "心力衰竭",
        "course": "利尿治疗后好转",
        "advice": "低盐饮食，每日称体重",
        "warning_signs": "体重一周增加两公斤即就诊",
        "call_phone": "0730-5550123",
        "medicine-0-name": "呋塞米",
        "medicine-0-dosage": "20 毫克每日一次",
        "task-0-what": "复查电解质",
        "task-1-what": "复查心脏彩超",
    }.items():
        page.fill(f"[name='{name}']", text)
    page.select_option("[name='medicine-0-change']", "new")
    for n, days in enumerate((3, 30)):
        due = timezone.localdate() + dt.timedelta(days=days)
        page.fill(f"[name='task-{n}-due_on']", due.isoformat())
        page.select_option(f"[name='task-{n}-doer']", "community")


def mark_first_task(page: Any) -> None:
    task = page.locator("li:has(form[action*='/tasks/'])").first
    task.locator("summary").click()
    task.locator("input[name=note]").fill("电话随访，已复查")
    with page.expect_navigation():
        task.locator("button[value=done]").click()
    assert page.is_visible(".note.success")
    fits(page)


def do_verb(page: Any, verb: str, note: str = "", **more: str) -> None:
    """Open the verb's form where it is closed, fill it, send it."""
    form = f"form:has(input[name=verb][value='{verb}'])"
    open_verb(page, verb)
    if note:
        page.fill(f"{form} textarea", note)
    for name, text in more.items():
        page.fill(f"{form} [name='{name}']", text)
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
    open_verb(doctor, "return")
    follow(doctor, f"a[href='/referrals/{item.pk}/plan/']")
    fits(doctor)
    follow(doctor, "button[name=more][value=tasks]")
    assert doctor.locator("fieldset:has([name='task-5-what'])").count(), "three lines more"
    follow(doctor, "form.card button.main")
    assert doctor.locator(".fault").count() >= 4, "what lacks is said"
    fill_plan(doctor)
    follow(doctor, "form.card button.main")
    assert doctor.is_visible(".note.success")

    home.goto(f"{server}/referrals/")
    follow(home, f"a[href='/referrals/{item.pk}/']")
    shown = home.inner_text("main")
    assert all(x in shown for x in ("呋塞米", "0730-5550123", "体重一周增加两公斤", "复查电解质"))
    fits(home)
    do_verb(home, "confirm-home")
    mark_first_task(home)
    do_verb(home, "follow-up", "气促消失", pressure="135/85")
    assert "135/85" in home.inner_text("main")
    left = HomeTask.objects.get(plan__item=item, state="open")
    note = {f"task-{left.pk}-note": "患者已在外院复查"}
    open_verb(home, "close")
    home.select_option(f"[name='task-{left.pk}-state']", "dropped")
    do_verb(home, "close", "好转", **note)
    item.refresh_from_db()
    assert (item.state, item.outcome) == ("closed", "好转")
