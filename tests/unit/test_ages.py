"""Ages as a hospital says them: never negative, never more exact than the birth date, of the
dead at their death.
"""

import datetime as dt
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from alliance.platform.dates import HOSPITAL_ZONE
from records.meaning.ages import Age, AgeUnit, age_at, age_of_patient
from records.web.age_text import describe_age

NOW = dt.datetime(2026, 11, 24, 11, tzinfo=HOSPITAL_ZONE)


@pytest.mark.parametrize(
    ("birth", "age"),
    [
        ("2026-11-24", "born today"),
        ("2026-11-20", "4 d"),
        ("2026-10-25", "30 d"),
        ("2026-10-24", "1 mo"),
        ("2025-11-25", "11 mo"),
        ("2025-11-24", "1 y"),
        ("2023-11-25", "2 y 11 mo"),
        ("2023-11-24", "3 y"),
        ("2021-08-01", "5 y 3 mo"),
        ("2020-05-24", "6 y"),
        ("1958-11-25", "67 y"),
        ("1958-11-24", "68 y"),
        ("1900-01-01", "126 y"),
        ("1958", "about 68 y"),
        ("1958-11", "about 68 y"),
        ("1958-10", "68 y"),
        ("1958-12", "67 y"),
        ("2025-06", "about 17 mo"),
        ("2026", ""),
        ("2026-11", ""),
        ("2026-11-25", "birth date lies ahead"),
        ("2027", "birth date lies ahead"),
        ("2024-02-29", "2 y 8 mo"),
        ("", ""),
        ("1958-13-01", ""),
        ("unbekannt", ""),
    ],
)
def test_of_the_living(birth: str, age: str) -> None:
    with override("en"):
        assert describe_age(age_of_patient({"birthDate": birth}, NOW)) == age


@pytest.mark.parametrize(
    ("patient", "age"),
    [
        ({"birthDate": "1940-02-03", "deceasedDateTime": "2026-02-02T15:59:00Z"}, "85 y"),
        ({"birthDate": "1940-02-03", "deceasedDateTime": "2026-02-02T16:00:00Z"}, "86 y"),
        ({"birthDate": "1924-06-16", "deceasedDateTime": "2008"}, "about 84 y"),
        ({"birthDate": "1924-06-16", "deceasedBoolean": True}, ""),
        ({"birthDate": "1924-06-16", "deceasedBoolean": False}, "102 y"),
        ({"birthDate": "2020-01-01", "deceasedDateTime": "2019-01-01"}, ""),
        ({"birthDate": "2026-11-20", "deceasedDateTime": "2026-11-21"}, "1 d"),
        ({}, ""),
        ({"deceasedBoolean": True}, ""),
    ],
)
def test_of_the_dead_at_their_death(patient: dict[str, Any], age: str) -> None:
    with override("en"):
        assert describe_age(age_of_patient(patient, NOW)) == age


def test_hours_where_the_time_of_birth_is_known() -> None:
    def born(at: str) -> dict[str, Any]:
        return {
            "birthDate": "2026-11-23",
            "_birthDate": {
                "extension": [
                    {
                        "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                        "valueDateTime": at,
                    }
                ]
            },
        }

    assert age_of_patient(born("2026-11-23T10:30:00+08:00"), NOW) == Age(24, AgeUnit.HOURS)
    assert age_of_patient(born("2026-11-23T02:30:00Z"), NOW) == Age(24, AgeUnit.HOURS)
    assert age_of_patient(born("2026-11-20T10:30:00+08:00"), NOW) == Age(1, AgeUnit.DAYS), (
        "above 72 hours, by the date"
    )
    assert age_of_patient(born("2026-11-23"), NOW) == Age(1, AgeUnit.DAYS)


def test_born_on_the_29th_of_february() -> None:
    assert age_at("2024-02-29", "2025-02-28") == Age(11, AgeUnit.MONTHS) and age_at(
        "2024-02-29", "2025-03-01"
    ) == Age(1, AgeUnit.YEARS)
    assert age_at("2024-02-29", "2028-02-29") == Age(4, AgeUnit.YEARS)


@given(
    st.dates(dt.date(1890, 1, 1), dt.date(2030, 1, 1)),
    st.dates(dt.date(1890, 1, 1), dt.date(2030, 1, 1)),
    st.sampled_from([4, 7, 10]),
)
def test_an_age_is_never_negative_nor_more_than_the_years_between(
    birth: dt.date, day: dt.date, precision: int
) -> None:
    age = age_at(birth.isoformat()[:precision], day.isoformat())
    if age is None or age.unit is AgeUnit.UNBORN:
        assert day < birth or precision < 10
    else:
        years = {AgeUnit.YEARS: age.number, AgeUnit.MONTHS: age.number // 12}.get(age.unit, 0)
        assert 0 <= years <= day.year - birth.year and age.number >= 0 and 0 <= age.months < 12
        assert precision < 10 or not age.about
