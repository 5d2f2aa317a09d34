"""The Chinese lunar calendar, 1900 to 2100: elders state lunar birthdays, and clerks type them
as they are said. Pure.

TABLE lunar_years.json, year: [month and day of its first day, leap month or 0, length of each
month: 0 for 29 days, 1 for 30]; facts of GB/T 33661-2017, generated with the package lunar_python
and checked against the next year's first day.
"""

import datetime as dt
import json
from functools import cache
from pathlib import Path


@cache
def lunar_years() -> dict[int, tuple[dt.date, int, str]]:
    rows = json.loads((Path(__file__).parent / "lunar_years.json").read_text())
    return {
        int(y): (dt.date(int(y), int(first[:2]), int(first[2:])), leap, lengths)
        for y, (first, leap, lengths) in rows.items()
    }


def solar_dates(year: int, month: int, day: int) -> list[dt.date]:
    """The days that this lunar date may be: one, two where the month is doubled, none where
    there is no such day.
    """
    if year not in lunar_years() or not 1 <= month <= 12:
        return []
    first, leap, lengths = lunar_years()[year]
    regular = month - 1 + (1 if leap and month > leap else 0)
    places = [regular, month] if month == leap else [regular]
    return [
        first + dt.timedelta(days=sum(29 + int(n) for n in lengths[:place]) + day - 1)
        for place in places
        if 1 <= day <= 29 + int(lengths[place])
    ]
