"""The pages around what is late, the deadlines' page, a hospital's contacts, and the pulse of open
pages: who is let in, what is shown, and that no session lasts by it (docs/adr/0092).
"""

import json
from collections.abc import Iterator

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test import override_settings

from alliance.models import DutyOffice, Hospital, Proposal, Staff, WorkItem, WorkNoticeAddress
from alliance.roles import Role
from alliance.workflow import pulse
from alliance.workflow.answer_rates import list_rates
from alliance.workflow.state_table import Alarm
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.referrals import move_on, send_referral
from tests.support.browser import ENGLISH, signed_in
from tests.support.complete_forms import deadline_form
from tests.support.html import Browser
from tests.support.world import World, w

__all__ = ["w"]
ORIGIN = "https://his.example:443"


@pytest.fixture(autouse=True)
def undone(w: World) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def text(browser: Browser, path: str, status: int = 200) -> str:
    reply = browser.get(path, headers=ENGLISH)
    assert reply.status_code == status, (path, reply.status_code)
    return reply.content.decode()  # type: ignore[no-any-return]


def late_item(w: World, urgency: str = "urgent") -> WorkItem:
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    item = send_referral(w.person, w.a, home, urgency=urgency, reason="secret words")
    WorkItem.objects.filter(pk=item.pk).update(alarm=Alarm.DUTY, due_at=item.sent_at)
    return item


def administrator(at: Hospital, *, wide: bool = True) -> Browser:
    return signed_in(alliance.make_staff(at, Role.ADMINISTRATOR, wide=wide))


def test_what_is_late_is_shown_to_both_with_whom_to_call_and_to_the_office_without_patients(
    w: World,
) -> None:
    item = late_item(w)
    DutyOffice.objects.create(hospital=w.a, phone="0571-5550199", changed_at=item.sent_at)
    receiver, sender = signed_in(alliance.make_staff(w.a)), signed_in(alliance.make_staff(w.b))
    for browser in (receiver, sender):
        page = text(browser, "/referrals/late/")
        assert item.number in page and "0571-5550199" in page
    other = alliance.make_staff(alliance.make_hospital("third"))
    assert item.number not in text(signed_in(other), "/referrals/late/")
    page = text(administrator(w.b), "/workflow/late/")
    assert item.number in page and "0571-5550199" in page
    name = SourcePatient.objects.filter(hospital=w.b, person_id=w.person).latest("pk").name
    assert name in text(sender, "/referrals/late/"), "the control"
    assert name not in page and "secret words" not in page and str(w.person) not in page
    text(administrator(w.b, wide=False), "/workflow/late/", 403)
    text(receiver, "/workflow/late/", 403)
    move_on(item, w.doctor, "accept")
    assert item.number not in text(receiver, "/referrals/late/"), "it was answered"


def test_the_duty_office_finds_it_on_the_first_page_and_others_do_not(w: World) -> None:
    late_item(w)
    member, colleague = alliance.make_staff(w.a, Role.CLERK), alliance.make_staff(w.a, Role.CLERK)
    keeper = administrator(w.a)
    reply = keeper.post(
        f"/workflow/hospitals/{w.a.code}/",
        {"phone": "120", "members": [member.pk]},
        headers=ENGLISH,
    )
    assert reply.status_code == 302
    assert "/referrals/late/" in text(signed_in(member), "/")
    assert "/referrals/late/" not in text(signed_in(colleague), "/")
    stranger = alliance.make_staff(w.b, Role.CLERK)
    keeper.post(f"/workflow/hospitals/{w.a.code}/", {"phone": "1", "members": [stranger.pk]})
    assert list(DutyOffice.objects.get(hospital=w.a).members.all()) == [member], "one's own alone"


def test_rates_count_what_was_answered_and_what_in_time(w: World) -> None:
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    there = alliance.make_hospital("counted")
    doctor = alliance.get_staff_principal(alliance.make_staff(there))
    items = [send_referral(w.person, there, home) for _ in range(3)]
    move_on(items[0], doctor, "accept")
    move_on(items[1], doctor, "ask")
    items[1].timers.filter(action="duty").update(due_at=items[1].sent_at)
    (rate,) = [r for r in list_rates(items[0].sent_at) if r.hospital == there]
    assert (rate.sent, rate.answered, rate.in_time, rate.percent) == (3, 2, 1, 33)
    assert there.name_zh in administrator(w.b).get("/workflow/late/").content.decode()


def test_the_deadlines_page_proposes_what_is_other_and_says_what_is_wrong(w: World) -> None:
    one = alliance.make_staff(w.a, Role.ADMINISTRATOR, wide=True)
    browser = signed_in(one)
    page = text(browser, "/workflow/deadlines/")
    assert "a time that runs already stays as it was" in page
    form = deadline_form(**{"accept:urgent:amount": 9, "accept:urgent:unit": "days"})
    reply = browser.post("/workflow/deadlines/", form, headers=ENGLISH)
    assert reply.status_code == 200 and "between 5 minutes and 48 hours" in reply.content.decode()
    form = deadline_form(**{"accept:urgent:amount": 3})
    assert browser.post("/workflow/deadlines/", form).status_code == 302
    made = Proposal.objects.get(act="deadlines", proposed_by=one)
    assert {(c["name"], c["urgency"]) for c in made.values["changes"]} == {
        ("accept", "urgent"),
        ("rights-after-end", ""),
    }
    assert "2 hours by the clock → 3 hours by the clock" in text(browser, "/alliance/proposals/")
    local = administrator(w.a, wide=False)
    text(local, "/workflow/deadlines/")
    assert local.post("/workflow/deadlines/", form).status_code == 403
    days = {"days": "2041-01-22 ~ 2041-01-24 休 春节"}
    assert local.post("/workflow/calendar/", days).status_code == 403
    assert browser.post("/workflow/calendar/", days).status_code == 302
    wrong = browser.post("/workflow/calendar/", {"days": "2041-01-22"}, headers=ENGLISH)
    assert "Line 1 is not read" in wrong.content.decode()


def test_a_hospitals_addresses_are_its_own_and_the_operators_list_rules(w: World) -> None:
    path, keeper = f"/workflow/hospitals/{w.a.code}/", administrator(w.a)
    hook = {"channel": "webhook", "target": "https://his.example/work"}
    with override_settings(HOOKS=frozenset({ORIGIN})):
        for target in ("http://his.example/work", "https://127.0.0.1/", "https://else.example/"):
            reply = keeper.post(f"{path}address/", hook | {"target": target}, headers=ENGLISH)
            assert reply.status_code == 200 and not kept(w.a), target
        reply = keeper.post(f"{path}address/", hook, headers=ENGLISH)
    (address,) = kept(w.a)
    assert address.secret in reply.content.decode(), "shown once"
    assert address.secret not in text(keeper, path)
    keeper.post(f"{path}address/", {"channel": "mail", "target": "not an address"})
    keeper.post(f"{path}address/", {"channel": "mail", "target": "duty@his.example"})
    assert [a.channel for a in kept(w.a)] == ["webhook", "mail"]
    far = administrator(alliance.make_hospital("third"), wide=False)
    for one in (path, f"{path}address/", f"{path}address/{address.pk}/end/"):
        assert far.post(one, hook).status_code == 403
    keeper.post(f"{path}address/{address.pk}/end/")
    assert [a.channel for a in kept(w.a)] == ["mail"]


def kept(at: Hospital) -> list[WorkNoticeAddress]:
    return list(WorkNoticeAddress.objects.filter(hospital=at, ended_at=None).order_by("pk"))


def ask_pulse(token: str, mark: str = "") -> tuple[int, dict[str, object]]:
    pulse._kept.clear()
    reply = Browser().get("/pulse", headers={"X-Xinglin-Pulse": token, "If-None-Match": mark})
    assert not reply.cookies, "no session begins, and none goes on"
    return reply.status_code, json.loads(reply.content) if reply.status_code == 200 else {}


def count_lines(actor: Staff) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM consent_audit_event WHERE actor_kind = 'staff' AND actor = %s",
            [str(actor.pk)],
        )
        return int(cursor.fetchone()[0])


def test_the_pulse_beats_for_what_changes_and_rings_for_an_emergency_until_it_is_answered(
    w: World,
) -> None:
    there = alliance.make_hospital("rings")
    doctor = alliance.get_staff_principal(alliance.make_staff(there))
    token = pulse.sign_hospital(there.pk)
    status, first = ask_pulse(token)
    assert status == 200 and first["ringing"] == []
    assert ask_pulse(token, f'"{first["mark"]}"')[0] == 304, "nothing has changed"
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    send_referral(w.person, there, home)
    status, second = ask_pulse(token, f'"{first["mark"]}"')
    assert status == 200 and second["mark"] != first["mark"] and second["ringing"] == []
    item = send_referral(w.person, there, home, urgency="emergency", reason="secret words")
    _status, third = ask_pulse(token)
    (ringing,) = third["ringing"]  # type: ignore[misc]
    assert ringing["id"] == item.pk and ringing["number"] == item.number
    said = json.dumps(third, ensure_ascii=False)
    assert "secret words" not in said and str(w.person) not in said
    _status, at_home = ask_pulse(pulse.sign_hospital(w.b.pk))
    assert item.pk not in [r["id"] for r in at_home["ringing"]], "who has sent it is not rung"  # type: ignore[attr-defined]
    of_item = pulse.sign_item(item.pk)
    _status, seen = ask_pulse(of_item)
    move_on(item, doctor, "ask")
    assert ask_pulse(of_item, f'"{seen["mark"]}"')[0] == 200, "the page that was open is told"
    assert ask_pulse(token)[1]["ringing"] == []


def test_the_pulse_takes_a_pages_mark_keeps_no_session_and_writes_no_line(w: World) -> None:
    reader = alliance.make_staff(w.a)
    browser = signed_in(reader)
    page = text(browser, "/referrals/")
    token = page.split('data-token="')[1].split('"')[0]
    assert pulse.signer().unsign(token) == f"h{w.a.pk}"
    session = Session.objects.get(pk=browser.cookies["sessionid"].value)
    lines = count_lines(reader)
    headers = {"X-Xinglin-Pulse": token}
    assert browser.get("/pulse", headers=headers).status_code == 200, "the control"
    assert Session.objects.get(pk=session.pk).expire_date == session.expire_date
    assert count_lines(reader) == lines
    for wrong in ("", token[:-1], f"h{w.b.pk}", token.replace(f"h{w.a.pk}", f"h{w.b.pk}")):
        assert browser.get("/pulse", headers={"X-Xinglin-Pulse": wrong}).status_code == 404
    with override_settings(SESSION_COOKIE_AGE=-1):
        assert browser.get("/pulse", headers=headers).status_code == 404, "idle for too long"
    assert browser.post("/pulse", headers=headers).status_code == 405
