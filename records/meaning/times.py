"""FHIR dates and times as people at the hospital read them: on the hospital's clock, as coarse
as they were sent, ordered by the instant (FHIR R4 datatypes.html#dateTime). The one place that
turns a date or time of a record into words of a page, print, summary or export.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from alliance.platform.dates import LATEST_INSTANT, parse_date_range, to_hospital_time
from alliance.platform.remembering import remember_short


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or time of a record. shown: on the hospital's clock, "2026", "2026-11",
    "2026-11-21" or "2026-11-21 07:30"; sent: as it was sent, "" where it reads as shown; starts,
    ends: [from, to) in UTC, for order; None where nothing was sent that is a date.
    """

    shown: str = ""
    sent: str = ""
    starts: dt.datetime | None = None
    ends: dt.datetime | None = None

    @property
    def day(self) -> str:
        """Without the time of day."""
        return self.shown.partition(" ")[0] if self.shown[:1] != "–" else self.shown


NEVER = Moment()


@remember_short
def parse_moment(value: str) -> Moment:
    """One FHIR date, dateTime or instant; what is none is shown as it was sent, and has no place
    in time.
    """
    try:
        starts, ends = parse_date_range(value)
    except ValueError:
        return Moment(value)
    if "T" not in value:
        return Moment(value, "", starts, ends)
    return Moment(f"{to_hospital_time(starts):%Y-%m-%d %H:%M}".zfill(16), value, starts, ends)


def moment_of_period(value: dict[str, Any]) -> Moment:
    """A Period: its start, or "– end" where only its end is known; it ends where the end does."""
    start, end = (
        parse_moment(str(value.get("start") or "")),
        parse_moment(str(value.get("end") or "")),
    )
    if start.shown:
        return Moment(
            start.shown, period_as_sent(value), start.starts, end.ends if end.shown else start.ends
        )
    return (
        Moment(f"– {end.shown}", period_as_sent(value), end.starts, end.ends)
        if end.shown
        else NEVER
    )


def moment_of_timing(value: dict[str, Any]) -> Moment:
    """The first of its events and of its bounds (records/search/timing_ranges.py finds and
    orders it by the same).
    """
    told = [parse_moment(e) for e in value.get("event") or () if isinstance(e, str)] + [
        moment_of_period((value.get("repeat") or {}).get("boundsPeriod") or {})
    ]
    return min(
        (m for m in told if m.shown), key=lambda m: m.starts or LATEST_INSTANT, default=NEVER
    )


def moment_of_element(resource: dict[str, Any], *keys: str) -> Moment:
    """The first of the named elements that is there: a date, a time, a Period, or where a Timing
    begins.
    """
    for key in keys:
        value = resource.get(key)
        if isinstance(value, dict):
            found = (
                moment_of_period(value)
                if "start" in value or "end" in value
                else moment_of_timing(value)
            )
        else:
            found = parse_moment(value) if isinstance(value, str) and value else NEVER
        if found.shown:
            return found
    return NEVER


def shown_time(value: Any) -> str:
    """A date or time as shown; "" for None and ""."""
    return parse_moment(value).shown if isinstance(value, str) and value else ""


def shown_day(value: Any) -> str:
    """The day of a date or time on the hospital's clock, or its month or year where no more was
    sent.
    """
    return parse_moment(value).day if isinstance(value, str) and value else ""


def say_period(value: dict[str, Any]) -> str:
    """A Period: since, until, or from one time to another."""
    start, end = shown_time(value.get("start")), shown_time(value.get("end"))
    if start and end:
        return start if start == end else _("%(start)s to %(end)s") % {"start": start, "end": end}
    return _("since %s") % start if start else _("until %s") % end if end else ""


def period_as_sent(value: dict[str, Any]) -> str:
    """The times of a Period that are shown on another clock than they were sent with; "" where
    none is.
    """
    ends = [str(value.get(k) or "") for k in ("start", "end")]
    return " – ".join(ends).strip() if any("T" in e for e in ends) else ""
