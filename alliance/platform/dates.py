"""FHIR dates and periods as half-open ranges of instants (FHIR R4 search.html#date), and
instants on the hospitals' clock.
"""

import datetime as dt
import re
from zoneinfo import ZoneInfo

FORM = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
EARLIEST_INSTANT = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
LATEST_INSTANT = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)
END = dt.datetime.max.replace(
    tzinfo=dt.UTC
)  # of the year 9999, which some systems send for "for ever"
INSTANT = dt.timedelta(microseconds=1)
HOSPITAL_ZONE = ZoneInfo(
    "Asia/Shanghai"
)  # the hospitals' clock: whatever is shown to people is in it
CHINA = dt.timezone(dt.timedelta(hours=8))  # a date without a zone is a day of the hospital's clock

TimeRange = tuple[dt.datetime, dt.datetime]


def parse_date_range(text: str) -> TimeRange:
    """[from, to) of a date of any precision. Raises ValueError on what is no date."""
    m = FORM.fullmatch(text)
    if not m:
        raise ValueError(
            f"{text!r} is not a FHIR date: write 2026, 2026-01, 2026-01-31 or"
            " 2026-01-31T08:30:00+08:00"
        )
    year, month, day, hour, minute, second, fraction, zone = m.groups()
    tz = CHINA if zone is None else dt.UTC if zone == "Z" else dt.timezone(parse_utc_offset(zone))
    low = dt.datetime(
        int(year),
        int(month or 1),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        min(int(second or 0), 59),
        int((fraction or "0").ljust(6, "0")[:6]),
        tzinfo=tz,
    )
    if fraction:
        step = dt.timedelta(microseconds=10 ** max(0, 6 - len(fraction)))
    elif second:
        step = dt.timedelta(seconds=1)
    elif minute:
        step = dt.timedelta(minutes=1)
    elif day:
        step = dt.timedelta(days=1)
    else:
        following = (
            (low.year + (low.month == 12), low.month % 12 + 1) if month else (low.year + 1, 1)
        )
        return clamp_to_utc(low), (
            clamp_to_utc(low.replace(year=following[0], month=following[1]))
            if following[0] < 10_000
            else END
        )
    try:
        return clamp_to_utc(low), clamp_to_utc(low + step)
    except OverflowError:
        return clamp_to_utc(low), END


def clamp_range(range_: TimeRange) -> TimeRange:
    """The same between LOW and HIGH, and never empty: what lies beyond them is the last instant
    before them.
    """
    low = min(max(range_[0], EARLIEST_INSTANT), LATEST_INSTANT - INSTANT)
    return low, min(max(range_[1], low + INSTANT), LATEST_INSTANT)


def parse_utc_offset(zone: str) -> dt.timedelta:
    sign = -1 if zone[0] == "-" else 1
    return sign * dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))


def clamp_to_utc(value: dt.datetime) -> dt.datetime:
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:
        return EARLIEST_INSTANT if value.year <= 1 else LATEST_INSTANT


def to_hospital_time(at: dt.datetime) -> dt.datetime:
    """On the hospitals' clock, which before 1901 is taken to have stood as today (Shanghai's own
    then ran 5 min 43 s ahead). The last hours of the year 9999, which some systems send for "for
    ever", stay where they are.
    """
    try:
        return at.astimezone(HOSPITAL_ZONE if at.year > 1901 else CHINA)
    except OverflowError:
        return at


def format_day_range(starts: dt.datetime, ends: dt.datetime) -> tuple[str, str]:
    """(first day, last day) of a half-open range of instants, as whoever chose the days reads
    them: [1st 00:00, 3rd 00:00) is the 1st and the 2nd. A bound that is no midnight keeps its time;
    one that is open is "".
    """
    return (format_bound(to_hospital_time(starts)) if starts > EARLIEST_INSTANT else ""), (
        format_bound(to_hospital_time(ends), exclusive=True) if ends < LATEST_INSTANT else ""
    )


def format_bound(at: dt.datetime, exclusive: bool = False) -> str:
    if at.time() != dt.time():
        return f"{at:%Y-%m-%d %H:%M}"
    return f"{at - dt.timedelta(days=1) if exclusive else at:%Y-%m-%d}"


def format_last_day(ends: dt.datetime | None) -> str:
    """The last day, or the moment of it, on which something holds that ends at this instant:
    "until" as people mean it. "" where it does not end.
    """
    return format_day_range(EARLIEST_INSTANT, ends)[1] if ends else ""


def format_local_time(text: str) -> str:
    """An ISO time of our own for a file that people read: on the hospitals' clock, with its
    offset (2026-11-21T07:30:00.123456+08:00).
    """
    return to_hospital_time(dt.datetime.fromisoformat(text)).isoformat() if text else ""
