"""A span of whole days on the hospitals' clock, over which the log is counted. Pure."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from alliance.platform.dates import HOSPITAL_ZONE

DEFAULT_DAYS = 90
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class DaySpan:
    """From the first to the last day, both included."""

    first: dt.date
    last: dt.date

    @property
    def start(self) -> dt.datetime:
        return dt.datetime.combine(self.first, dt.time(), HOSPITAL_ZONE)

    @property
    def end(self) -> dt.datetime:
        """The first moment after it."""
        return dt.datetime.combine(self.last + dt.timedelta(days=1), dt.time(), HOSPITAL_ZONE)

    @property
    def days(self) -> list[dt.date]:
        many = (self.last - self.first).days + 1
        return [self.first + dt.timedelta(days=n) for n in range(many)]

    def query(self, **more: str) -> str:
        """The query by which the log shows these days, and whatever else it is to filter by."""
        days = {"start": self.first.isoformat(), "end": self.last.isoformat()}
        return f"?{urlencode(more | days)}"


def span_until(last: dt.date, days: int = DEFAULT_DAYS) -> DaySpan:
    return DaySpan(last - dt.timedelta(days=days - 1), last)
