"""Where to refer, found in the directory, and a place taken by whoever accepts; the clerk's pages
of it: in a real Chromium, both languages, desk and phone.
"""

from collections.abc import Callable
from typing import Any

import pytest

from alliance.models import OfferedSlot, WorkItem
from alliance.roles import Role
from tests import draws
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.directory import make_clinic, make_department, make_slot
from tests.support.world import new_world

pytestmark = pytest.mark.browser
Enter = Callable[..., Any]
LONG = "心脏重症与介入联合门诊（含急性冠脉综合征绿色通道）"


def fits(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    assert not page.errors, page.errors


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_from_the_disease_to_a_place_of_the_schedule(
    enter: Enter, server: str, width: int, language: str
) -> None:
    w = new_world(server)
    w.permit()
    disease = f"病{draws.token_hex(5)}"
    department = make_department(w.a, "心血管内科", name_en="", takes=f"{disease} 胸痛")
    clinic = make_clinic(department, "欧阳建国", name=LONG, title="主任医师", hours="08:00–12:00")
    slot = make_slot(clinic, places=1, days=2)
    make_clinic(make_department(w.a, "内分泌科", takes="糖尿病"), "李四")

    home = enter(alliance.make_staff(w.b), width, language)
    home.goto(f"{server}/person/{w.person}/refer/")
    fits(home)
    home.fill("#q", disease)
    home.check("#free")
    follow(home, "form[role=search] button")
    fits(home)
    rows = home.locator(".destinations li")
    assert rows.count() == 1 and "欧阳建国" in rows.first.inner_text()
    follow(home, f"a[href='?to={w.a.code}&clinic={clinic.pk}']")
    fits(home)
    assert LONG in home.input_value("input[name=department]")
    home.fill("textarea[name=reason]", "活动后气促")
    follow(home)
    item = WorkItem.objects.get(sender=w.b, receiver=w.a)
    assert item.department.startswith("心血管内科 · ")

    clerk = enter(alliance.make_staff(w.a, Role.CLERK), width, language)
    clerk.goto(f"{server}/referrals/{item.pk}/")
    fits(clerk)
    form = "form:has(input[name=verb][value='accept'])"
    clerk.select_option(f"{form} select[name=slot]", str(slot.pk))
    follow(clerk, f"{form} button")
    assert clerk.is_visible(".note.success")
    fits(clerk)
    item.refresh_from_db()
    slot.refresh_from_db()
    assert (item.state, item.arranged_for, slot.taken) == ("accepted", slot.starts_at, 1)

    clerk.goto(f"{server}/directory/")
    fits(clerk)
    follow(clerk, f"a[href='/directory/clinic/{clinic.pk}/']")
    fits(clerk)
    clerk.check("input[name=weekdays][value='1']")
    follow(clerk, "section.card form button")
    assert clerk.is_visible(".note.success")
    assert OfferedSlot.objects.filter(clinic=clinic).count() >= 4
    fits(clerk)
    follow(clerk, f"a[href='/directory/clinic/{clinic.pk}/stop/']")
    fits(clerk)
