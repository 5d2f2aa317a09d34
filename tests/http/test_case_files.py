"""Case files: what an auditor gathers is what their log shows them, nothing is changed, a second
person closes and lifts, others see it by name alone, and each look is listed.
"""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from alliance.models import Hospital, Staff
from alliance.roles import Role
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.held_lines import HELD_LINE_SQL, find_hold
from consent.audit.log_query import AuditFilter, count_audit_lines
from consent.models import Case, CaseItem, CaseLook, Hold
from tests import draws
from tests.factories import alliance
from tests.factories.emergencies import opened_emergency
from tests.support.browser import signed_in
from tests.support.html import Browser

pytestmark = pytest.mark.usefixtures("world")
ENGLISH = {"Accept-Language": "en"}
CASES = "/audit/cases/"


def make_auditor(at: Hospital) -> Staff:
    return alliance.mark_vouched(alliance.make_staff(at, Role.AUDITOR))


@pytest.fixture
def at(world: None) -> Hospital:
    return alliance.make_hospital("cases")


@pytest.fixture
def one(at: Hospital) -> Browser:
    return signed_in(make_auditor(at))


@pytest.fixture
def other(at: Hospital) -> Browser:
    return signed_in(make_auditor(at))


def open_case(browser: Browser, at: Hospital, title: str = "a complaint") -> str:
    form = {"title": title, "origin": "complaint", "about": "who read it", "hospital": at.code}
    reply = browser.post(f"{CASES}open/", form, headers=ENGLISH)
    assert reply.status_code == 302, reply.content
    return str(reply["Location"])


def write_line(at: Hospital, **more: Any) -> int:
    target = f"case-{draws.token_hex(6)}"
    append_event(
        AuditEvent(
            code=EventCode.RECORD_SEARCH,
            actor_kind="client",
            actor="none-of-ours",
            actor_hospital=at.code,
            role="",
            purpose="TREAT",
            target=target,
            **more,
        )
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM consent_audit_event WHERE target = %s", [target])
        return int(cursor.fetchone()[0])


def post(browser: Browser, address: str, **form: Any) -> int:
    return int(browser.post(address, form, headers=ENGLISH).status_code)


def gather(browser: Browser, case: str, query: str) -> int:
    number = case.rstrip("/").rsplit("/", 1)[1]
    return post(browser, f"{CASES}gather/?{query}", case=number, why="it fits")


def page(browser: Browser, address: str) -> str:
    reply = browser.get(address, headers=ENGLISH)
    assert reply.status_code == 200, address
    return str(reply.content.decode())


def find(case: str) -> Case:
    return Case.objects.get(pk=int(case.rstrip("/").rsplit("/", 1)[1]))


def test_lines_are_gathered_as_far_as_the_log_shows_them(at: Hospital, one: Browser) -> None:
    case = open_case(one, at)
    there = alliance.make_hospital("cases-far")
    request = f"case-{draws.token_hex(6)}"
    mine, theirs = write_line(at), write_line(there)
    act = [write_line(at, request_id=request) for _ in range(3)]
    assert gather(one, case, f"line={theirs}") == 404, "what the log does not show is not there"
    assert gather(one, case, f"line={mine}") == 302
    assert gather(one, case, f"request={request}") == 302
    kept = CaseItem.objects.filter(case=find(case)).values_list("line", flat=True)
    assert sorted(kept) == sorted([mine, *act])
    gather(one, case, f"request={request}")
    assert CaseItem.objects.filter(case=find(case)).count() == 4, "a second time nothing is added"
    shown = page(one, f"/audit/?case={find(case).pk}")
    assert all(f"gather/?line={n}" in shown for n in (mine, act[-1])) and (
        f"gather/?line={theirs}" not in shown
    )
    assert count_audit_lines(AuditFilter(case=find(case).pk, hospitals=(at.code,))) == 4


def test_others_see_it_by_name_alone_and_of_lines_only_their_own(
    at: Hospital, one: Browser
) -> None:
    there = alliance.make_hospital("cases-guest")
    guest, stranger = make_auditor(there), signed_in(make_auditor(there))
    case = open_case(one, at, "ward three")
    line = write_line(at)
    gather(one, case, f"line={line}")
    visitor = signed_in(guest)
    assert visitor.get(case).status_code == 404
    assert visitor.get("/audit/", {"case": find(case).pk}).status_code == 403
    assert post(one, f"{case}access/", staff=guest.pk) == 302
    said = page(visitor, case)
    assert "ward three" in said and f"Line no. {line}: your log does not show it" in said
    assert f"Line no. {line}" not in page(one, case), "the control"
    assert "ward three" in page(visitor, CASES) and "ward three" not in page(stranger, CASES)
    assert stranger.get(case).status_code == 404
    assert post(visitor, f"{case}note/", text="seen by the guest") == 302
    assert post(visitor, f"{case}access/", staff=guest.pk, end="1") == 403, "not theirs to decide"
    assert post(one, f"{case}access/", staff=guest.pk, end="1") == 302
    assert visitor.get(case).status_code == 404
    for role in (Role.CLINICIAN, Role.CLERK, Role.PRIVACY, Role.ADMINISTRATOR):
        assert signed_in(alliance.make_staff(at, role)).get(CASES).status_code == 403, role


def test_a_second_person_closes_and_a_closed_case_is_read(
    at: Hospital, one: Browser, other: Browser
) -> None:
    case, line = open_case(one, at), write_line(at)
    assert post(one, f"{case}state/", outcome="violation", text="he was not on duty") == 302
    assert post(one, f"{case}state/", agree="1") == 403, "nobody agrees to their own proposal"
    assert not find(case).is_closed
    assert post(other, f"{case}state/", refuse="1", text="ask him first") == 302
    post(other, f"{case}state/", agree="1")
    assert not find(case).is_closed, "nothing is proposed any more"
    assert post(one, f"{case}state/", outcome="violation", text="asked") == 302
    assert post(other, f"{case}state/", agree="1") == 302
    assert find(case).is_closed and find(case).outcome == "violation"
    post(one, f"{case}note/", text="one more")
    post(one, f"{case}holds/", scope="case", reason="court")
    assert not find(case).holds.exists() and not find(case).entries.filter(kind="note").exists()
    assert gather(one, case, f"line={line}") == 200, "a closed case is not among the choices"
    said = page(other, case)
    assert "ask him first" in said and "he was not on duty" in said
    assert post(one, f"{case}state/", reopen="1", text="a new witness") == 302
    post(one, f"{case}note/", text="one more")
    assert not find(case).is_closed and find(case).entries.filter(kind="note").count() == 1


def test_two_lift_a_hold_and_until_then_lines_are_held(
    at: Hospital, one: Browser, other: Browser
) -> None:
    case, line, free = open_case(one, at), write_line(at), write_line(at)

    def held(number: int) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {HELD_LINE_SQL.format(line='e')} FROM consent_audit_event e WHERE id = %s",
                [number],
            )
            return bool(cursor.fetchone()[0])

    gather(one, case, f"line={line}")
    assert not held(line)
    assert post(one, f"{case}holds/", scope="case", reason="the court asks") == 302
    hold = f"{case}holds/{Hold.objects.get(case=find(case)).pk}/"
    item = CaseItem.objects.get(case=find(case))
    assert held(line) and not held(free)
    assert item.recorded is not None
    assert find_hold(item.recorded, item.recorded + dt.timedelta(seconds=1))
    post(other, hold, lift="1")
    assert held(line), "nobody has proposed it"
    assert post(one, hold, reason="judged") == 302
    assert post(one, hold, lift="1") == 403 and held(line)
    assert post(other, hold, lift="1") == 302 and not held(line)
    day = dt.date(2031, 5, 6)
    asked = {"scope": "time", "start": day, "end": day, "reason": "an inquiry"}
    assert post(one, f"{case}holds/", **asked) == 302
    noon = timezone.make_aware(dt.datetime.combine(day, dt.time(12)))
    assert find_hold(noon, noon + dt.timedelta(hours=1))
    assert not find_hold(noon + dt.timedelta(days=1), noon + dt.timedelta(days=2))


def test_an_emergency_is_gathered_and_a_manifest_of_somebody_else_is_not(
    at: Hospital, one: Browser
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    case = open_case(one, at)
    far = signed_in(make_auditor(alliance.make_hospital("cases-em")))
    with opened_emergency(alliance.make_staff(at)) as e:
        assert gather(one, case, f"emergency={e.pk}") == 302
        assert gather(far, open_case(far, make_own(far)), f"emergency={e.pk}") == 404
        assert f"/audit/emergencies/{e.pk}/" in page(one, case)
    forged = SimpleUploadedFile("manifest.json", b'{"kind":"xinglin-evidence-package"}')
    reply = one.post(f"{case}package/", {"manifest": forged}, headers=ENGLISH)
    assert reply.status_code == 400 and "no manifest" in reply.content.decode()


def make_own(browser: Browser) -> Hospital:
    return Staff.objects.get(user_id=browser.session["_auth_user_id"]).hospital


def test_each_look_is_listed_and_leaves_a_line(at: Hospital, one: Browser, other: Browser) -> None:
    case = open_case(one, at)
    for browser in (one, other, other):
        page(browser, case)
    assert "2 looks" in page(one, case) and CaseLook.objects.filter(case=find(case)).count() == 4
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM consent_audit_event WHERE target = %s AND code = %s",
            [f"case/{find(case).pk}", "consent:case:read"],
        )
        assert cursor.fetchone()[0] == 4
