"""The auditor's page in a real Chromium, on desk and phone, in both languages: with nothing, with
much, with long names.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from alliance.models import Hospital, Staff
from alliance.roles import Role
from tests.browser.follow import follow
from tests.factories import alliance

pytestmark = pytest.mark.browser
FILL = """
INSERT INTO consent_audit_event (code, actor_kind, actor, actor_hospital, role, purpose, outcome,
  reason, person, target, detail, refs, address, request_id)
SELECT (ARRAY['records:person:read', 'records:record:open', 'consent:directive:read'])[1 + g %% 3],
  'staff', %(staff)s, %(hospital)s, 'clinician', 'TREAT',
  CASE WHEN g %% 50 = 0 THEN 'refused' ELSE 'success' END,
  CASE WHEN g %% 50 = 0 THEN 'no_consent' ELSE '' END, gen_random_uuid(), 'record', 'summary', '{}',
  '2001:db8:1234:5678:9abc:def0:1234:5678', %(hospital)s || g / 3
FROM generate_series(1, 10000) g
"""


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en")])
def test_the_log_fits_the_screen_whatever_is_in_it(
    enter: Callable[..., Any], server: str, width: int, language: str
) -> None:
    at = alliance.make_hospital("log")
    Hospital.objects.filter(pk=at.pk).update(
        name_zh="内蒙古自治区鄂温克族自治旗巴彦托海镇中心卫生院暨妇幼保健计划生育服务中心",
        name_en="Bayantuohai Central Township Hospital and Maternal and Child Health Centre",
    )
    doctor = alliance.make_staff(at)
    Staff.objects.filter(pk=doctor.pk).update(name="阿卜杜拉提甫·买买提吐尔逊·艾尼瓦尔江·热合曼")
    page = enter(alliance.make_staff(at, Role.AUDITOR), width, language)

    def is_inside() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    page.goto(f"{server}/audit/?actor={doctor.pk}")
    assert page.locator("table.log td.quiet").count() == 1 and is_inside(), "nothing yet"
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"staff": str(doctor.pk), "hospital": at.code})
    page.goto(f"{server}/audit/?actor={doctor.pk}")
    assert page.locator("table.log > tbody > tr").count() == 100 and is_inside()
    assert page.locator("table.log tr.refused").count() > 0
    page.click("table.log details summary")
    assert page.locator("table.log details[open] li").count() == 1 and is_inside()
    page.click("form.filters details summary")
    assert is_inside()
    follow(page, "a[href*=before]")
    assert page.locator("table.log > tbody > tr").count() == 100, "the next page"
    page.fill("input[name=name]", "夜间拒绝" * 15)
    follow(page, "form:has(input[name=name]) button")
    assert page.locator("form.saved-filter a").count() == 1 and is_inside()
    assert page.errors == []
