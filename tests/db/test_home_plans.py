"""The way home over a real database: a plan is kept whole or not at all, tasks are marked one at a
time, and the referral is due with its next task (docs/adr/0094).
"""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import HomeMeasure, HomePlan, HomeTask, WorkDocument, WorkItem, WorkTimer
from alliance.referrals.home_plan import PlannedMedicine, PlannedTask
from alliance.referrals.keep_plan import Measured, TaskWords
from alliance.referrals.mark_task import TaskMarkedMeanwhile, do_mark_task
from alliance.referrals.task_reminder import end_of_day
from alliance.roles import Role
from alliance.workflow import timers
from alliance.workflow.send_item import NewDocument
from tests.factories import alliance
from tests.factories.referrals import make_home_plan, move_on, send_referral
from tests.support.world import World, w

__all__ = ["w"]
DOWN = WorkItem.Kind.DOWN


def staff_of(w: World, role: Role = Role.CLINICIAN) -> Principal:
    """Of B, which refers the patient to A and is their home."""
    return alliance.get_staff_principal(alliance.make_staff(w.b, role))


def send_home(w: World, *tasks: PlannedTask, **more: object) -> tuple[WorkItem, Principal]:
    home = staff_of(w)
    item = send_referral(w.person, w.a, home)
    move_on(item, w.doctor, "accept", "arrive", "treat")
    return move_on(item, w.doctor, "return", brought=(make_home_plan(*tasks, **more),)), home


def task_in(days: int, doer: str = "community", what: str = "weigh") -> PlannedTask:
    return PlannedTask(what, timezone.localdate() + dt.timedelta(days=days), doer)


def task_of(item: WorkItem, doer: str = "community") -> HomeTask:
    return HomeTask.objects.get(plan__item=item, doer=doer)


def test_a_plan_comes_with_sending_back_and_its_summary_is_fixed(w: World) -> None:
    chosen = NewDocument(w.a.pk, "Composition", "c0053", "2", "ab" * 32)
    item, _home = send_home(w, summary=chosen, course="")
    plan = HomePlan.objects.get(item=item)
    assert (plan.treating_id, plan.home_id) == (w.a.pk, w.b.pk)
    assert plan.summary == WorkDocument.objects.get(item=item, fhir_id="c0053", digest="ab" * 32)
    assert [m.change for m in plan.medicines.order_by("position")] == [
        "new",
        "changed",
        "stopped",
        "unchanged",
    ]
    assert {t.home_id for t in plan.tasks.all()} == {w.b.pk}


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("warning_signs", {"warning_signs": " "}),
        ("call_phone", {"call_phone": ""}),
        ("course", {"course": ""}),
        ("diagnosis", {"diagnosis": ""}),
        ("takes_none", {"medicines": ()}),
        ("takes_none", {"takes_none": True}),
        ("medicine-1-why", {"medicines": (
            PlannedMedicine("a", "1", "new"), PlannedMedicine("b", "", "stopped"))}),
        ("medicine-0-before", {"medicines": (PlannedMedicine("a", "1", "changed", "", "x"),)}),
        ("medicine-0-change", {"medicines": (PlannedMedicine("a", "1", ""),)}),
        ("task-0-due_on", {"tasks": (task_in(-1),)}),
        ("task-0-doer", {"tasks": (task_in(1, "nobody"),)}),
    ],
)  # fmt: skip
def test_what_lacks_is_named_at_its_field_and_nothing_is_kept(
    w: World, field: str, more: dict[str, object]
) -> None:
    home = staff_of(w)
    for kind in (DOWN, WorkItem.Kind.UP):
        sent = () if kind is WorkItem.Kind.UP else (make_home_plan(**more),)
        if kind is DOWN:
            with pytest.raises(ValidationError) as error:
                send_referral(w.person, w.a, home, kind=kind, brought=sent)
            assert not WorkItem.objects.filter(sender=w.b).exists()
        else:
            item = send_referral(w.person, w.a, home)
            move_on(item, w.doctor, "accept", "arrive", "treat")
            with pytest.raises(ValidationError) as error:
                move_on(item, w.doctor, "return", brought=(make_home_plan(**more),))
            assert WorkItem.objects.get(pk=item.pk).state == "treated"
        assert list(error.value.message_dict) == [field]
    assert not HomePlan.objects.filter(item__sender=w.b).exists()


def test_a_referral_down_takes_its_plan_along_and_another_direction_takes_none(w: World) -> None:
    home = staff_of(w)
    with pytest.raises(ValidationError):
        send_referral(w.person, w.a, home, brought=(make_home_plan(),))
    item = send_referral(w.person, w.a, home, kind=DOWN, brought=(make_home_plan(),))
    plan = HomePlan.objects.get(item=item)
    assert (plan.treating_id, plan.home_id) == (w.b.pk, w.a.pk)


def test_a_task_is_ticked_by_who_saw_it_and_each_tick_stays(w: World) -> None:
    item, home = send_home(w)
    task = task_of(item)
    do_mark_task(task.pk, "done", "by telephone", expected_entries=0, acting=home)
    with pytest.raises(TaskMarkedMeanwhile) as late:
        do_mark_task(task.pk, "dropped", "x", expected_entries=0, acting=home)
    assert late.value.last is not None and late.value.last.note == "by telephone"
    with pytest.raises(ValidationError):
        do_mark_task(task.pk, "open", " ", expected_entries=1, acting=home)
    do_mark_task(task.pk, "open", "another patient's", expected_entries=1, acting=home)
    assert [(e.number, e.state) for e in task.course.order_by("number")] == [
        (1, "done"),
        (2, "open"),
    ]
    assert HomeTask.objects.get(pk=task.pk).state == "open"


def test_who_marks_what(w: World) -> None:
    item, home = send_home(w)
    stranger = alliance.get_staff_principal(alliance.make_staff(alliance.make_hospital("third")))
    own = task_of(item, "hospital")
    for who, task in (
        (stranger, own),
        (staff_of(w, Role.CLERK), own),
        (w.doctor, task_of(item)),
        (w.doctor, task_of(item, "patient")),
    ):
        with pytest.raises(Forbidden):
            do_mark_task(task.pk, "done", "", expected_entries=0, acting=who)
    do_mark_task(own.pk, "done", "", expected_entries=0, acting=w.doctor)
    do_mark_task(task_of(item).pk, "done", "", expected_entries=0, acting=home)
    down = send_referral(w.person, w.a, home, kind=DOWN, brought=(make_home_plan(),))
    with pytest.raises(TaskMarkedMeanwhile):
        do_mark_task(task_of(down).pk, "done", "", expected_entries=0, acting=w.doctor)
    move_on(down, w.doctor, "accept", "confirm-home")
    do_mark_task(task_of(down).pk, "done", "", expected_entries=0, acting=w.doctor)


def test_nothing_is_closed_while_a_task_is_open_and_nobody_says_what_became_of_it(
    w: World,
) -> None:
    item, home = send_home(w)
    move_on(item, home, "confirm-home", "follow-up")
    done, dropped, forgotten = (task_of(item, d) for d in ("community", "patient", "hospital"))
    said = {done.pk: ("done", ""), dropped.pk: ("dropped", "moved away")}
    for words in (said, said | {forgotten.pk: ("dropped", " ")}):
        with pytest.raises(ValidationError) as error:
            move_on(item, home, "close", brought=(TaskWords(words),))
        assert next(iter(error.value.message_dict)).startswith(f"task-{forgotten.pk}-")
        assert HomeTask.objects.filter(plan__item=item, state="open").count() == 3
    whole = said | {forgotten.pk: ("dropped", "done elsewhere")}
    assert move_on(item, home, "close", brought=(TaskWords(whole),)).state == "closed"
    assert task_of(item, "patient").course.get().note == "moved away"
    assert not HomeTask.objects.filter(plan__item=item, state="open").exists()


def test_of_who_never_came_home_no_task_stays_open(w: World) -> None:
    home = staff_of(w)
    item = send_referral(w.person, w.a, home, kind=DOWN, brought=(make_home_plan(),))
    move_on(item, w.doctor, "accept", "miss")
    move_on(item, home, "close")
    assert set(HomeTask.objects.filter(plan__item=item).values_list("state", flat=True)) == {
        "dropped"
    }


def test_a_follow_up_keeps_what_it_measured(w: World) -> None:
    item, home = send_home(w)
    move_on(item, home, "confirm-home")
    values = (("pressure", "135/85"), ("glucose", "6.8"))
    move_on(item, home, "follow-up", brought=(Measured(values),))
    found = HomeMeasure.objects.filter(transition__item=item).order_by("pk")
    assert tuple((m.kind, m.value) for m in found) == values


def test_at_home_a_referral_is_due_with_its_next_task(w: World) -> None:
    item, home = send_home(w, task_in(3), task_in(30, "patient", "blood test"))
    near, far = (task_of(item, d) for d in ("community", "patient"))
    now = move_on(item, home, "confirm-home")
    assert now.due_at == end_of_day(near.due_on)
    do_mark_task(near.pk, "done", "", expected_entries=0, acting=home)
    seven = WorkItem.objects.get(pk=item.pk)
    assert seven.due_at == seven.entered_at + dt.timedelta(days=7), "the first follow-up"
    now = move_on(item, home, "follow-up")
    assert now.due_at == end_of_day(far.due_on), "and then the next task, not a day later"
    do_mark_task(near.pk, "open", "not done", expected_entries=1, acting=home)
    assert WorkItem.objects.get(pk=item.pk).due_at == end_of_day(near.due_on)
    assert WorkTimer.objects.filter(item=item, fired_at=None, cancelled_at=None).count() == 1


def test_an_overdue_task_reminds_and_ticking_it_takes_the_alarm_away(w: World) -> None:
    item, home = send_home(w, task_in(1), task_in(20, "patient"))
    task = task_of(item)
    HomeTask.objects.filter(pk=task.pk).update(due_on=timezone.localdate() - dt.timedelta(days=2))
    move_on(item, home, "confirm-home")
    timers.fire_due_timers()
    late = WorkItem.objects.get(pk=item.pk)
    assert late.alarm == 1 and late.due_at < timezone.now()
    do_mark_task(task.pk, "done", "", expected_entries=0, acting=home)
    again = WorkItem.objects.get(pk=item.pk)
    assert again.alarm == 0 and again.due_at > timezone.now()
