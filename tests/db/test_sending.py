"""The sending side over a real database: a draft opens nothing, approval is another's, an emergency
goes first and owes its papers, messages move nothing (docs/adr/0093).
"""

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import ApprovalRule, WorkArrival, WorkDebt, WorkDraft, WorkItem, WorkTimer
from alliance.referrals.arrivals import (
    ArrivalAnswered,
    Registration,
    do_confirm_arrival,
    do_end_arrival,
)
from alliance.referrals.drafts import DraftMoved, DraftTexts, do_begin_draft, do_move_draft
from alliance.roles import Role
from alliance.workflow.approval import do_set_approval
from alliance.workflow.debts import do_add_papers, do_approve_afterwards
from alliance.workflow.move_item import MovedMeanwhile
from alliance.workflow.new_item import NewDocument, NewItem
from alliance.workflow.send_item import do_send
from alliance.workflow.thread import count_unread, do_write_message, mark_messages_seen
from consent.models import Relationship
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.referrals import move_on, report_arrival, send_referral
from tests.support.world import World, w

__all__ = ["w"]
UP = WorkItem.Kind.UP


def one_of(w: World, role: Role = Role.CLINICIAN) -> Principal:
    """Of B, which holds the records and refers the patient to A."""
    return alliance.get_staff_principal(alliance.make_staff(w.b, role))


def is_open(w: World) -> bool:
    """Whether A's system sees B's record of the patient."""
    return f"{w.b.code}/{w.plain}" in w.seen()


def texts(w: World, urgency: str = "urgent", reason: str = "chest pain") -> DraftTexts:
    return DraftTexts(w.a, UP, urgency, reason)


def own(w: World) -> SourcePatient:
    return SourcePatient.objects.filter(person_id=w.person, hospital=w.b).latest("pk")


def begin(w: World, author: Principal, **more: str) -> WorkDraft:
    return do_begin_draft(texts(w, **more), own(w).home, own(w).pk, acting=author)


def move(draft: WorkDraft, verb: str, who: Principal, note: str = "") -> WorkDraft:
    seen = WorkDraft.objects.get(pk=draft.pk).version
    return do_move_draft(draft.pk, verb, expected_version=seen, acting=who, note=note)


def want_approval(w: World, *kinds: str) -> None:
    do_set_approval(kinds, acting=one_of(w, Role.ADMINISTRATOR))


def new(w: World, urgency: str) -> NewItem:
    return NewItem(UP, own(w).home, own(w).pk, w.a, urgency, "chest pain")


def test_a_draft_opens_nothing_until_it_is_sent(w: World) -> None:
    w.permit()
    author, colleague = one_of(w), one_of(w)
    draft = begin(w, author)
    assert not is_open(w) and not Relationship.objects.filter(basis="transfer", hospital=w.a)
    for who, verb in ((w.doctor, "send"), (colleague, "save"), (colleague, "send")):
        with pytest.raises(Forbidden):
            move(draft, verb, who)
    assert not WorkItem.objects.filter(receiver=w.a).exists() and not is_open(w)
    sent = move(draft, "send", author)
    item = sent.item
    assert item is not None and is_open(w), "the control"
    row = Relationship.objects.get(basis="transfer", hospital=w.a)
    assert row.starts_at == item.sent_at == item.entered_at
    assert sent.closed_at is not None and item.transitions.get().verb == "send"
    with pytest.raises(DraftMoved):
        move(draft, "send", author)
    assert WorkItem.objects.filter(receiver=w.a).count() == 1


def test_a_draft_is_discarded_with_a_reason_and_due_after_a_day(w: World) -> None:
    author, colleague = one_of(w), one_of(w)
    draft = begin(w, author, reason="")
    assert draft.due_at == draft.saved_at + dt.timedelta(hours=24)
    with pytest.raises(ValidationError):
        move(draft, "discard", colleague, " ")
    assert WorkDraft.objects.get(pk=draft.pk).state == "draft"
    gone = move(draft, "discard", colleague, "the patient went home")
    assert gone.state == "discarded" and gone.closed_at is not None
    assert [s.note for s in gone.steps.order_by("version")] == ["", "the patient went home"]


def test_what_needs_approval_is_sent_by_another_of_the_hospital_alone(w: World) -> None:
    w.permit()
    author, clerk, stranger = one_of(w), one_of(w, Role.CLERK), w.doctor
    officer = one_of(w, Role.PRIVACY)
    want_approval(w, UP)
    with pytest.raises(ValidationError):
        do_send(new(w, "urgent"), [], acting=author)
    with pytest.raises(ValidationError):
        move(begin(w, author), "send", author)
    draft = move(begin(w, author), "submit", author)
    for who in (author, stranger, officer):
        with pytest.raises(Forbidden):
            move(draft, "approve", who)
    assert not is_open(w) and not WorkTimer.objects.filter(item__receiver=w.a).exists()
    back = move(draft, "send-back", clerk, "say what was tried")
    assert back.state == "draft" and not is_open(w)
    move(back, "submit", author)
    item = move(draft, "approve", clerk).item
    assert item is not None and is_open(w), "the control"
    first = item.transitions.get()
    assert (first.verb, first.staff_id, item.sender_staff_id) == (
        "approve",
        int(clerk.id),
        int(author.id),
    )
    assert Relationship.objects.get(basis="transfer", hospital=w.a).starts_at == item.sent_at
    assert WorkTimer.objects.filter(item=item, cancelled_at=None).exists()
    want_approval(w)
    assert do_send(new(w, "urgent"), [], acting=author).state == "sent", "no longer wanted"
    assert ApprovalRule.objects.get(hospital=w.b).ended_at is not None


def test_only_the_own_hospitals_administrator_sets_what_is_approved(w: World) -> None:
    for who in (one_of(w), one_of(w, Role.CLERK), one_of(w, Role.PRIVACY)):
        with pytest.raises(Forbidden):
            do_set_approval([UP], acting=who)
    want_approval(w, UP)
    other = alliance.get_staff_principal(alliance.make_staff(w.a, Role.ADMINISTRATOR))
    do_set_approval([], acting=other)
    rule = ApprovalRule.objects.get(hospital=w.b)
    assert rule.ended_at is None, "another hospital's administrator changes nothing here"


def test_an_emergency_goes_first_and_is_approved_after_the_fact(w: World) -> None:
    author, colleague = one_of(w), one_of(w)
    want_approval(w, UP)
    item = do_send(new(w, "emergency"), [], acting=author, papers_later=True)
    debts = {d.kind: d for d in item.debts.all()}
    assert set(debts) == {"papers", "approval"}
    assert debts["papers"].due_at == item.sent_at + dt.timedelta(hours=24)
    with pytest.raises(ValidationError):
        do_send(new(w, "urgent"), [], acting=author, papers_later=True)
    for who in (author, w.doctor, one_of(w, Role.PRIVACY)):
        with pytest.raises(Forbidden):
            do_approve_afterwards(item.pk, acting=who)
    before = list(item.timers.values_list("due_at", "cancelled_at"))
    do_approve_afterwards(item.pk, acting=colleague)
    with pytest.raises(MovedMeanwhile):
        do_approve_afterwards(item.pk, acting=colleague)
    again = WorkItem.objects.get(pk=item.pk)
    assert (again.state, again.owner_id, again.version) == ("sent", w.a.pk, 2)
    assert list(item.timers.values_list("due_at", "cancelled_at")) == before, (
        "nobody's time changes"
    )
    owed = WorkDebt.objects.get(item=item, settled_at=None)
    assert owed.kind == "papers"


def test_papers_stand_behind_what_was_sent_and_change_none_of_it(w: World) -> None:
    author = one_of(w)
    item = do_send(new(w, "emergency"), [], acting=author, papers_later=True)
    move_on(item, w.doctor, "accept")
    paper = NewDocument(w.b.pk, "Observation", w.plain.split("/")[1], "1", "0" * 64)
    for who in (w.doctor, one_of(w, Role.CLERK)):
        with pytest.raises(Forbidden):
            do_add_papers(item.pk, "ECG", [paper], acting=who)
    with pytest.raises(ValidationError):
        do_add_papers(item.pk, " ", [paper], acting=author)
    assert not item.documents.exists()
    do_add_papers(item.pk, "ECG: ST elevation", [paper], acting=author)
    with pytest.raises(MovedMeanwhile):
        do_add_papers(item.pk, "again", [paper], acting=author)
    now = WorkItem.objects.get(pk=item.pk)
    assert (now.reason, now.state, now.owner_id) == ("chest pain", "accepted", w.a.pk)
    last = now.transitions.latest("version")
    assert (last.verb, last.note, last.version) == ("papers", "ECG: ST elevation", now.version)
    assert item.documents.count() == 1
    assert move_on(item, w.doctor, "arrive").state == "arrived", "it goes on as ever"


def test_what_the_receiver_says_of_an_arrival_opens_nothing_until_the_sender_confirms(
    w: World,
) -> None:
    w.permit()
    home = one_of(w)
    arrival = report(w)
    assert not is_open(w) and not Relationship.objects.filter(basis="transfer", hospital=w.a)
    of = Registration(own(w).home, own(w).pk)
    third = alliance.get_staff_principal(alliance.make_staff(alliance.make_hospital("third")))
    for who in (w.doctor, third, one_of(w, Role.CLERK)):
        with pytest.raises(Forbidden):
            do_confirm_arrival(arrival.pk, of, UP, "we sent him", acting=who)
    assert not WorkItem.objects.filter(receiver=w.a).exists() and not is_open(w)
    done = do_confirm_arrival(arrival.pk, of, UP, "we sent him", acting=home)
    item = done.item
    assert item is not None and is_open(w), "the control"
    assert (item.sender_id, item.source_patient) == (w.b.pk, own(w).pk)
    row = Relationship.objects.get(basis="transfer", hospital=w.a)
    assert row.starts_at == item.sent_at
    assert [d.kind for d in item.debts.all()] == ["papers"]
    assert move_on(item, w.doctor, "arrive").state == "arrived"
    with pytest.raises(ArrivalAnswered):
        do_end_arrival(arrival.pk, "no", acting=home)


def test_an_arrival_is_refused_or_taken_back_with_a_reason_and_opens_nothing(w: World) -> None:
    w.permit()
    for who, state in ((one_of(w, Role.CLERK), "refused"), (w.doctor, "withdrawn")):
        arrival = report(w)
        with pytest.raises(ValidationError):
            do_end_arrival(arrival.pk, " ", acting=who)
        with pytest.raises(Forbidden):
            third = alliance.make_staff(alliance.make_hospital("third"))
            do_end_arrival(arrival.pk, "no", acting=alliance.get_staff_principal(third))
        assert do_end_arrival(arrival.pk, "not ours", acting=who).state == state
        assert not is_open(w)


def report(w: World) -> WorkArrival:
    """Of a patient who came to A from B."""
    return report_arrival(w.person, w.b, alliance.make_staff(w.a))


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What came of each, begun at the same moment in transactions of their own."""
    out: list[object] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def run(number: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            out[number] = act()
        except Exception as error:
            out[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=x) for x in enumerate(acts)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return out


def test_of_two_who_approve_at_once_one_sends_and_a_take_back_excludes_it(w: World) -> None:
    author, one, two = one_of(w), one_of(w, Role.CLERK), one_of(w)
    want_approval(w, UP)
    for rival, verb in ((two, "approve"), (author, "take-back")):
        draft = move(begin(w, author), "submit", author)
        sent = WorkItem.objects.filter(sender=w.b).count()

        def act(who: Principal, what: str, of: WorkDraft = draft) -> Callable[[], object]:
            return lambda: do_move_draft(of.pk, what, expected_version=of.version, acting=who)

        results = at_once(act(one, "approve"), act(rival, verb))
        assert sorted(type(r).__name__ for r in results) == ["DraftMoved", "WorkDraft"], results
        now = WorkDraft.objects.get(pk=draft.pk)
        assert now.version == draft.version + 1
        made = WorkItem.objects.filter(sender=w.b).count() - sent
        assert made == (1 if now.state == "sent" else 0)


def test_confirmed_and_taken_back_at_once_is_one_of_both(w: World) -> None:
    home, arrival = one_of(w), report(w)
    of = Registration(own(w).home, own(w).pk)
    results = at_once(
        lambda: do_confirm_arrival(arrival.pk, of, UP, "ours", acting=home),
        lambda: do_end_arrival(arrival.pk, "a mistake", acting=w.doctor),
    )
    names = sorted(type(r).__name__ for r in results)
    assert names == ["ArrivalAnswered", "WorkArrival"], results
    now = WorkArrival.objects.get(pk=arrival.pk)
    assert (now.state == "confirmed") == (now.item_id is not None)
    assert WorkItem.objects.filter(sender=w.b).exists() == (now.state == "confirmed")


def test_messages_are_of_both_sides_unread_until_seen_and_move_nothing(w: World) -> None:
    home = one_of(w)
    item = send_referral(w.person, w.a, home)
    stranger = alliance.get_staff_principal(alliance.make_staff(alliance.make_hospital("third")))
    for who in (stranger, one_of(w, Role.PRIVACY)):
        with pytest.raises(Forbidden):
            do_write_message(item.pk, "hello", acting=who)
    with pytest.raises(ValidationError):
        do_write_message(item.pk, " ", acting=home)
    before = WorkItem.objects.filter(pk=item.pk).values().get()
    said = [do_write_message(item.pk, f"no. {n}", acting=home) for n in range(2)]
    assert WorkItem.objects.filter(pk=item.pk).values().get() == before
    assert count_unread([item], w.doctor) == {item.pk: 2}
    assert count_unread([item], home) == {}
    mark_messages_seen(item, said[:1], w.doctor)
    assert count_unread([item], w.doctor) == {item.pk: 1}
    mark_messages_seen(item, said, w.doctor)
    mark_messages_seen(item, said[:1], w.doctor)
    assert count_unread([item], w.doctor) == {}, "what was seen stays seen"
    move_on(item, w.doctor, "decline")
    with pytest.raises(ValidationError):
        do_write_message(item.pk, "why?", acting=home)
