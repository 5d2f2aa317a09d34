"""Deadlines as the alliance sets them, over a real database: two administrators, timers that start
afterwards, the calendar, access after the end; and notices written with the step (docs/adr/0092).
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.models import (
    CalendarDay,
    Hospital,
    Proposal,
    WorkDeadline,
    WorkItem,
    WorkNotice,
    WorkTimer,
)
from alliance.roles import Role
from alliance.services.proposals import do_agree_to_proposal
from alliance.workflow import timers
from alliance.workflow.calendar_changes import do_set_calendar, list_calendar
from alliance.workflow.contacts import do_add_address, do_end_address
from alliance.workflow.deadline_changes import do_propose_deadlines, do_set_deadlines
from alliance.workflow.work_settings import load_work_settings
from records.subscriptions import work_notices
from tests.factories import alliance
from tests.factories.referrals import move_on, send_referral
from tests.support.world import World, w

__all__ = ["w"]


def administrator(at: Hospital, *, wide: bool = True) -> Principal:
    staff = alliance.make_staff(at, Role.ADMINISTRATOR, wide=wide)
    return alliance.get_staff_principal(staff)


def change(name: str, urgency: str, amount: int, unit: str) -> dict[str, Any]:
    return {"name": name, "urgency": urgency, "amount": amount, "unit": unit}


@pytest.fixture(autouse=True)
def undone(w: World) -> Iterator[None]:
    """What is set for the whole alliance is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def accept_timer(item: WorkItem) -> dt.timedelta:
    timer = WorkTimer.objects.filter(item=item, action="duty").earliest("pk")
    return timer.due_at - item.sent_at


def test_two_administrators_set_a_deadline_and_timers_that_run_stay(w: World) -> None:
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    before = send_referral(w.person, w.a, home)
    one, other = administrator(w.a), administrator(w.b)
    changes = [
        change("accept", "urgent", 90, "minutes"),
        change("rights-after-end", "", 7, "days"),
    ]
    with pytest.raises(Forbidden):
        do_propose_deadlines(changes, reason="test", acting=administrator(w.a, wide=False))
    with pytest.raises(Forbidden):
        do_propose_deadlines(changes, reason="test", acting=home)
    proposal = do_propose_deadlines(changes, reason="test", acting=one)
    assert accept_timer(send_referral(w.person, w.a, home)) == dt.timedelta(hours=2), "not yet"
    with pytest.raises(Forbidden):
        do_agree_to_proposal(proposal, acting=one)
    with pytest.raises(Forbidden):
        do_set_deadlines(changes, acting=one, proposer=None)
    do_agree_to_proposal(proposal, acting=other)
    assert accept_timer(before) == dt.timedelta(hours=2), "what runs stays"
    after = send_referral(w.person, w.a, home)
    assert accept_timer(after) == dt.timedelta(minutes=90)
    moved = move_on(after, w.doctor, "accept", "arrive", "treat", "close")
    assert moved.closed_at and moved.rights_end == moved.closed_at + dt.timedelta(days=7)
    row = WorkDeadline.objects.filter(name="accept", urgency="urgent").latest("pk")
    assert (row.proposed_by_id, row.agreed_by_id) == (int(one.id), int(other.id))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT detail FROM consent_audit_event WHERE code = %s ORDER BY id DESC LIMIT 1",
            ["alliance:work:set"],
        )
        (detail,) = cursor.fetchone()
    assert "accept urgent=90 minutes" in detail and "rights-after-end" in detail
    with pytest.raises(AlreadyDone):
        do_propose_deadlines(changes, reason="again", acting=one)


def test_what_does_not_go_together_is_not_even_proposed(w: World) -> None:
    one = administrator(w.a)
    with pytest.raises(ValidationError):
        do_propose_deadlines([change("accept", "urgent", 5, "hours")], reason="x", acting=one)
    assert not Proposal.objects.filter(proposed_by_id=int(one.id)).exists()


def test_the_calendar_is_one_administrators_and_counts_for_routine(w: World) -> None:
    one = administrator(w.a)
    today = timezone.localdate()
    off = [today + n * dt.timedelta(days=1) for n in range(8)]
    text = "\n".join(f"{d} 休" for d in off) + f"\n{off[-1] + dt.timedelta(days=1)} 班"
    with pytest.raises(Forbidden):
        do_set_calendar(text, acting=administrator(w.b, wide=False))
    assert do_set_calendar(text, acting=one) == 9
    assert CalendarDay.objects.filter(changed_by_id=int(one.id)).count() == 9
    shown = [x.day for x in list_calendar(today.year)]
    assert today in shown and shown == sorted(shown)
    do_set_deadlines(
        [change("accept", "routine", 1, "working-days")], acting=one, proposer=administrator(w.b)
    )
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    item = send_referral(w.person, w.a, home, urgency="routine")
    due = item.sent_at + accept_timer(item)
    time = load_work_settings().time
    assert timezone.localtime(due).date() == time.next_working_day(off[-1] + dt.timedelta(days=1))


def test_a_notice_is_written_with_the_step_and_delivered_once(
    w: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    keeper = administrator(w.a)
    add = {"channel": "webhook", "target": "https://his.example/work", "secret": "s3cret"}
    with pytest.raises(Forbidden):
        do_add_address(w.a, **add, acting=home)
    address = do_add_address(w.a, **add, acting=keeper)
    with pytest.raises(RuntimeError), transaction.atomic():
        send_referral(w.person, w.a, home)
        raise RuntimeError
    notices = WorkNotice.objects.filter(address=address)
    assert not notices.exists(), "no step, no notice"
    item = send_referral(w.person, w.a, home, urgency="emergency", reason="secret words")
    move_on(item, w.doctor, "ask")  # the own step is not told to oneself
    assert [n.verb for n in notices] == ["send"]
    WorkTimer.objects.filter(item=item, fired_at=None).update(due_at=timezone.now())
    move_on(item, home, "answer")
    WorkTimer.objects.filter(item=item, action="duty", fired_at=None).update(
        due_at=timezone.now() - dt.timedelta(seconds=1)
    )
    timers.fire_due_timers()
    assert [n.verb for n in notices.order_by("pk")] == ["send", "answer", "duty"]

    calls: list[tuple[str, bytes, dict[str, str]]] = []
    answers = ["503", "", "", "", ""]

    def call(_method: str, url: str, body: bytes, headers: dict[str, str]) -> str:
        calls.append((url, body, headers))
        return answers[len(calls) - 1] if len(calls) <= len(answers) else ""

    monkeypatch.setattr(work_notices, "call_endpoint", call)
    monkeypatch.setattr(work_notices, "MOST_AT_ONCE", 1)
    work_notices.note_outcomes(
        due := list(
            notices.select_related("address", "item__sender", "item__receiver").order_by("pk")
        ),
        [work_notices.send_notice(n) for n in due],
        timezone.now(),
    )
    assert len(calls) == 3 and all(url == add["target"] for url, *_rest in calls)
    said = b" ".join(body for _url, body, _headers in calls)
    assert item.number.encode() in said and b"emergency" in said
    for hidden in (b"secret words", str(w.person).encode(), "心血管".encode()):
        assert hidden not in said
    assert all(h["X-Xinglin-Signature"].startswith("t=") for *_rest, h in calls)
    tried = notices.get(verb="send")
    assert tried.sent_at is None and tried.fault == "503" and tried.due_at > timezone.now()
    assert notices.exclude(sent_at=None).count() == 2
    late = notices.filter(pk=tried.pk)
    late.update(made_at=timezone.now() - dt.timedelta(days=4))
    work_notices.note_outcomes(list(late), ["503"], timezone.now())
    assert late.get().given_up_at is not None, "shown as given up, and tried no more"
    do_end_address(address, acting=keeper)
    ended = notices.select_related("address").latest("pk")
    count = len(calls)
    assert work_notices.send_notice(ended) == "" and len(calls) == count


def test_a_notice_is_taken_by_one_courier_and_a_suspended_hospital_is_told_nothing(
    w: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    add = {"channel": "webhook", "target": "https://his.example/work", "secret": "s3cret"}
    address = do_add_address(w.a, **add, acting=administrator(w.a))
    send_referral(w.person, w.a, home)
    notice = WorkNotice.objects.get(address=address)
    now = timezone.now()
    assert notice.pk in [n.pk for n in work_notices.take_due(now)]
    assert notice.pk not in [n.pk for n in work_notices.take_due(now)], "another has taken it"
    assert notice.pk in [n.pk for n in work_notices.take_due(now + work_notices.TAKEN * 2)]
    calls: list[str] = []
    monkeypatch.setattr(work_notices, "call_endpoint", lambda *a: calls.append(a[1]) or "")
    assert work_notices.send_notice(notice) == "" and len(calls) == 1, "the control"
    w.a.suspended_at = now
    w.a.save()
    again = WorkNotice.objects.select_related("address__hospital").get(pk=notice.pk)
    assert work_notices.send_notice(again) == "" and len(calls) == 1
