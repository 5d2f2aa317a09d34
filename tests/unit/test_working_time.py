"""When something is due: by the clock, or by working time across weekends, the Spring Festival and
worked Saturdays; walked half-hour by half-hour (docs/adr/0092).
"""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from alliance.models import WorkItem
from alliance.workflow.calendar_changes import read_calendar
from alliance.workflow.deadline_bounds import check_span, check_together, longest
from alliance.workflow.deadline_words import say_deadline
from alliance.workflow.deadlines import (
    DEADLINES,
    UNSET,
    Span,
    WorkSettings,
    find_due_time,
    list_default_spans,
)
from alliance.workflow.working_time import CHINA, WorkingTime

TIME = WorkingTime()
HALF_HOURS = [
    dt.datetime(2025, 12, 26, tzinfo=CHINA) + n * dt.timedelta(minutes=30) for n in range(48 * 80)
]  # New Year, the Spring Festival and its worked Saturdays


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.mark.parametrize(
    ("begins", "days", "due"),
    [
        ("2026-03-11 10:00", 1, "2026-03-12 10:00"),  # Wednesday
        ("2026-03-13 10:00", 1, "2026-03-16 10:00"),  # Friday
        ("2026-03-14 10:00", 1, "2026-03-17 08:00"),  # Saturday counts as Monday's beginning
        ("2026-03-13 20:00", 1, "2026-03-17 08:00"),  # likewise what comes after hours
        ("2025-12-31 16:00", 1, "2026-01-04 16:00"),  # a worked Sunday after New Year
        ("2026-02-13 16:00", 1, "2026-02-14 16:00"),  # a worked Saturday
        ("2026-02-14 16:00", 1, "2026-02-24 16:00"),  # nine days of Spring Festival
        ("2026-09-30 09:00", 2, "2026-10-09 09:00"),
    ],
)
def test_working_days(begins: str, days: int, due: str) -> None:
    assert TIME.add_days(at(begins), days) == at(due)


@pytest.mark.parametrize(
    ("begins", "hours", "due"),
    [
        ("2026-03-11 10:00", 2, "2026-03-11 12:00"),
        ("2026-03-11 16:30", 2, "2026-03-12 09:00"),
        ("2026-02-14 17:00", 1, "2026-02-24 08:30"),
        ("2026-02-15 03:00", 19, "2026-02-25 17:30"),
    ],
)
def test_working_hours(begins: str, hours: int, due: str) -> None:
    assert TIME.add_hours(at(begins), hours) == at(due)


def test_nothing_is_due_before_it_begins_and_what_begins_later_is_never_due_earlier() -> None:
    for add, amount in ((TIME.add_days, 1), (TIME.add_days, 3), (TIME.add_hours, 7)):
        due = [add(moment, amount) for moment in HALF_HOURS]
        assert all(d > moment for d, moment in zip(due, HALF_HOURS, strict=True))
        assert due == sorted(due)
        assert all(TIME.works(d.date()) for d in due)
    for moment in HALF_HOURS[::97]:  # the zone in which it is said does not matter
        assert TIME.add_days(moment.astimezone(dt.UTC), 2) == TIME.add_days(moment, 2)


def test_without_settings_all_count_by_the_clock_as_the_table_says() -> None:
    now = at("2026-02-14 16:00")
    for name, by_urgency in DEADLINES.items():
        for urgency, length in by_urgency.items():
            assert find_due_time(name, urgency, now, None, UNSET) == now + length
    later = now + dt.timedelta(days=5)
    assert find_due_time("no-show", "urgent", now, later, UNSET) == later + dt.timedelta(hours=48)


def test_settings_count_and_only_for_their_urgency() -> None:
    now = at("2026-02-14 16:00")
    values = {
        ("accept", "routine"): Span(1, "working-days"),
        ("accept", "urgent"): Span(90, "minutes"),
    }
    settings = WorkSettings(values)
    assert find_due_time("accept", "routine", now, None, settings) == at("2026-02-24 16:00")
    assert find_due_time("accept", "urgent", now, None, settings) == at("2026-02-14 17:30")
    assert find_due_time("accept", "emergency", now, None, settings) == at("2026-02-14 16:30")


def test_the_tables_own_values_are_within_their_bounds() -> None:
    for (name, urgency), span in list_default_spans().items():
        check_span(name, urgency, span)
        assert span.nominal <= longest(name, urgency)
    check_together({})


@pytest.mark.parametrize(
    ("name", "urgency", "span"),
    [
        ("accept", "emergency", Span(1, "working-days")),  # an emergency waits for no office
        ("accept", "urgent", Span(3, "days")),
        ("accept", "routine", Span(4, "minutes")),
        ("follow-up", "routine", Span(91, "days")),
        ("else", "routine", Span(1, "days")),
        ("accept", "", Span(1, "days")),
        ("accept", "routine", Span(600, "moment")),
        ("rights-after-end", "", Span(181, "days")),
        ("rights-after-end", "", Span(1, "hours")),
        ("office-opens", "", Span(-1, "moment")),
    ],
)
def test_what_is_beyond_the_bounds_is_refused(name: str, urgency: str, span: Span) -> None:
    with pytest.raises(ValidationError):
        check_span(name, urgency, span)


def test_values_that_do_not_go_together_are_refused() -> None:
    for values in (
        {("accept", "emergency"): Span(3, "hours")},  # longer than urgent
        {("accept", "routine"): Span(3, "days")},  # the alliance's office would be told first
        {("office-closes", ""): Span(9 * 60, "moment")},
    ):
        with pytest.raises(ValidationError):
            check_together(values)
    check_together({("accept", "routine"): Span(1, "working-days")})


def test_a_calendar_is_read_from_lines_as_it_is_announced() -> None:
    days = read_calendar("2031-01-22 ~ 2031-01-24 休 春节\n\n2031-02-01 班\n2031-01-24 班 其他\n")
    assert [(x.day.isoformat(), x.works, x.name) for x in days] == [
        ("2031-01-22", False, "春节"),
        ("2031-01-23", False, "春节"),
        ("2031-01-24", True, "其他"),
        ("2031-02-01", True, ""),
    ]
    for wrong in (
        "2031-13-01 休",
        "2031-01-01",
        "2031-01-09 ~ 2031-01-01 休",
        "2031-01-01~2031-03-01 休",
    ):
        with pytest.raises(ValidationError):
            read_calendar(wrong)


def test_all_urgencies_have_each_deadline_and_it_has_words() -> None:
    for name in DEADLINES:
        with translation.override("en"):
            assert " " in say_deadline(name)
        assert all(UNSET.span(name, u.value).amount > 0 for u in WorkItem.Urgency)
