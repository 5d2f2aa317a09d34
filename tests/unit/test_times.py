"""Every time that is shown is on the hospital's clock, as coarse as it was sent, and in the
order of the instants.
"""

import datetime as dt

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from alliance.platform.dates import (
    HOSPITAL_ZONE,
    format_day_range,
    format_last_day,
    format_local_time,
    parse_date_range,
)
from consent.audit.export_columns import ALL_HEADINGS, HEADINGS, line_cells
from consent.audit.line_names import LineNames
from records.meaning.times import moment_of_element, parse_moment, say_period, shown_day, shown_time


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2026", "2026"),
        ("2026-11", "2026-11"),
        ("2026-11-21", "2026-11-21"),
        ("2026-11-20T23:30:00Z", "2026-11-21 07:30"),
        ("2026-11-20T23:30:00+00:00", "2026-11-21 07:30"),
        ("2026-11-20T23:30:00-00:00", "2026-11-21 07:30"),
        ("2026-11-20T23:30:00+08:00", "2026-11-20 23:30"),
        ("2026-11-20T23:30:00.123456789-05:00", "2026-11-21 12:30"),
        ("2026-12-31T16:00:00Z", "2027-01-01 00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01 07:59"),
        ("2026-11-21T13:30:00+14:00", "2026-11-21 07:30"),
        ("2026-11-21T08:30", "2026-11-21 08:30"),
        ("1988-07-01T00:30:00+09:00", "1988-07-01 00:30"),  # summer time of those years
        ("9999-12-31T23:59:59Z", "9999-12-31 23:59"),
        ("0999-05-01T00:00:00+08:00", "0999-05-01 00:00"),
        ("1900-01-01T00:00:00+08:00", "1900-01-01 00:00"),
        ("neulich", "neulich"),
        ("", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_a_time_as_shown(sent: object, shown: str) -> None:
    assert shown_time(sent) == shown


def test_what_was_sent_stays_beside_what_is_shown() -> None:
    assert parse_moment("2026-11-20T23:30:00Z").sent == "2026-11-20T23:30:00Z"
    assert parse_moment("2026-11").sent == "", "nothing else to see"
    assert shown_day("2026-11-20T23:30:00Z") == "2026-11-21" and shown_day("2026-11") == "2026-11"


def test_periods_and_what_dates_a_resource() -> None:
    with override("en"):
        assert (
            say_period({"start": "2026-10-05T16:10:00Z", "end": "2026-10-08T17:00:00Z"})
            == "2026-10-06 00:10 to 2026-10-09 01:00"
        )
        assert (
            say_period({"end": "2026-10"}),
            say_period({"start": "2026"}),
            say_period({}),
            say_period({"start": "2026", "end": "2026"}),
        ) == ("until 2026-10", "since 2026", "", "2026")
    r = {"effectivePeriod": {"end": "2026-10-08T17:00:00Z"}, "issued": "2026-10-09T00:00:00Z"}
    assert (
        moment_of_element(r, "effectiveDateTime", "effectivePeriod", "issued").shown
        == "– 2026-10-09 01:00"
    )
    assert (
        moment_of_element(
            {"effectiveTiming": {"event": ["2026-10-06", "2026-10-05T23:00:00Z"]}},
            "effectiveTiming",
        ).shown
        == "2026-10-06"
    ), "the earlier instant: that day begins before 07:00"
    assert (
        moment_of_element(
            {"effectiveTiming": {"repeat": {"boundsPeriod": {"start": "2026-10"}}}},
            "effectiveTiming",
        ).shown
        == "2026-10"
    )
    both = {"event": ["2026-10-06", None], "repeat": {"boundsPeriod": {"start": "2026-10-02"}}}
    assert moment_of_element({"effectiveTiming": both}, "effectiveTiming").shown == "2026-10-02", (
        "a Timing begins with the first of its events and bounds"
    )
    assert moment_of_element({"effectivePeriod": {}}, "effectivePeriod", "issued").shown == ""


def test_days_that_somebody_chose() -> None:
    assert format_day_range(
        parse_date_range("2026-12-01")[0], parse_date_range("2027-01-31")[1]
    ) == ("2026-12-01", "2027-01-31")
    assert format_day_range(
        parse_date_range("2026-12-01T08:00:00+08:00")[0], parse_date_range("9999-12-30")[0]
    ) == ("2026-12-01 08:00", "9999-12-29")
    assert (
        format_last_day(parse_date_range("2029-12-31")[1]) == "2029-12-31"
        and format_last_day(parse_date_range("2029-12-31T12:00:00+08:00")[0]) == "2029-12-31 12:00"
        and format_last_day(None) == ""
    )
    assert format_local_time("2026-11-20T23:30:00.123456Z") == "2026-11-21T07:30:00.123456+08:00"


instants = st.builds(
    lambda at, minutes: at.replace(tzinfo=dt.timezone(dt.timedelta(minutes=minutes))),
    st.datetimes(dt.datetime(1930, 1, 1), dt.datetime(2100, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
)


@given(instants, instants)
def test_the_order_of_what_is_shown_is_the_order_of_the_instants(
    one: dt.datetime, two: dt.datetime
) -> None:
    """Whatever the offsets; outside the hours that summer time once repeated."""
    a, b = (
        parse_moment(one.isoformat(timespec="milliseconds")),
        parse_moment(two.isoformat(timespec="milliseconds")),
    )
    assert (
        a.starts
        and b.starts
        and (a.starts < b.starts)
        == (
            one.replace(microsecond=one.microsecond // 1000 * 1000)
            < two.replace(microsecond=two.microsecond // 1000 * 1000)
        )
    )
    if not any(1940 < x.year < 1992 for x in (one, two)):
        assert (a.shown < b.shown) <= (a.starts < b.starts)
    assert a.shown == f"{one.astimezone(HOSPITAL_ZONE):%Y-%m-%d %H:%M}" and a.sent


def test_files_for_people_have_local_times_with_their_offset() -> None:
    line = {name: "x" for name in HEADINGS} | {"recorded": "2026-11-20T23:30:00.000001Z"}
    line |= {"person": None, "refs": [], "id": 1}
    cells = dict(zip(ALL_HEADINGS, line_cells(line, LineNames()), strict=True))
    assert cells["本地时间 Time (UTC+08:00)"] == "2026-11-21T07:30:00.000001+08:00"
    assert cells["时间 recorded (UTC)"] == line["recorded"], "as it was sealed"
    assert cells["事件 code"] == "x"
