"""What a guesser gets who never tires: the numbers of docs/threat-model.md."""

import datetime as dt

import pytest

from alliance.auth.guesses import ADDRESS, CODE_ELSEWHERE, CODE_HERE, PASSWORD_ELSEWHERE, PASSWORD_HERE, STEP_UP, Rule, State

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def guesses(rule: Rule, hours: float) -> int:
    """As many as are looked at when each is made as soon as it may be."""
    state, now, n = State(0, START, START), START, 0
    while now < START + dt.timedelta(hours=hours):
        state = state.guess(rule, now)
        n += 1
        now = max(state.until, now + dt.timedelta(milliseconds=1))
    return n


@pytest.mark.parametrize(("rule", "first_day", "later_day"), [
    (PASSWORD_HERE, 160, 150), (PASSWORD_ELSEWHERE, 50, 30), (CODE_HERE, 40, 30), (CODE_ELSEWHERE, 30, 15)])
def test_a_tireless_guesser_gets_nowhere(rule: Rule, first_day: int, later_day: int) -> None:
    assert guesses(rule, 24) <= first_day
    assert guesses(rule, 72) - guesses(rule, 48) <= later_day


def test_typing_wrong_a_few_times_costs_nothing_and_the_wait_grows() -> None:
    for rule in (PASSWORD_HERE, CODE_HERE, STEP_UP):
        assert [rule.wait(n) for n in range(rule.free)] == [0] * rule.free
        waits = [rule.wait(rule.free + n) for n in range(12)]
        assert waits[:3] == [rule.delay, 2 * rule.delay, 4 * rule.delay] and max(waits) == rule.most


def test_a_person_who_is_signed_in_never_waits_long() -> None:
    assert STEP_UP.most <= 120
    assert guesses(STEP_UP, 12) < 500, "and whoever sits at the open screen has a session's length"


def test_a_hospital_behind_one_address_lives() -> None:
    """200 doctors, one in four of whom types wrong once within ten minutes, each morning; a sprayer is held."""
    state, now = State(0, START, START), START
    for _ in range(50):
        state, now = state.guess(ADDRESS, now), now + dt.timedelta(seconds=12)
        assert state.until <= now
    assert guesses(ADDRESS, 24) < 5000


def test_a_right_guess_is_forgiven_and_only_that_one() -> None:
    state = State(0, START, START)
    for _ in range(4):
        state = state.guess(PASSWORD_HERE, START)
    assert state.forgive(PASSWORD_HERE, START).wrong == 3
    assert State(0, START, START).forgive(PASSWORD_HERE, START).wrong == 0
