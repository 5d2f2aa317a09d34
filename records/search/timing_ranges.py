"""Periods and Timings as ranges of instants. Of a Timing only the outer limits matter: from the
first of its events and bounds to the last (FHIR R4 search.html#date).
"""

import datetime as dt
from typing import Any

from alliance.platform.dates import (
    EARLIEST_INSTANT,
    LATEST_INSTANT,
    TimeRange,
    clamp_range,
    parse_date_range,
)

# UCUM units of time, in seconds (UCUM 42)
SECONDS = {
    "ms": 0.001,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "wk": 604800.0,
    "mo": 2629800.0,
    "a": 31557600.0,
}


def range_of_period(value: dict[str, Any]) -> TimeRange:
    """Open at the end that is not said. Raises ValueError."""
    low = (
        parse_date_range(value["start"])[0]
        if isinstance(value.get("start"), str)
        else EARLIEST_INSTANT
    )
    high = (
        parse_date_range(value["end"])[1] if isinstance(value.get("end"), str) else LATEST_INSTANT
    )
    return clamp_range((low, high))


def ranges_of_timing(value: dict[str, Any]) -> list[TimeRange]:
    """One range, or none where nothing says a time: a length alone has no place. Raises
    ValueError.
    """
    repeat = value.get("repeat") or {}
    ranges = [
        clamp_range(parse_date_range(e)) for e in value.get("event") or () if isinstance(e, str)
    ]
    bounds = repeat.get("boundsPeriod") or {}
    if "start" in bounds or "end" in bounds:
        ranges.append(range_of_period(bounds))
    if not ranges:
        return []
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    return [clamp_range((low, max(high, end_of_length(low, repeat))))]


def end_of_length(start: dt.datetime, repeat: dict[str, Any]) -> dt.datetime:
    """When what began then is over by its boundsDuration, or the longest of its boundsRange; the
    beginning itself where neither is said.
    """
    length = repeat.get("boundsDuration") or (repeat.get("boundsRange") or {}).get("high") or {}
    amount, unit = length.get("value"), SECONDS.get(str(length.get("code") or length.get("unit")))
    if not isinstance(amount, int | float) or unit is None:
        return start
    try:
        return (
            start + dt.timedelta(seconds=amount * unit)
            if length.get("comparator") not in (">", ">=")
            else LATEST_INSTANT
        )
    except OverflowError:
        return LATEST_INSTANT
