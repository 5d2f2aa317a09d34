"""Read HL7's times (YYYY[MM[DD[HH[MM[SS[.S]]]]]][+ZZZZ]), and what Chinese systems send instead
(2026-05-03 08:00:00), as FHIR's dates.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

STAMP = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d+))?)?)?)?)?)?([+-]\d{4})?"
)
SPELLED = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?"
    r"([+-]\d\d:?\d\d|Z)?"
)
FIRST_YEAR, LAST_YEAR = 1800, 2200


class UnreadableTime(ValueError):
    """What was sent is no time."""


@dataclass(frozen=True)
class Stamp:
    """parts: how many of year, month, day, hour, minute, second were sent."""

    moment: dt.datetime
    parts: int

    @property
    def date(self) -> str:
        """As precise as sent: 2026, 2026-05, 2026-05-03."""
        return self.moment.strftime("%Y-%m-%d")[: (4, 7, 10)[min(self.parts, 3) - 1]]

    @property
    def day(self) -> str:
        """YYYY-MM-DD, or "" where no day was sent."""
        return self.date if self.parts >= 3 else ""

    @property
    def date_time(self) -> str:
        """FHIR dateTime; a time has seconds and an offset there."""
        return self.moment.isoformat(timespec="seconds") if self.parts > 3 else self.date

    @property
    def instant(self) -> str:
        """FHIR instant; "" where no time of day was sent."""
        return self.date_time if self.parts > 3 else ""

    @property
    def seconds(self) -> int:
        """Since 1970; never below 0."""
        return max(0, int(self.moment.timestamp()))


def parse_zone(text: str) -> dt.timezone:
    """ "+08:00", "+0800" or "Z"."""
    text = text.strip().replace(":", "")
    if text in ("Z", ""):
        return dt.timezone.utc
    if not re.fullmatch(r"[+-]\d{4}", text) or int(text[1:3]) > 14 or int(text[3:]) > 59:
        raise UnreadableTime(text)
    minutes = int(text[1:3]) * 60 + int(text[3:])
    return dt.timezone(dt.timedelta(minutes=minutes if text[0] == "+" else -minutes))


def parse_stamp(text: str, zone: str) -> Stamp | None:
    """zone: of times that name none. None where nothing was sent, or a filler of zeros."""
    text = text.strip()
    if not text or not text.strip("0-/ :.T"):
        return None
    found = STAMP.fullmatch(text.replace(" ", "")) or SPELLED.fullmatch(text)
    if not found:
        raise UnreadableTime(text)
    *digits, offset = found.groups()
    sent = [d for d in digits[:6] if d is not None]
    numbers = [int(d) for d in sent]
    if not FIRST_YEAR <= numbers[0] <= LAST_YEAR:
        raise UnreadableTime(text)
    if len(numbers) == 6 and numbers[5] == 60:
        numbers[5] = 59  # a leap second
    year, month, day, hour, minute, second = numbers + [1, 1, 1, 0, 0, 0][len(numbers) :]
    try:
        moment = dt.datetime(
            year, month, day, hour, minute, second, tzinfo=parse_zone(offset or zone)
        )
    except ValueError as error:
        raise UnreadableTime(text) from error
    return Stamp(moment, len(sent))
