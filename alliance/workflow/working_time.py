"""Count by working time: weekends, public holidays and worked weekend days (调休) of China, by the
clock of China, which knows no summer time. Pure.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
DAY = dt.timedelta(days=1)
SATURDAY = 5


def list_days(year: int, *spans: tuple[int, int, int, int]) -> list[dt.date]:
    """spans: month and day of the first, month and day of the last."""
    return [
        dt.date(year, month, day) + n * DAY
        for month, day, last_month, last_day in spans
        for n in range((dt.date(year, last_month, last_day) - dt.date(year, month, day)).days + 1)
    ]


# TABLE of the days that differ from the week, as the State Council has announced them for a year
# (国务院办公厅关于节假日安排的通知).
ANNOUNCED: dict[dt.date, bool] = {
    d: False
    for d in list_days(
        2026,
        (1, 1, 1, 3),
        (2, 15, 2, 23),
        (4, 4, 4, 6),
        (5, 1, 5, 5),
        (6, 19, 6, 21),
        (9, 25, 9, 27),
        (10, 1, 10, 7),
    )
} | {
    d: True
    for d in list_days(
        2026,
        (1, 4, 1, 4),
        (2, 14, 2, 14),
        (2, 28, 2, 28),
        (5, 9, 5, 9),
        (9, 20, 9, 20),
        (10, 10, 10, 10),
    )
}


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """opens, closes: of a working day, in minutes of the day; days: those that differ from the
    week, and whether they are worked.
    """

    opens: int = 8 * 60
    closes: int = 17 * 60 + 30
    days: Mapping[dt.date, bool] = field(default_factory=lambda: ANNOUNCED)

    def works(self, day: dt.date) -> bool:
        return self.days.get(day, day.weekday() < SATURDAY)

    def next_working_day(self, day: dt.date) -> dt.date:
        """The first after this one. Every week has one, unless each of its days is a holiday."""
        later = day + DAY
        while not self.works(later):
            later += DAY
        return later

    def at(self, day: dt.date, minutes: int) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(), CHINA) + dt.timedelta(minutes=minutes)

    def enter(self, moment: dt.datetime) -> dt.datetime:
        """This moment where it is worked, else when work begins next."""
        local = moment.astimezone(CHINA)
        day = local.date()
        if self.works(day) and local < self.at(day, self.closes):
            return max(local, self.at(day, self.opens))
        return self.at(self.next_working_day(day), self.opens)

    def add_hours(self, moment: dt.datetime, hours: int) -> dt.datetime:
        """After so many hours of work."""
        now, left = self.enter(moment), dt.timedelta(hours=hours)
        while left > (rest := self.at(now.date(), self.closes) - now):
            left -= rest
            now = self.at(self.next_working_day(now.date()), self.opens)
        return now + left

    def add_days(self, moment: dt.datetime, days: int) -> dt.datetime:
        """At the same time of day so many working days later."""
        now = self.enter(moment)
        day = now.date()
        for _ in range(days):
            day = self.next_working_day(day)
        return dt.datetime.combine(day, now.timetz())
