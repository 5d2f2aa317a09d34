"""Birth dates that stand for "not known" or that a register holds far too often tell nothing."""

import datetime as dt

import pytest

from records.mpi.matching.comparison_levels import compare_profiles
from records.mpi.matching.profile import Demographics, build_profile
from records.mpi.matching.resolution import drop_placeholder_dates
from records.mpi.matching.rules import birth_dates
from tests.support.comparisons import card, person


@pytest.mark.parametrize(
    "text",
    [
        "1900-01-01",
        "1970-01-01",
        "1949-10-01",
        "1985-01-01",
        "0001-01-01",
        "9999-12-31",
        "1899-12-30",
        "1111-11-11",
        "2099-06-07",
    ],
)
def test_dates_that_stand_for_not_known(text: str) -> None:
    date = birth_dates.parse_birth_date(text)
    assert date and not birth_dates.is_informative_date(date, dt.date(2026, 1, 1))
    one, two = (
        build_profile(
            Demographics(name="张桂英", gender="female", birth=b, registered="2026-01-01")
        )
        for b in (text, "1958-03-12")
    )
    assert (
        one.birth is None
        and compare_profiles(one, two).birth == compare_profiles(one, one).birth == ""
    ), "neither agreement nor disagreement"


def test_a_date_that_the_citizen_number_has_too_is_true() -> None:
    carded = build_profile(
        Demographics(
            name="张桂英",
            gender="female",
            birth="1970-01-01",
            number=card("43010419700101104"),
            registered="2026-01-01",
        )
    )
    assert (
        carded.number
        and carded.birth == dt.date(1970, 1, 1) == carded.without_placeholder_date().birth
    )
    assert birth_dates.is_informative_date(dt.date(1970, 1, 2)), "the control"


def test_a_date_that_a_register_holds_far_too_often_tells_nothing() -> None:
    names = [a + b for a in "赵钱孙李周" for b in "安宁静怡欣"]
    habit = [person(f"h{i}", n, "1966-06-06") for i, n in enumerate(names)]
    spread = [
        person(f"s{i}", n, f"1966-{1 + i % 12:02}-{2 + i % 27:02}") for i, n in enumerate(names)
    ]
    assert all(
        p.birth is None for p in drop_placeholder_dates([*habit, *spread]) if p.key[0] == "h"
    ) and all(p.birth for p in drop_placeholder_dates([*habit, *spread]) if p.key[0] == "s")
    assert all(
        p.birth
        for p in drop_placeholder_dates([*habit[: birth_dates.MIN_SHARED_DATE - 1], *spread])
    ), "a few prove nothing"
    assert all(
        p.birth
        for p in drop_placeholder_dates(
            [person(str(i), n, "1966-06-06", f"H{i}") for i, n in enumerate(names)]
        )
    ), "other registers have other habits"
    assert all(
        p.birth
        for p in drop_placeholder_dates([person(str(i), "赵安宁", "1966-06-06") for i in range(40)])
    ), "one who is registered often is one"
    assert birth_dates.is_placeholder_date(30, 119) and not birth_dates.is_placeholder_date(
        30, 120
    ), "tenfold what another day of its month has"


def test_a_newborns_date_is_no_habit_whoever_asks() -> None:
    ward = [
        build_profile(
            Demographics(name=a + b, gender="female", birth="2025-06-06", registered="2025-06-07"),
            a + b,
            "H",
        )
        for a in "赵钱孙李周"
        for b in "安宁静怡欣"
    ]
    assert all(p.birth for p in drop_placeholder_dates(ward)) and all(
        p.without_placeholder_date() is p for p in ward
    )
    late = [
        build_profile(
            Demographics(name=a + b, gender="female", birth="2015-06-06", registered="2025-06-07"),
            a + b,
            "H",
        )
        for a in "赵钱孙李周"
        for b in "安宁静怡欣"
    ]
    assert (
        not any(p.birth for p in drop_placeholder_dates(late))
        and late[0].without_placeholder_date().birth is None
    ), "the control: children who came years later"
