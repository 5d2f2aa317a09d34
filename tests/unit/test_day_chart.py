"""Days as bars: one for each day with something, within the paper, and lines for what is usual."""

import datetime as dt

import pytest

from consent.audit.day_span import DaySpan, span_until
from consent.web.day_chart import HEIGHT, WIDTH, draw_days, value_step

DAY = dt.date(2026, 3, 1)


@pytest.mark.parametrize(("most", "step"), [(1, 1), (4, 1), (5, 2), (9, 5), (40, 10), (81, 50)])
def test_four_ticks_reach_the_highest_value(most: int, step: int) -> None:
    assert value_step(most) == step


def test_each_day_with_something_has_a_bar_within_the_paper() -> None:
    span = span_until(DAY)
    counts = {DAY: 7, DAY - dt.timedelta(days=89): 61, DAY - dt.timedelta(days=90): 5}
    chart = draw_days(counts, span, (7.5, None), {DAY})
    assert [(b.day, b.count, b.marked) for b in chart.bars] == [
        (DAY - dt.timedelta(days=89), 61, False),
        (DAY, 7, True),
    ], "the day before the span is none of it"
    for b in chart.bars:
        assert min(b.x, b.y) >= 0 and b.x + b.width <= WIDTH and b.y + b.height <= HEIGHT
    assert chart.bars[0].height > chart.bars[1].height > 0
    assert len(chart.levels) == 1 and chart.values[0].text == "0"
    assert len(draw_days({}, DaySpan(DAY, DAY)).dates) == 1, "nothing at all, of one day"
