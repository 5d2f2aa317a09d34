"""How long an office is held without a gap: the sum that decides whether somebody may be let go."""

import datetime as dt

import pytest

from alliance.services.office import OfficeTerm, find_last_covered_day

TODAY = dt.date(2026, 3, 1)


def day(n: int) -> dt.date:
    return TODAY + dt.timedelta(days=n)


@pytest.mark.parametrize(
    ("terms", "last"),
    [
        ([], None),
        ([(-9, -1)], None),
        ([(1, 9)], None),
        ([(0, 0)], 0),
        ([(-9, 5)], 5),
        ([(-9, 5), (6, 20)], 20),
        ([(6, 20), (-9, 5)], 20),
        ([(-9, 5), (7, 20)], 5),
        ([(-9, 50), (-3, 10)], 50),
        ([(-9, 5), (3, 4), (4, 9), (30, 99)], 9),
    ],
)
def test_cover_ends_at_the_first_gap(terms: list[tuple[int, int]], last: int | None) -> None:
    assert find_last_covered_day([OfficeTerm(day(a), day(b)) for a, b in terms], TODAY) == (
        None if last is None else day(last)
    )


def test_a_term_without_end() -> None:
    assert find_last_covered_day([OfficeTerm(day(-1), dt.date.max)], TODAY) == dt.date.max
