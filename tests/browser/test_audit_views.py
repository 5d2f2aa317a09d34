"""The auditor's pages of one of the staff, a hospital and a patient's days in a real Chromium: one
click from a line, on desk and phone, with nothing, with much, with long names.
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
  'staff', %(staff)s, %(hospital)s, 'clinician', CASE WHEN g %% 40 = 0 THEN 'BTG' ELSE 'TREAT' END,
  CASE WHEN g %% 50 = 0 THEN 'refused' ELSE 'success' END,
  CASE WHEN g %% 50 = 0 THEN 'no_consent' ELSE '' END, gen_random_uuid(), 'record', 'summary',
  '{elsewhere/Observation/1/1}', '2001:db8:1234:5678:9abc:def0:1234:' || g %% 30,
  %(hospital)s || g / 3
FROM generate_series(1, 600) g
"""


@pytest.mark.parametrize(("width", "language"), [(1440, "en"), (390, "zh-CN")])
def test_each_view_is_a_click_from_a_line_and_fits_the_screen(
    enter: Callable[..., Any], server: str, width: int, language: str
) -> None:
    at = alliance.make_hospital("views")
    Hospital.objects.filter(pk=at.pk).update(
        name_zh="内蒙古自治区鄂温克族自治旗巴彦托海镇中心卫生院暨妇幼保健计划生育服务中心",
        name_en="Bayantuohai Central Township Hospital and Maternal and Child Health Centre",
    )
    doctor = alliance.make_staff(at)
    Staff.objects.filter(pk=doctor.pk).update(name="阿卜杜拉提甫·买买提吐尔逊·艾尼瓦尔江·热合曼")
    page = enter(alliance.make_staff(at, Role.AUDITOR), width, language)

    def is_inside() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    for empty in (f"staff/{doctor.pk}/", f"hospital/{at.code}/?start=2020-01-01&end=2020-01-02"):
        page.goto(f"{server}/audit/{empty}")
        assert page.locator("p.quiet").count() > 2 and is_inside(), "nothing yet"
        assert page.locator("rect.day-bar").count() == 0
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"staff": str(doctor.pk), "hospital": at.code})
    page.goto(f"{server}/audit/?actor={doctor.pk}")
    follow(page, f"table.log a[href='/audit/staff/{doctor.pk}/'] >> nth=0")
    assert page.locator("rect.day-bar").count() >= 1 and is_inside()
    page.click("details summary >> nth=-1")
    assert is_inside()
    follow(page, "a[href*='person='] >> nth=0")
    assert page.locator("rect.day-bar").count() == 1 and is_inside(), "the patient's days"
    follow(page, f"a[href='/audit/hospital/{at.code}/'] >> nth=0")
    assert page.locator("table a[href*='kind=read']").count() == 1 and is_inside()
    assert page.locator("span.tag.bad").count() > 0
    assert page.errors == []
