"""Which birth dates a hospital writes down where it knows none: counted for all that are asked
at once, and no further than it matters.
"""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alliance.models import Hospital
from records.models import Person, SourcePatient
from records.mpi.index import placeholder_dates
from records.mpi.index.placeholder_dates import find_placeholder_dates
from tests.factories import alliance


def registered(at: Hospital, born: str, names: list[str]) -> None:
    """Rows of the index alone, as many as there are names."""
    ids = [uuid.uuid4() for _ in names]
    Person.objects.bulk_create([Person(id=i) for i in ids])
    SourcePatient.objects.bulk_create(
        [
            SourcePatient(
                hospital=at,
                fhir_id=str(i),
                home=i,
                person_id=i,
                registered=True,
                name=name,
                birth_date=born,
            )
            for i, name in zip(ids, names, strict=True)
        ]
    )


def people(many: int, first: int = 0) -> list[str]:
    return [f"habit {n}" for n in range(first, first + many)]


@pytest.fixture
def at(world: None) -> Hospital:
    return alliance.make_hospital("habits")


def test_a_habit_stands_out_of_its_month_and_one_person_makes_none(at: Hospital) -> None:
    registered(at, "1966-06-06", people(30))
    registered(at, "1966-06-07", people(1))
    registered(at, "1966-06", people(50))
    registered(at, "1967-06-06", ["habit 1"] * 30)
    registered(at, "1968-06-06", people(19))
    for day in range(1, 31):
        registered(at, f"1969-06-{day:02}", people(20, day * 20))
    asked = {
        (at.pk, born)
        for born in (
            "1966-06-06",
            "1966-06-07",
            "1967-06-06",
            "1968-06-06",
            "1969-06-06",
            "1970-01-01",
            "1966",
            "nonsense",
            "",
        )
    } | {(None, "1966-06-06")}
    assert find_placeholder_dates(asked) == {(at.pk, "1966-06-06")}
    assert find_placeholder_dates({(alliance.make_hospital("habits").pk, "1966-06-06")}) == set(), (
        "another register has other habits"
    )


def test_all_are_asked_at_once_and_names_are_read_of_suspects_alone(at: Hospital) -> None:
    registered(at, "1966-06-06", people(30))
    rare = {(at.pk, f"19{50 + n % 40}-0{2 + n % 8}-1{n % 9}") for n in range(300)}
    for asked, questions in (
        (rare - {(at.pk, "1966-06-06")}, 1),
        (rare | {(at.pk, "1966-06-06")}, 2),
        ({(at.pk, "1970-01-01")}, 0),
    ):
        with CaptureQueriesContext(connection) as seen:
            find_placeholder_dates(asked)
        assert len(seen) == questions


def test_a_date_that_is_held_more_often_than_is_counted(
    at: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is counted no further is compared with what is counted as far: a habit stays one, and
    a large register's true date none.
    """
    monkeypatch.setattr(placeholder_dates, "MAX_COUNTED", 30)
    monkeypatch.setattr(placeholder_dates, "NAME_SAMPLE", 10)
    registered(at, "1966-06-06", people(60))
    for day in range(7, 12):
        registered(at, f"1966-06-{day:02}", people(2))
    for day in range(1, 31):
        registered(at, f"1967-06-{day:02}", people(40, day * 40))
    registered(at, "1968-06-06", ["habit 1"] * 60)
    assert find_placeholder_dates({(at.pk, f"196{y}-06-06") for y in (6, 7, 8)}) == {
        (at.pk, "1966-06-06")
    }
