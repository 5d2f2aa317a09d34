"""What a guesser gets who never tires: the numbers of docs/threat-model.md."""

import datetime as dt

import pytest

from alliance.auth.guess_limits import (
    ADDRESS_LIMIT,
    CODE_ELSEWHERE_LIMIT,
    CODE_HERE_LIMIT,
    PASSWORD_ELSEWHERE_LIMIT,
    PASSWORD_HERE_LIMIT,
    STEP_UP_LIMIT,
    BucketState,
    GuessLimit,
)

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def guesses(rule: GuessLimit, hours: float) -> int:
    """As many as are looked at when each is made as soon as it may be."""
    state, now, n = BucketState(0, START, START), START, 0
    while now < START + dt.timedelta(hours=hours):
        state = state.add_guess(rule, now)
        n += 1
        now = max(state.until, now + dt.timedelta(milliseconds=1))
    return n


@pytest.mark.parametrize(
    ("rule", "first_day", "later_day"),
    [
        (PASSWORD_HERE_LIMIT, 160, 150),
        (PASSWORD_ELSEWHERE_LIMIT, 50, 30),
        (CODE_HERE_LIMIT, 40, 30),
        (CODE_ELSEWHERE_LIMIT, 30, 15),
    ],
)
def test_a_tireless_guesser_gets_nowhere(rule: GuessLimit, first_day: int, later_day: int) -> None:
    assert guesses(rule, 24) <= first_day
    assert guesses(rule, 72) - guesses(rule, 48) <= later_day


def test_typing_wrong_a_few_times_costs_nothing_and_the_wait_grows() -> None:
    for rule in (PASSWORD_HERE_LIMIT, CODE_HERE_LIMIT, STEP_UP_LIMIT):
        assert [rule.wait_seconds(n) for n in range(rule.free)] == [0] * rule.free
        waits = [rule.wait_seconds(rule.free + n) for n in range(12)]
        assert waits[:3] == [rule.delay, 2 * rule.delay, 4 * rule.delay] and max(waits) == rule.most


def test_a_person_who_is_signed_in_never_waits_long() -> None:
    assert STEP_UP_LIMIT.most <= 120
    assert guesses(STEP_UP_LIMIT, 12) < 500, (
        "and whoever sits at the open screen has a session's length"
    )


def test_a_hospital_behind_one_address_lives() -> None:
    """200 doctors, one in four of whom types wrong once within ten minutes, each morning; a
    sprayer is held.
    """
    state, now = BucketState(0, START, START), START
    for _ in range(50):
        state, now = state.add_guess(ADDRESS_LIMIT, now), now + dt.timedelta(seconds=12)
        assert state.until <= now
    assert guesses(ADDRESS_LIMIT, 24) < 5000


def test_a_right_guess_is_forgiven_and_only_that_one() -> None:
    state = BucketState(0, START, START)
    for _ in range(4):
        state = state.add_guess(PASSWORD_HERE_LIMIT, START)
    assert state.forgive_guess(PASSWORD_HERE_LIMIT, START).wrong == 3
    assert BucketState(0, START, START).forgive_guess(PASSWORD_HERE_LIMIT, START).wrong == 0
