"""Birth dates as they are compared: typing faults by their place, lunar days; and dates that
stand for "not known". Pure.
"""

import datetime as dt
import re

from records.mpi.matching.rules import lunar

EARLIEST_YEAR = 1900  # nobody alive is older
FORM_DEFAULTS = frozenset(
    {(1949, 10, 1)}
)  # beside any first of January: what forms are filled with
WHOLE_DATE = re.compile(r"(\d{4})(?:\D(\d{1,2})\D(\d{1,2})|(\d\d)(\d\d))", re.ASCII)
MIN_SHARED_DATE = 20  # people of one birth date in a hospital's register: fewer prove nothing
HABIT_FACTOR = 10  # so many times more people than another day of its month has
DAYS_OF_MONTH = 30  # others of a month, about
MONTH_COUNT_FACTOR = (
    DAYS_OF_MONTH // HABIT_FACTOR + 1
)  # times as many in the month as on the day: so many prove nothing, and more prove no more
GENERATION_YEARS = 13  # years between a parent and a child, at least
ADULT_YEARS = 18  # years: Civil Code, article 17
NEWBORN_DAYS = (
    400  # days after birth in which a date is no habit: a maternity ward registers many of one day
)


def parse_birth_date(text: str) -> dt.date | None:
    """None for what is no whole, possible date: a year alone, or a year and a month, name no
    day. With both separators, or of exactly eight digits.
    """
    m = WHOLE_DATE.fullmatch(text.strip()[:10])
    try:
        return dt.date(*(int(part) for part in m.groups() if part)) if m else None
    except ValueError:
        return None


def is_informative_date(date: dt.date, registered: dt.date | None = None) -> bool:
    """Whether a birth date says anything: a first of January, one before 1900 or after the day
    on which it was written down, stands for one that nobody knew.
    """
    if (
        (date.month, date.day) == (1, 1)
        or (date.year, date.month, date.day) in FORM_DEFAULTS
        or date.year <= EARLIEST_YEAR
    ):
        return False
    return date <= registered if registered else date.year < 2100


def is_minor(born: dt.date, day: dt.date) -> bool:
    """Whether somebody is under age on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day)) < ADULT_YEARS


def is_placeholder_date(day: int, month: int) -> bool:
    """Whether a register holds a date far too often to mean it: of `month` people who were born
    in its month so many on this `day`.
    """
    return day >= MIN_SHARED_DATE and day * DAYS_OF_MONTH > HABIT_FACTOR * max(0, month - day)


def birth_date_level(a: dt.date | None, b: dt.date | None) -> str:
    """ "" where one says nothing; estimated: both name the year, one of them no more than that;
    generation: but for one digit of the year the same, as a parent's and a child's of one name may
    be.
    """
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
        return (
            "lunar"
            if late in lunar.solar_dates(early.year, early.month, early.day)
            else "lunar_like"
            if a.day != b.day or a.year != b.year
            else "month"
        )
    if sum(same) == 2:
        return (
            "month"
            if same[0]
            else (
                "differ"
                if not is_near_year(a.year, b.year)
                else "generation"
                if abs(a.year - b.year) >= GENERATION_YEARS
                else "year"
            )
        )
    return "differ"


def is_near_year(a: int, b: int) -> bool:
    """One digit mistyped, or one year off."""
    return abs(a - b) == 1 or sum(x != y for x, y in zip(str(a), str(b), strict=True)) == 1
