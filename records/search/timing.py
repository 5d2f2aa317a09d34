"""Periods and Timings as ranges of instants. Of a Timing only the outer limits matter: from the first of its events and bounds to the last (FHIR R4
search.html#date)."""

import datetime as dt
from typing import Any

from alliance.config.dates import HIGH, LOW, Range, bounded, span

# UCUM units of time, in seconds (UCUM 42)
SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "wk": 604800.0, "mo": 2629800.0, "a": 31557600.0}


def period(value: dict[str, Any]) -> Range:
    """Open at the end that is not said. Raises ValueError."""
    low = span(value["start"])[0] if isinstance(value.get("start"), str) else LOW
    high = span(value["end"])[1] if isinstance(value.get("end"), str) else HIGH
    return bounded((low, high))


def ranges_of_timing(value: dict[str, Any]) -> list[Range]:
    """One range, or none where nothing says a time: a length alone has no place. Raises ValueError."""
    repeat = value.get("repeat") or {}
    found = [bounded(span(e)) for e in value.get("event") or () if isinstance(e, str)]
    bounds = repeat.get("boundsPeriod") or {}
    if "start" in bounds or "end" in bounds:
        found.append(period(bounds))
    if not found:
        return []
    low, high = min(r[0] for r in found), max(r[1] for r in found)
    return [bounded((low, max(high, ended(low, repeat))))]


def ended(start: dt.datetime, repeat: dict[str, Any]) -> dt.datetime:
    """When what began then is over by its boundsDuration, or the longest of its boundsRange; the beginning itself where neither is said."""
    length = repeat.get("boundsDuration") or (repeat.get("boundsRange") or {}).get("high") or {}
    amount, unit = length.get("value"), SECONDS.get(str(length.get("code") or length.get("unit")))
    if not isinstance(amount, int | float) or unit is None:
        return start
    try:
        return start + dt.timedelta(seconds=amount * unit) if length.get("comparator") not in (">", ">=") else HIGH
    except OverflowError:
        return HIGH
