"""FHIR dates and periods as half-open ranges of instants (FHIR R4 search.html#date)."""

import datetime as dt
import re

FORM = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
LOW = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
HIGH = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)
CHINA = dt.timezone(dt.timedelta(hours=8))  # a date without a zone is a day of the hospital's clock

Range = tuple[dt.datetime, dt.datetime]


def span(text: str) -> Range:
    """[from, to) of a date of any precision. Raises ValueError on what is no date."""
    m = FORM.fullmatch(text)
    if not m:
        raise ValueError(f"{text!r} is not a FHIR date: write 2026, 2026-01, 2026-01-31 or 2026-01-31T08:30:00+08:00")
    year, month, day, hour, minute, second, fraction, zone = m.groups()
    tz = CHINA if zone is None else dt.UTC if zone == "Z" else dt.timezone(offset(zone))
    low = dt.datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), min(int(second or 0), 59),
                      int((fraction or "0").ljust(6, "0")[:6]), tzinfo=tz)
    if fraction:
        step = dt.timedelta(microseconds=10 ** max(0, 6 - len(fraction)))
    elif second:
        step = dt.timedelta(seconds=1)
    elif minute:
        step = dt.timedelta(minutes=1)
    elif day:
        step = dt.timedelta(days=1)
    elif month:
        return clamp(low), clamp(low.replace(year=low.year + (low.month == 12), month=low.month % 12 + 1))
    else:
        return clamp(low), clamp(low.replace(year=min(low.year + 1, 9999)))
    return clamp(low), clamp(low + step if low.year < 9999 else low)


def offset(zone: str) -> dt.timedelta:
    sign = -1 if zone[0] == "-" else 1
    return sign * dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))


def clamp(value: dt.datetime) -> dt.datetime:
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:
        return LOW if value.year <= 1 else HIGH
