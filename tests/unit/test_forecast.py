"""When a disk is full: a straight line that few samples do not pretend to, and that one day's
cleaning or import does not bend.
"""

import datetime as dt

import pytest

from alliance.operations.disk_forecast import (
    FARTHEST_DAYS,
    POINTS,
    FreeSpaceSample,
    forecast_days_until_full,
)

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
GIB = 2**30


def hourly(hours: int, a_day: float, free: float = 100 * GIB) -> list[FreeSpaceSample]:
    """Until now, each an hour apart, `a_day` bytes less each day."""
    return [(NOW - dt.timedelta(hours=h), int(free + a_day * h / 24)) for h in range(hours)]


def test_a_disk_that_fills_steadily() -> None:
    assert forecast_days_until_full(hourly(24 * 30, 5 * GIB), 100 * GIB) == pytest.approx(
        20, rel=0.01
    )
    assert forecast_days_until_full(list(reversed(hourly(60, 5 * GIB))), 50 * GIB) == pytest.approx(
        10, rel=0.01
    ), "by what is free now, in whatever order"


def test_one_that_does_not() -> None:
    assert (
        forecast_days_until_full(hourly(24 * 30, 0), 100 * GIB) == FARTHEST_DAYS
        and forecast_days_until_full(hourly(24 * 30, -GIB), 100 * GIB) == FARTHEST_DAYS
    )
    assert forecast_days_until_full(hourly(24 * 30, 1), 100 * GIB) == FARTHEST_DAYS, (
        "nobody looks so far ahead"
    )


@pytest.mark.parametrize(
    "samples",
    [[], hourly(1, GIB), hourly(2, GIB), hourly(20, GIB), [(NOW, GIB)] * 5, hourly(60, GIB)[::59]],
)
def test_too_little_to_say(samples: list[FreeSpaceSample]) -> None:
    assert forecast_days_until_full(samples, GIB) is None


def test_one_import_or_one_cleaning_does_not_bend_it() -> None:
    steady = hourly(24 * 30, GIB)
    imported = [
        (at, free - 40 * GIB if at > NOW - dt.timedelta(days=2) else free) for at, free in steady
    ]
    cleaned = [
        (at, free + 40 * GIB if at > NOW - dt.timedelta(days=2) else free) for at, free in steady
    ]
    for samples in (imported, cleaned):
        assert forecast_days_until_full(samples, 60 * GIB) == pytest.approx(60, rel=0.15)


def test_many_samples_cost_no_more() -> None:
    assert len(hourly(24 * 60, GIB)) > POINTS and forecast_days_until_full(
        hourly(24 * 60, GIB), 100 * GIB
    ) == pytest.approx(100, rel=0.01)
