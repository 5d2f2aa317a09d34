"""Unusual accesses reach the auditor once a day and by a draw that can be repeated; who may see and
judge them, what is said of them, and which rules count.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from alliance.models import Staff
from alliance.roles import Role
from consent.audit.event import EventCode
from records.access_review.judge_episodes import judge_episodes
from records.access_review.list_episodes import draw_week, list_day
from records.models import AccessRule, EpisodeOutcome
from tests.factories import alliance
from tests.factories.access_scene import AccessScene, make_access_scene, skip_older_lines
from tests.support.access_episodes import judged_episode, list_episodes, move_to_day, read_log
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser, page_words

NOTE = "They were on call; the roster is kept on paper."
BACK = 9  # days: the week of that day is over


@dataclass
class Lists:
    """doctor: five unexplained accesses, of which three can be listed; colleague: two; settled:
    an explained one. day: of all of them.
    """

    scene: AccessScene
    doctor: Staff
    colleague: Staff
    persons: list[UUID]
    settled: UUID
    day: dt.date

    def listed(self) -> list[tuple[int, str, int]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT episode, way, place FROM record_access_listed WHERE hospital = %s"
                " ORDER BY way DESC, place",
                [self.scene.at.pk],
            )
            return cursor.fetchall()


@pytest.fixture(scope="module")
def lists(server: str) -> Lists:
    scene = make_access_scene(server)
    skip_older_lines()
    doctor, colleague = scene.add_staff("er"), scene.add_staff("icu")
    persons = [scene.add_patient()[1] for _ in range(5)]
    visited, settled = scene.add_patient()
    scene.add_visit(visited, by=doctor)
    scene.look(doctor, settled)
    for person in persons:
        scene.look(doctor, person)
    for person in persons[:2]:
        scene.look(colleague, person)
    read_log()
    judge_episodes()
    day = timezone.localdate() - dt.timedelta(days=BACK)
    move_to_day(day, doctor, colleague)
    made = Lists(scene, doctor, colleague, persons, settled, day)
    list_day(scene.at.pk, day)
    return made


def auditor(scene: AccessScene, **more: bool) -> Staff:
    return alliance.mark_vouched(alliance.make_staff(scene.at, Role.AUDITOR, **more))


def test_a_day_lists_three_of_one_person_and_draws_by_a_kept_seed(lists: Lists) -> None:
    top = [episode for episode, way, _ in lists.listed() if way == "top"]
    of_doctor = {list_episodes(lists.doctor, p)[0]["id"] for p in lists.persons}
    of_colleague = {list_episodes(lists.colleague, p)[0]["id"] for p in lists.persons[:2]}
    assert len(top) == 5 and len(set(top) & of_doctor) == 3 and of_colleague <= set(top)
    week = lists.day - dt.timedelta(days=lists.day.weekday())
    draw_week(lists.scene.at.pk, week)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT way, seed, population, drawn FROM record_access_draw WHERE hospital = %s",
            [lists.scene.at.pk],
        )
        draws = {way: (seed, n, drawn) for way, seed, n, drawn in cursor.fetchall()}
    assert draws["waiting"][1] == 2 and set(draws["waiting"][2]) == of_doctor - set(top)
    settled = list_episodes(lists.doctor, lists.settled)[0]["id"]
    assert draws["explained"][1:] == (1, [settled])
    seed = draws["waiting"][0]
    order = sorted(
        of_doctor - set(top), key=lambda e: hashlib.md5(f"{seed}:{e}".encode()).hexdigest()
    )
    drawn = [episode for episode, way, _ in lists.listed() if way == "waiting"]
    assert drawn == order, "whoever has the seed draws the same"


def test_who_may_see_and_judge(lists: Lists) -> None:
    scene = lists.scene
    number = judged_episode(lists.doctor, lists.persons[0])["id"]
    page, form = f"/audit/unusual/{number}/", {"outcome": "unusual", "note": NOTE}
    elsewhere = alliance.make_hospital("unusual-far")
    far = signed_in(alliance.mark_vouched(alliance.make_staff(elsewhere, Role.AUDITOR)))
    wide = signed_in(alliance.mark_vouched(alliance.make_staff(elsewhere, Role.AUDITOR, wide=True)))
    own = signed_in(auditor(scene))
    assert own.get(page).status_code == wide.get(page).status_code == 200, "the control"
    assert far.get(page).status_code == far.post(f"{page}outcome/", form).status_code == 404
    others = [lists.doctor, *(alliance.make_staff(scene.at, r) for r in (Role.CLERK, Role.PRIVACY))]
    for who in others:
        browser = signed_in(who)
        for path in ("/audit/unusual/", page, "/audit/unusual/rules/"):
            assert browser.get(path).status_code == 403, (who.role, path)
        assert browser.post(f"{page}outcome/", form).status_code == 403
    assert Browser().get(page).status_code == 302
    assert lists.doctor.name not in far.get("/audit/unusual/").content.decode()
    assert lists.doctor.name in own.get("/audit/unusual/").content.decode(), "the control"
    assert not EpisodeOutcome.objects.filter(episode=number).exists()


def test_an_outcome_takes_a_note_and_the_look_leaves_its_line(lists: Lists) -> None:
    who = auditor(lists.scene)
    browser, person = signed_in(who), lists.persons[1]
    number = judged_episode(lists.colleague, person)["id"]
    page = f"/audit/unusual/{number}/"
    said = page_words(browser.get(page, headers=ENGLISH).content.decode())
    assert "None is on record" in said and lists.colleague.name in said
    refused = browser.post(
        f"{page}outcome/", {"outcome": "violation", "note": "short"}, headers=ENGLISH
    )
    assert refused.status_code == 400 and "how you know" in page_words(refused.content.decode())
    for outcome in ("unclear", "missing"):
        browser.post(f"{page}outcome/", {"outcome": outcome, "note": NOTE})
    assert [o.outcome for o in EpisodeOutcome.objects.filter(episode=number).order_by("pk")] == [
        "unclear",
        "missing",
    ], "what was thought before stays"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, target, detail, person = %s FROM consent_audit_event"
            " WHERE actor = %s AND actor_kind = 'staff' AND code = ANY(%s) ORDER BY id",
            [person, str(who.pk), [EventCode.AUDIT_READ.value, EventCode.EPISODE_JUDGE.value]],
        )
        lines = cursor.fetchall()
    target = f"episode/{number}"
    assert lines[0] == (EventCode.AUDIT_READ.value, target, "", True)
    assert [r for r in lines if r[0] == EventCode.EPISODE_JUDGE.value] == [
        (EventCode.EPISODE_JUDGE.value, target, "unclear", True),
        (EventCode.EPISODE_JUDGE.value, target, "missing", True),
    ]


def test_a_rule_counts_when_a_second_person_agrees(lists: Lists) -> None:
    scene = lists.scene
    one, two = signed_in(auditor(scene)), signed_in(auditor(scene))
    nurse, (_, person) = scene.add_staff("call"), scene.add_patient()
    (_, next_person), (_, urgent) = scene.add_patient(), scene.add_patient()
    scene.look(nurse, person)
    read_log()
    judge_episodes()
    number = judged_episode(nurse, person)["id"]
    page = f"/audit/unusual/{number}/"
    until = (timezone.localdate() + dt.timedelta(days=90)).isoformat()
    rule = {"scope": "department", "until": until, "reason": NOTE}
    assert one.post(f"{page}rule/", rule).status_code == 400, "nothing was said of it yet"
    one.post(f"{page}outcome/", {"outcome": "missing", "note": NOTE})
    assert one.post(f"{page}rule/", rule).status_code == 302
    made = AccessRule.objects.get(episode=number)
    agree = f"/audit/unusual/rules/{made.pk}/agree/"
    assert one.post(agree).status_code == 403, "one person alone"
    scene.look(nurse, next_person)
    read_log()
    judge_episodes()
    assert judged_episode(nurse, next_person)["template"] is None, "a proposal explains nothing"
    assert two.post(agree).status_code == 302
    scene.look(nurse, next_person)
    scene.look(nurse, urgent, purpose="BTG")
    read_log()
    judge_episodes()
    explained = judged_episode(nurse, next_person)
    assert (explained["template"], explained["evidence"]) == ("rule", f"rule/{made.pk}")
    assert judged_episode(nurse, urgent)["template"] is None, "never an emergency"
    two.post(f"/audit/unusual/rules/{made.pk}/end/")
    (_, later) = scene.add_patient()
    scene.look(nurse, later)
    read_log()
    judge_episodes()
    assert judged_episode(nurse, later)["template"] is None
