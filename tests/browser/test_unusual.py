"""The auditor's way through unusual accesses in a real Chromium: from the log to the list, one
access, its outcome and a rule; on desk and phone, with nothing, with much, with long names.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from alliance.models import Hospital, Staff
from alliance.roles import Role
from records.models import AccessRule, EpisodeOutcome
from tests.browser.follow import follow
from tests.factories import alliance

pytestmark = pytest.mark.browser
LONG = "阿卜杜拉提甫·买买提吐尔逊·艾尼瓦尔江·热合曼"
SHOTS = os.environ.get("UNUSUAL_SHOTS", "")
FILL = """
WITH made AS (INSERT INTO record_access_episode (staff, hospital, person, role, first_at, last_at,
    first_line, opens, finds, prints, emergency, stale, waits, template, evidence, score, parts)
  SELECT %(staff)s, %(at)s, gen_random_uuid(), 'clinician', now() - interval '1 day',
    now() - interval '23 hours', 1, 7, 2, 1, g = 2, false, true,
    CASE WHEN g = 3 THEN 'hospital' END, CASE WHEN g = 3 THEN 'rule/1' ELSE '' END, 19,
    '[["household", 8, ""], ["volume", 4, "180"], ["surname", 3, "欧"], ["night", 2, ""],
      ["sensitive", 2, ""]]'::jsonb
  FROM generate_series(1, 60) g RETURNING id)
INSERT INTO record_access_listed (episode, hospital, day, way, place, score)
SELECT id, %(at)s, current_date - 1, 'top', row_number() OVER (ORDER BY id), 19 FROM made
"""


@pytest.mark.parametrize(("width", "language"), [(1440, "en"), (390, "zh-CN")])
def test_an_access_is_judged_and_a_rule_is_proposed(
    enter: Callable[..., Any], server: str, width: int, language: str
) -> None:
    at = alliance.make_hospital("unusual")
    Hospital.objects.filter(pk=at.pk).update(
        name_zh="内蒙古自治区鄂温克族自治旗巴彦托海镇中心卫生院暨妇幼保健计划生育服务中心",
        name_en="Bayantuohai Central Township Hospital and Maternal and Child Health Centre",
    )
    doctor = alliance.make_staff(at)
    Staff.objects.filter(pk=doctor.pk).update(name=LONG)
    page = enter(alliance.make_staff(at, Role.AUDITOR), width, language)

    def fits(name: str) -> None:
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{width}-{language}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name

    page.goto(f"{server}/audit/")
    follow(page, "main a[href='/audit/unusual/']")
    assert page.locator("section.card").count() == 1
    fits("empty")
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"staff": doctor.pk, "at": at.pk})
    page.reload()
    assert page.locator("section.card").count() == 50
    fits("list")
    follow(page, "a[href*='page=2']")
    assert page.locator("section.card").count() == 10
    follow(page, "section.card h2 a >> nth=0")
    fits("episode")
    page.check("input[name=outcome][value=missing]")
    page.fill("#note", "short")
    follow(page, "form[action$='/outcome/'] button")
    assert page.locator("p.note.error").count() == 1 and page.input_value("#note") == "short"
    assert page.is_checked("input[name=outcome][value=missing]"), "what was chosen is kept"
    fits("fault")
    page.fill("#note", "The roster is kept on paper; the head of the department confirmed it.")
    follow(page, "form[action$='/outcome/'] button")
    page.check("input[name=scope][value=member]")
    page.fill("#until", page.get_attribute("#until", "max"))
    page.fill("#reason", "The roster is kept on paper.")
    follow(page, "form[action$='/rule/'] button")
    fits("judged")
    follow(page, "section.card a[href='/audit/unusual/rules/'] >> nth=0")
    fits("rules")
    assert page.locator("form[action$='/agree/']").count() == 0, "not who proposed it"
    rule = AccessRule.objects.get(hospital=at)
    assert (rule.state, rule.member) == (AccessRule.State.PROPOSED, doctor.pk)
    assert EpisodeOutcome.objects.filter(episode=rule.episode).count() == 1
    assert len(page.errors) == 1 and "400" in page.errors[0], "what was short was refused"
