"""Referrals over a real database: access to the second, two at once, timers that fire once and
catch up (docs/adr/0086).
"""

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import WorkItem, WorkTimer
from alliance.roles import Role
from alliance.workflow import timers
from alliance.workflow.move_item import MovedMeanwhile, MoveWords, do_move
from consent.models import Relationship
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import make_patient
from tests.factories.referrals import move_on, send_referral
from tests.support.world import World, w

__all__ = ["w"]


def doctor_of(w: World) -> Principal:
    """Of B, which holds the records and refers the patient to A."""
    return alliance.get_staff_principal(alliance.make_staff(w.b))


def is_open(w: World) -> bool:
    """Whether A's system sees B's record of the patient."""
    return f"{w.b.code}/{w.plain}" in w.seen()


def transfer(w: World) -> Relationship:
    return Relationship.objects.get(basis="transfer", hospital=w.a)


def test_sending_opens_the_senders_records_and_declining_closes_them_at_once(w: World) -> None:
    w.permit()
    assert not is_open(w)
    item = send_referral(w.person, w.a, doctor_of(w))
    assert is_open(w), "the control"
    assert f"{w.b.code}/{w.sensitive}" not in w.seen(), (
        "what the decision does not open stays closed"
    )
    move_on(item, w.doctor, "decline")
    assert not is_open(w)
    row = transfer(w)
    declined = WorkItem.objects.get(pk=item.pk)
    assert row.ends_at == declined.closed_at == declined.rights_end


def test_without_the_patients_consent_a_referral_opens_nothing(w: World) -> None:
    w.permit()
    send_referral(w.person, w.a, doctor_of(w))
    assert is_open(w), "the control"
    w.permit(effect="deny", recipient_id=None)
    assert not is_open(w)


def test_access_lapses_thirty_days_after_the_end_and_the_home_hospital_sees_the_treatment(
    w: World,
) -> None:
    home = doctor_of(w)
    item = send_referral(w.person, w.a, home)
    move_on(item, w.doctor, "accept", "arrive", "admit", "treat", "return")
    back = Relationship.objects.get(basis="transfer", hospital=w.b)
    assert back.ends_at.year == 9999
    closed = move_on(item, home, "confirm-home", "follow-up", "close")
    assert closed.state == "closed" and closed.closed_at and closed.outcome
    for row in (transfer(w), Relationship.objects.get(pk=back.pk)):
        assert row.ends_at == closed.closed_at + dt.timedelta(days=30)


def test_of_two_referrals_the_one_that_is_open_keeps_the_access(w: World) -> None:
    home = doctor_of(w)
    first, second = (send_referral(w.person, w.a, home) for _ in range(2))
    move_on(first, w.doctor, "decline")
    assert transfer(w).ends_at.year == 9999
    move_on(second, w.doctor, "decline")
    assert transfer(w).ends_at == WorkItem.objects.get(pk=second.pk).closed_at


def test_who_moves_what_and_a_text_that_is_missing(w: World) -> None:
    item = send_referral(w.person, w.a, doctor_of(w))
    stranger = alliance.get_staff_principal(alliance.make_staff(alliance.make_hospital("third")))
    clerk, officer = (
        alliance.get_staff_principal(alliance.make_staff(w.a, role))
        for role in (Role.CLERK, Role.PRIVACY)
    )
    words = MoveWords("Ward 5")
    for who in (stranger, officer):
        with pytest.raises(Forbidden):
            do_move(item.pk, "accept", words, expected_version=1, acting=who)
    with pytest.raises(MovedMeanwhile):
        do_move(item.pk, "accept", words, expected_version=1, acting=doctor_of(w))
    with pytest.raises(ValidationError):
        do_move(item.pk, "accept", MoveWords(" "), expected_version=1, acting=clerk)
    assert WorkItem.objects.get(pk=item.pk).version == 1
    moved = do_move(item.pk, "accept", words, expected_version=1, acting=clerk)
    assert (moved.state, moved.owner_id, moved.arrangement) == ("accepted", w.a.pk, "Ward 5")
    move_on(item, clerk, "arrive")
    with pytest.raises(Forbidden):
        do_move(item.pk, "admit", MoveWords(), expected_version=3, acting=clerk)
    assert move_on(item, w.doctor, "admit").state == "admitted", "the control"


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


def test_two_at_once_end_in_one_state_and_the_other_is_told_who_was_first(w: World) -> None:
    home = doctor_of(w)
    one, two = (
        alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK)) for _ in range(2)
    )
    for rival, verb in ((two, "accept"), (home, "withdraw")):
        item = send_referral(w.person, w.a, home)

        def move(who: Principal, what: str, pk: int = item.pk) -> Callable[[], object]:
            return lambda: do_move(pk, what, MoveWords("x"), expected_version=1, acting=who)

        results = at_once(move(one, "accept"), move(rival, verb))
        losers = [r for r in results if isinstance(r, MovedMeanwhile)]
        winners = [r for r in results if isinstance(r, WorkItem)]
        assert len(losers) == len(winners) == 1, results
        now = WorkItem.objects.get(pk=item.pk)
        assert now.version == 2 and now.transitions.count() == 2
        assert now.state == winners[0].state
        told = losers[0].last
        assert told is not None and told.to_state == now.state and told.staff is not None


def make_due(item: WorkItem, action: str) -> WorkTimer:
    timer = WorkTimer.objects.get(item=item, action=action, fired_at=None, cancelled_at=None)
    WorkTimer.objects.filter(pk=timer.pk).update(due_at=timezone.now() - dt.timedelta(days=9))
    return timer


def test_a_timer_fires_once_and_one_that_was_stopped_catches_up(w: World) -> None:
    item = send_referral(w.person, w.a, doctor_of(w))
    duty = make_due(item, "duty")
    with transaction.atomic():
        WorkItem.objects.select_for_update().get(pk=item.pk)
        at_once(timers.fire_due_timers)
        assert WorkTimer.objects.get(pk=duty.pk).fired_at is None, "held: passed over"
    at_once(timers.fire_due_timers, timers.fire_due_timers)
    fired = WorkTimer.objects.get(pk=duty.pk).fired_at
    assert fired and WorkItem.objects.get(pk=item.pk).alarm == 2
    make_due(item, "office")
    timers.fire_due_timers()
    timers.fire_due_timers()
    again = WorkItem.objects.get(pk=item.pk)
    assert (again.alarm, again.state, again.version) == (3, "sent", 1)
    assert WorkTimer.objects.get(pk=duty.pk).fired_at == fired, "not twice"
    assert move_on(item, w.doctor, "accept").alarm == 0


def test_who_does_not_come_is_noted_by_the_timer_and_what_was_cancelled_never_fires(
    w: World,
) -> None:
    missing, came = (send_referral(w.person, w.a, doctor_of(w)) for _ in range(2))
    for item in (missing, came):
        move_on(item, w.doctor, "accept")
        make_due(item, "miss")
    move_on(came, w.doctor, "arrive")
    timers.fire_due_timers()
    timers.fire_due_timers()
    now = WorkItem.objects.get(pk=missing.pk)
    assert (now.state, now.version, now.owner_id) == ("no-show", 3, w.b.pk)
    last = now.transitions.get(version=3)
    assert (last.verb, last.staff, last.hospital) == ("miss", None, None)
    assert WorkItem.objects.get(pk=came.pk).state == "arrived"


def test_what_the_way_back_opened_ends_though_the_registration_was_parted(w: World) -> None:
    w.permit()
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    item = send_referral(w.person, w.a, home)
    item = move_on(item, w.doctor, "accept", "arrive", "treat", "return")
    [source] = item.home_sources or []
    opened = Relationship.objects.filter(source_patient=source, hospital=w.b, basis="transfer")
    assert opened.get().ends_at > timezone.now() + dt.timedelta(days=400), "the control"
    stranger = w.ask.create(make_patient()).split("/")[1]
    other = SourcePatient.objects.get(hospital=w.a, fhir_id=stranger)
    SourcePatient.objects.filter(pk=source).update(person_id=other.person_id)
    move_on(item, home, "confirm-home", "follow-up", "close")
    assert opened.get().ends_at < timezone.now() + dt.timedelta(days=31)
