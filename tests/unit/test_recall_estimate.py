"""What the lists of unusual accesses miss, estimated from what was drawn beside them: exact
intervals, and nothing said where nothing was judged.
"""

import pytest

from records.access_review.estimate_recall import (
    DrawnSample,
    binomial_interval,
    estimate_recall,
)


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [
        # Clopper and Pearson's 95 % as printed in tables
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
    ],
)
def test_the_interval_is_the_one_of_the_tables(
    hits: int, tries: int, low: float, high: float
) -> None:
    assert binomial_interval(hits, tries, 0.05) == pytest.approx((low, high), abs=2e-4)


def test_nothing_is_said_where_nothing_was_judged() -> None:
    assert estimate_recall(7, []) is None
    assert estimate_recall(7, [DrawnSample(400, 0, 0)]) is None


def test_what_was_missed_follows_from_both_draws() -> None:
    found = estimate_recall(9, [DrawnSample(100, 10, 1), DrawnSample(1000, 10, 0)])
    assert found is not None and found.missed == pytest.approx(10)
    assert found.recall == pytest.approx(9 / 19)
    assert found.low is not None and found.high is not None
    assert found.low < 9 / 19 < found.high
    wider = estimate_recall(9, [DrawnSample(100, 5, 1), DrawnSample(1000, 5, 0)])
    assert wider is not None and wider.low is not None and wider.low < found.low


def test_without_any_violation_only_a_bound_is_left() -> None:
    found = estimate_recall(0, [DrawnSample(300, 30, 0)])
    assert found is not None and found.recall is None and found.low is None
    assert 0 < found.missed_high < 60 and found.missed == 0
