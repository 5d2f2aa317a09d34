"""Read dates and times as old systems write them, into those of FHIR R4
(datatypes.html#dateTime).
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from .blanks import fold, is_not_said
from .invalid_value import InvalidValue
from .value_rules import DATE, DATE_AMBIGUOUS, ROUNDED

CHINA = "+08:00"
SPLIT = re.compile(
    r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})(?:\s*[-/.月]\s*(?P<d>\d{1,2})\s*日?|月)?"
    r"(?:\s*星期.|\s*周.)?"
    r"(?:[\sT]*(?P<half>上午|下午|中午|晚上|凌晨|[AaPp][Mm])?\s*"
    r"(?P<H>\d{1,2})\s*[:时点]\s*(?:(?P<M>\d{1,2})\s*分?)?(?:\s*[:]?\s*(?P<S>\d{1,2})(?:[.,]\d+)?\s*秒?)?"
    r"\s*(?P<half2>[AaPp][Mm])?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
COMPACT = re.compile(
    r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[T\s]?(?P<H>\d{2}):?(?P<M>\d{2})(?::?(?P<S>\d{2})(?:\.\d+)?)?)?"
)
SERIAL = re.compile(r"[2-6]\d{4}(?:\.\d+)?")  # days since 1899-12-30: 1954 to 2091
DAY_FIRST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{1,4}.*|\d{2}年.*")
NO_DATE = re.compile(  # what databases and spreadsheets write where there is none
    r"0000[-/.]?0?0[-/.]?0?0.*|1900[-/.]0?1[-/.]0?[01](?!\d).*|1899[-/.]12[-/.]3[01].*|0001[-/.]0?1[-/.]0?1.*"
    r"|1753[-/.]0?1[-/.]0?1.*|1900010[01]|0+|0:00(:00)?|00:00(:00)?|9999[-/.]?12[-/.]?31.*"
)
AFTERNOON = frozenset(("下午", "晚上", "pm"))
FIRST_YEAR, LAST_YEAR = 1880, 2100


@lru_cache(maxsize=1 << 14)
def parse_moment(text: str, zone: str = CHINA) -> str:
    """A FHIR dateTime, "" where it says that there is none. A time has its offset. Raises
    InvalidValue.
    """
    folded = fold(text)
    if is_not_said(folded) or NO_DATE.fullmatch(folded):
        return ""
    if SERIAL.fullmatch(folded):
        return from_serial(float(folded), zone)
    m = SPLIT.fullmatch(folded) or COMPACT.fullmatch(folded)
    if m is None:
        if "E+" in folded.upper():
            raise InvalidValue(ROUNDED)
        raise InvalidValue(DATE_AMBIGUOUS if DAY_FIRST.fullmatch(folded) else DATE)
    found = m.groupdict()
    if found["d"] is None:
        month = int(found["m"])
        if found["H"] or not 1 <= month <= 12:
            raise InvalidValue(DATE)
        return f"{found['y']}-{month:02}"
    try:
        day = dt.date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        raise InvalidValue(DATE) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidValue(DATE)
    if found["H"] is None:
        return day.isoformat()
    return with_time(day, found, zone)


def with_time(day: dt.date, found: dict[str, str], zone: str) -> str:
    hour, minute, second = (int(found[x] or 0) for x in "HMS")
    half = (found.get("half") or found.get("half2") or "").lower()
    if half in AFTERNOON and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    if (hour, minute, second) == (24, 0, 0):
        day, hour = day + dt.timedelta(days=1), 0
    if hour > 23 or minute > 59 or second > 59:
        raise InvalidValue(DATE)
    said = found.get("zone") or zone
    said = said if said == "Z" or ":" in said else f"{said[:3]}:{said[3:]}"
    return f"{day.isoformat()}T{hour:02}:{minute:02}:{second:02}{said}"


def from_serial(serial: float, zone: str) -> str:
    moment = dt.datetime(1899, 12, 30) + dt.timedelta(days=serial, milliseconds=500)
    if serial == int(serial):
        return moment.date().isoformat()
    return f"{moment.date().isoformat()}T{moment.strftime('%H:%M:%S')}{zone}"


def parse_date(text: str) -> str:
    """A FHIR date: the day alone."""
    return parse_moment(text)[:10]


def shown_moment(moment: str, zone: str = CHINA) -> str:
    """As a row has it: 2026-01-02 14:05:00; the offset only where it is not the usual one."""
    day, _, time = moment.partition("T")
    if not time:
        return day
    if not time.endswith(zone):
        return f"{day} {time}"
    clock = time[: -len(zone)]
    return f"{day} {clock[:-3]}" if clock.endswith(":00") else f"{day} {clock}"
