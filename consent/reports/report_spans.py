"""TABLE rhythm -> its spans of whole days on the hospitals' clock, and how long their files are
kept. Pure.
"""

import datetime as dt

from consent.audit.day_span import DaySpan
from consent.models import AuditReport

R = AuditReport.Rhythm
MONTHS = {R.MONTHLY: 1, R.QUARTERLY: 3, R.HALF_YEARLY: 6}
# days that a file is kept: until the one after next is there, so that two can be held together
KEPT_DAYS = {R.WEEKLY: 35, R.MONTHLY: 100, R.QUARTERLY: 200, R.HALF_YEARLY: 400}
MOST_SPANS = 6  # that are caught up with at once


def first_day_of(day: dt.date, rhythm: str) -> dt.date:
    """Of the span in which the day lies: weeks begin on Mondays, quarters with the year."""
    if rhythm == R.WEEKLY:
        return day - dt.timedelta(days=day.weekday())
    months = MONTHS[R(rhythm)]
    return dt.date(day.year, (day.month - 1) // months * months + 1, 1)


def span_before(day: dt.date, rhythm: str) -> DaySpan:
    """The last span that is over on the day."""
    last = first_day_of(day, rhythm) - dt.timedelta(days=1)
    return DaySpan(first_day_of(last, rhythm), last)


def spans_due(today: dt.date, set_on: dt.date, rhythm: str) -> list[DaySpan]:
    """The spans that are over today, from the one that was over when the report was set up; of more
    than are caught up with the newest.
    """
    out = [span_before(today, rhythm)]
    while len(out) < MOST_SPANS and out[-1].last >= set_on:
        out.append(span_before(out[-1].first, rhythm))
    return out[::-1]
