"""An emergency access from the inbox to its finding, and a case from a line of the log to its
close, in a real Chromium, on desk and phone, in both languages, with long names.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from alliance.models import Hospital, Staff
from alliance.roles import Role
from consent.models import Case
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.emergencies import opened_emergency
from tests.support.accessible import list_faults

pytestmark = pytest.mark.browser
FILL = """
INSERT INTO consent_audit_event (code, actor_kind, actor, actor_hospital, role, purpose, outcome,
  reason, person, target, detail, refs, address, request_id)
SELECT 'records:record:open', 'staff', %(staff)s, %(hospital)s, 'clinician', 'BTG', 'success', '',
  gen_random_uuid(), 'record', 'summary', '{elsewhere/Observation/1/1}', '', %(hospital)s
FROM generate_series(1, 60) g
"""


@pytest.mark.parametrize(("width", "language"), [(1440, "en"), (390, "zh-CN")])
def test_an_emergency_and_a_case_are_walked_to_their_ends(
    enter: Callable[..., Any], server: str, width: int, language: str
) -> None:
    at = alliance.make_hospital("walked")
    Hospital.objects.filter(pk=at.pk).update(
        name_zh="内蒙古自治区鄂温克族自治旗巴彦托海镇中心卫生院暨妇幼保健计划生育服务中心",
        name_en="Bayantuohai Central Township Hospital and Maternal and Child Health Centre",
    )
    doctor = alliance.make_staff(at)
    Staff.objects.filter(pk=doctor.pk).update(name="阿卜杜拉提甫·买买提吐尔逊·艾尼瓦尔江·热合曼")
    auditors = [alliance.mark_vouched(alliance.make_staff(at, Role.AUDITOR)) for _ in range(2)]
    officer = alliance.mark_vouched(alliance.make_staff(at, Role.PRIVACY))
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"staff": str(doctor.pk), "hospital": at.code})

    def is_inside(page: Any) -> bool:
        assert list_faults(page) == [], page.url
        return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    with opened_emergency(doctor, hours_ago=100) as e:
        page = enter(officer, width, language)
        page.goto(f"{server}/audit/emergencies/")
        assert page.locator("span.tag.bad").count() == 1 and is_inside(page), "overdue"
        follow(page, f"a[href='/audit/emergencies/{e.pk}/']")
        page.select_option("select[name=finding]", "unclear")
        page.fill("[name=comment]", "nobody remembers")
        follow(page, "form:has(select[name=finding]) button.main")
        follow(page, "form:has(select[name=way]) button.main")
        assert page.locator("select").count() == 0 and is_inside(page), "both are written down"
        assert page.errors == []
        page = enter(auditors[0], width, language)
        page.goto(f"{server}/audit/cases/open/")
        page.fill("[name=title]", "A complaint about ward three " * 3)
        page.fill("[name=about]", "Somebody knew what nobody had told. " * 20)
        page.select_option("select[name=origin]", "complaint")
        follow(page)
        case = Case.objects.get(hospital=at)
        assert is_inside(page), "nothing gathered yet"
        page.goto(f"{server}/audit/emergencies/{e.pk}/")
        follow(page, "a[href*='/audit/cases/gather/']")
        page.select_option("select[name=case]", str(case.pk))
        follow(page)
    page.goto(f"{server}/audit/?request={at.code}")
    assert is_inside(page)
    follow(page, "div.row a[href*='/audit/cases/gather/']")
    page.select_option("select[name=case]", str(case.pk))
    page.fill("[name=why]", "the night in question")
    follow(page)
    assert case.items.count() == 61 and is_inside(page)
    page.fill("form[action$='/note/'] textarea", "first note")
    follow(page, "form[action$='/note/'] button.main")
    page.fill("form[action$='/holds/'] [name=reason]", "the court may ask")
    follow(page, "form[action$='/holds/'] button")
    page.click("details:has(select[name=outcome]) summary")
    page.select_option("select[name=outcome]", "violation")
    page.fill("form:has(select[name=outcome]) textarea", "read without need")
    follow(page, "form:has(select[name=outcome]) button")
    assert page.locator("button[name=agree]").count() == 0 and is_inside(page)
    assert page.errors == []
    page = enter(auditors[1], width, language)
    page.goto(f"{server}/audit/cases/{case.pk}/")
    follow(page, "button[name=agree]")
    assert page.locator("form[action$='/note/']").count() == 0 and is_inside(page), "it is read"
    follow(page, f"a[href='/audit/package/?case={case.pk}']")
    assert page.locator(f"input[name=case][value='{case.pk}']").count() == 1
    assert page.errors == []
