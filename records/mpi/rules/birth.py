"""Birth dates as they are compared: typing faults by their place, lunar days, first-of-January estimates. Pure."""

import datetime as dt
import re

from records.mpi.rules import lunar


def parse(text: str) -> dt.date | None:
    """None for what is no whole, possible date."""
    m = re.fullmatch(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})", text.strip()[:10])
    try:
        return dt.date(*map(int, m.groups())) if m else None
    except ValueError:
        return None


def level(a: dt.date | None, b: dt.date | None) -> str:
    """"" where one says nothing; estimated: both name the year, one of them no more than that."""
    if a is None or b is None:
        return ""
    if a == b:
        return "same"
    if a.year == b.year and ((a.month, a.day) == (1, 1) or (b.month, b.day) == (1, 1)):
        return "estimated"
    if a.year == b.year and (a.month, a.day) == (b.day, b.month):
        return "swapped"
    same = (a.year == b.year, a.month == b.month, a.day == b.day)
    if same == (True, True, False):
        return "day"
    gap = abs((a - b).days)
    if 17 <= gap <= 52:
        early, late = sorted((a, b))
        return "lunar" if late in lunar.solar(early.year, early.month, early.day) else "lunar_like" if a.day != b.day or a.year != b.year else "month"
    if sum(same) == 2:
        return "month" if same[0] else "year" if near_year(a.year, b.year) else "differ"
    return "differ"


def near_year(a: int, b: int) -> bool:
    """One digit mistyped, or one year off."""
    return abs(a - b) == 1 or sum(x != y for x, y in zip(str(a), str(b), strict=True)) == 1
