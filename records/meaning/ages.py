"""How old somebody is, as a hospital says it: hours and days of a newborn, months of an infant,
years and months of a small child, years of others.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from alliance.platform.dates import HOSPITAL_ZONE, parse_date_range, to_hospital_time

BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
HOURS_BELOW = 72
YEARS_ALONE_FROM = 6
STEP = dt.timedelta(microseconds=1)


class AgeUnit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"
    UNBORN = "unborn"


@dataclass(frozen=True, slots=True)
class Age:
    """number whole units have passed; months: beyond whole years, of a small child; about: the
    birth date or the day is not known to the day, so that one more or less is as likely.
    """

    number: int
    unit: AgeUnit
    months: int = 0
    about: bool = False


def age_at(birth: str, at: str | dt.datetime, birth_time: str = "") -> Age | None:
    """birth: a FHIR date, also "1958" or "1958-11"; at: a FHIR date or time, or an instant;
    birth_time: a FHIR dateTime where the time of birth is known. None where no age can be said: no
    birth date, no such date, or a day before the birth of which it cannot be said whether it is
    one. Raises nothing.
    """
    try:
        born, moment = (
            parse_date_range(birth),
            (at, at + STEP) if isinstance(at, dt.datetime) else parse_date_range(at),
        )
    except ValueError:
        return None
    if moment[1] <= born[0]:
        return Age(0, AgeUnit.UNBORN)
    if birth_time and (age := age_in_hours(birth_time, at)):
        return age
    least, most = (
        months_between(born[1] - STEP, moment[0]),
        months_between(born[0], moment[1] - STEP),
    )
    if most < 0:
        return None
    exact = len(birth) >= 10 and (isinstance(at, dt.datetime) or len(at) >= 10)
    if exact:
        return age_from_months(most, days_between(born[0], moment[0]))
    if least < 0:
        return None
    if least // 12 == most // 12 and least // 12 >= YEARS_ALONE_FROM:
        return Age(least // 12, AgeUnit.YEARS)
    return (
        Age(most // 12, AgeUnit.YEARS, about=True)
        if most >= 24
        else Age(most, AgeUnit.MONTHS, about=True)
    )


def age_in_hours(birth_time: str, at: str | dt.datetime) -> Age | None:
    """Below HOURS_BELOW, where both are known to the hour."""
    if (isinstance(at, str) and "T" not in at) or "T" not in birth_time:
        return None
    try:
        passed = (
            at if isinstance(at, dt.datetime) else parse_date_range(at)[0]
        ) - parse_date_range(birth_time)[0]
    except ValueError:
        return None
    hours = int(passed.total_seconds() // 3600)
    return Age(hours, AgeUnit.HOURS) if 0 <= hours < HOURS_BELOW else None


def age_from_months(months: int, days: int) -> Age:
    if months < 1:
        return Age(days, AgeUnit.DAYS)
    if months < 12:
        return Age(months, AgeUnit.MONTHS)
    return Age(months // 12, AgeUnit.YEARS, months % 12 if months < 12 * YEARS_ALONE_FROM else 0)


def months_passed(birth: str, at: str) -> tuple[int, int] | None:
    """(least, most) whole months that have passed: alike where both are known to the day; None
    where either is no date, or the birth lies later.
    """
    try:
        born, then = parse_date_range(birth), parse_date_range(at)
    except ValueError:
        return None
    if len(birth) >= 10 and len(at) >= 10:
        exact = months_between(born[0], then[0]) if then[0] >= born[0] else -1
        return (exact, exact) if exact >= 0 else None
    found = months_between(born[1] - STEP, then[0]), months_between(born[0], then[1] - STEP)
    return found if found[0] >= 0 else None


def days_passed(birth: str, at: str) -> int | None:
    """Whole days, where both are known to the day."""
    if len(birth) < 10 or len(at) < 10:
        return None
    try:
        days = days_between(parse_date_range(birth)[0], parse_date_range(at)[0])
    except ValueError:
        return None
    return days if days >= 0 else None


def days_between(birth: dt.datetime, at: dt.datetime) -> int:
    return (to_hospital_time(at).date() - to_hospital_time(birth).date()).days


def months_between(birth: dt.datetime, at: dt.datetime) -> int:
    """Whole months that have passed on the calendar between the days of two instants."""
    born, day = to_hospital_time(birth).date(), to_hospital_time(at).date()
    return 12 * (day.year - born.year) + day.month - born.month - (day.day < born.day)


def birth_time_of_patient(patient: dict[str, Any]) -> str:
    """The extension patient-birthTime of a Patient's birth date, "" where there is none."""
    beside = patient.get("_birthDate")
    found = beside.get("extension") if isinstance(beside, dict) else None
    return next(
        (
            str(e.get("valueDateTime") or "")
            for e in found or []
            if isinstance(e, dict) and e.get("url") == BIRTH_TIME
        ),
        "",
    )


def age_of_patient(patient: dict[str, Any], now: dt.datetime) -> Age | None:
    """Of a Patient: of the living now, of the dead at their death; None of the dead of whom no
    day is known, or one before the birth.
    """
    birth = str(patient.get("birthDate") or "")
    death = patient.get("deceasedDateTime")
    if not birth or (not death and patient.get("deceasedBoolean")):
        return None
    age = age_at(
        birth,
        str(death) if death else now.astimezone(HOSPITAL_ZONE),
        birth_time_of_patient(patient),
    )
    return None if death and age and age.unit is AgeUnit.UNBORN else age
