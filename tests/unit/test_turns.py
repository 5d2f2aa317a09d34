"""Whose turn it is: people before machines, hospitals alike, their systems alike, and nobody for
ever last.
"""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance.platform import page_priority
from alliance.platform.page_board import LONGEST, SLOTS, PageBoard
from alliance.server.http_server.admission import (
    HOLD,
    LATELY,
    MACHINES,
    MACHINES_DURING_PAGES,
    MOST_OF_MEMBER,
    MOST_WAITING,
    OTHERS,
    PATIENCE,
    PEOPLE,
    SLOWEST,
    AdmissionQueue,
    RequestParty,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def system(hospital: str, name: str = "1") -> RequestParty:
    return RequestParty(MACHINES, f"hospital {hospital}", f"client {hospital}-{name}")


def doctor(name: str = "1") -> RequestParty:
    return RequestParty(PEOPLE, f"session {name}", f"session {name}")


def stranger(address: str = "10.0.0.1") -> RequestParty:
    return RequestParty(OTHERS, f"address {address}", f"address {address}")


def turns(threads: int = 8) -> tuple[AdmissionQueue[int], Clock]:
    clock = Clock()
    return AdmissionQueue(threads, PageBoard(), clock), clock


def begun(turns: AdmissionQueue[int], most: int = 100) -> list[RequestParty]:
    out = []
    while len(out) < most and (w := turns.take_next()):
        out.append(w.party)
    return out


def test_a_hospital_with_ten_systems_has_one_share() -> None:
    t, _ = turns()
    for i in range(20):
        assert t.offer(system("a", str(i % 10)), i) is None
    assert t.offer(system("b"), 100) is None
    first = begun(t)
    assert [p.member for p in first].count("hospital a") == 4 and system("b") in first, (
        "half is the most of one hospital"
    )
    assert len({p.caller for p in first if p.member == "hospital a"}) == 4, (
        "of its systems each has a turn"
    )
    served = []
    for i in range(40):
        t.offer(system("b"), i)
    for _ in range(10):
        t.mark_finished(first.pop(0))
        found = begun(t, 1)
        first += found
        served += [p.member for p in found]
    assert 4 <= served.count("hospital b") <= 6, served


def test_pages_find_a_thread_whatever_machines_and_strangers_do() -> None:
    t, _ = turns()
    for h in "abcdef":
        for i in range(20):
            t.offer(system(h), i)
            t.offer(stranger(h), i)
    assert len(begun(t)) == 7 and t.count_requests()[MACHINES][0] <= 6
    assert t.try_enter(doctor())
    t.offer(doctor("2"), 5)
    t.mark_finished(system("a"))
    assert t.take_next().party == doctor("2"), "and people come first"  # type: ignore[union-attr]


def test_machines_leave_room_after_a_page_and_have_all_of_it_again() -> None:
    t, clock = turns()
    assert t.try_enter(doctor())
    for i in range(20):
        t.offer(system("a"), i)
        t.offer(system("b"), i)
    clock.now += HOLD + 0.01
    assert len(begun(t)) == 1, "not even a page that is under way for long stops them"
    t.mark_finished(doctor())
    assert len(begun(t)) == MACHINES_DURING_PAGES - 1
    clock.now += LATELY + 1
    assert t.count_requests()[MACHINES][0] + len(begun(t)) == 6, "the control: nobody is at a page"


def test_a_page_in_another_process_counts() -> None:
    board, clock = PageBoard(), Clock()
    here, there = AdmissionQueue[int](8, board, clock), AdmissionQueue[int](8, board, clock)
    board.take_slot(1)
    assert there.try_enter(doctor())
    board.take_slot(2 + SLOTS)
    for i in range(20):
        here.offer(system("a"), i)
        here.offer(system("b"), i)
    assert sorted(p.member for p in begun(here)) == [
        "hospital a",
        "hospital b",
    ], "of one hospital one: a long request of it stops no other hospital"
    assert here.count_requests()[MACHINES][0] == MACHINES_DURING_PAGES


def test_who_has_too_many_waiting_is_told() -> None:
    t, _ = turns(4)
    assert all(t.offer(system("a"), i) is None for i in range(MOST_WAITING))
    refused = t.offer(system("a"), -1)
    assert refused and refused.status == 429 and 1 <= refused.seconds <= SLOWEST
    assert all(
        t.offer(system("a", str(2 + i // MOST_WAITING)), i) is None
        for i in range(MOST_OF_MEMBER - MOST_WAITING)
    )
    assert (refused := t.offer(system("a", "9"), -1)) and refused.status == 429, (
        "its hospital has, by others of its systems"
    )
    assert t.offer(system("b"), 0) is None, "the control: another"
    while w := t.take_next():
        t.mark_finished(w.party)
    assert not t.running and not t.queues and t.free == 4 and not t.waiting.total(), (
        "nothing is left over"
    )


def test_what_cannot_begin_in_time_is_refused_at_once() -> None:
    t, _ = turns(4)
    slow = system("a")
    for _ in range(60):
        assert t.try_enter(slow)
        t.mark_finished(slow, 20.0)
    told = [t.offer(slow, i) for i in range(20)]
    assert told[0] is None and told[-1] and told[-1].status == 429
    assert len({r.seconds for r in told if r}) > 3, "and they do not all come back in one moment"
    quick, _ = turns(4)
    assert all(quick.offer(slow, i) is None for i in range(20)), "the control"


def test_who_waited_too_long_or_went_away_is_not_served() -> None:
    t, clock = turns()
    for i in range(4):
        assert t.try_enter(system("a"))
    for i in range(3):
        t.offer(system("a"), i)
    assert [(thing, r) for thing, r in t.drop_unserved(lambda thing: thing == 1)] == [
        (1, None)
    ] and t.left == 1
    clock.now += PATIENCE[MACHINES] + 1
    t.offer(system("a"), 9)
    late = list(t.drop_unserved(lambda _: False))
    assert [thing for thing, _ in late] == [0, 2] and all(r and r.status == 503 for _, r in late)
    t.mark_finished(system("a"))
    assert t.take_next().thing == 9  # type: ignore[union-attr]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_few_threads_serve_all_the_same(threads: int) -> None:
    for party in (system("a"), doctor(), stranger()):
        t, _ = turns(threads)
        t.offer(party, 1)
        assert t.take_next()


PARTIES = st.one_of(
    st.builds(system, st.sampled_from("abc"), st.sampled_from("12")),
    st.builds(doctor, st.sampled_from("12")),
    st.builds(stranger, st.sampled_from("xy")),
)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 9), st.lists(PARTIES, min_size=1, max_size=60), st.randoms(use_true_random=False)
)
def test_nobody_starves_and_nothing_is_lost(
    threads: int, parties: list[RequestParty], rng: object
) -> None:
    """However requests come and end: each is served in the end, no limit is passed, and of one
    party the first comes first.
    """
    t, clock = turns(threads)
    waiting, running, seen = dict(enumerate(parties)), [], []
    for i, party in waiting.items():
        assert t.offer(party, i) is None
    for _ in range(10 * len(parties) + 10):
        while w := t.take_next():
            running.append(w.party)
            seen.append((w.party, w.thing))
            assert len(running) <= threads and max(running.count(p) for p in running) <= max(
                1, threads // 2
            )
            assert sum(p.kind != PEOPLE for p in running) <= max(1, threads - 1)
        clock.now += HOLD + 0.01
        if running:
            t.mark_finished(running.pop(rng.randrange(len(running))), 0.01)  # type: ignore[attr-defined]
    assert sorted(thing for _, thing in seen) == list(waiting)
    for party in set(parties):
        mine = [thing for p, thing in seen if p == party]
        assert mine == sorted(mine)


def test_what_is_under_way_lets_a_page_go_first_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    board, slept, clock = PageBoard(), [], Clock()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now += seconds

    monkeypatch.setattr(page_priority, "BOARD", board)
    monkeypatch.setattr(page_priority, "time", SimpleNamespace(monotonic=clock, sleep=sleep))
    page_priority.work_slice.until = 0.0
    page_priority.yield_to_pages()
    assert not slept, "the control: nobody is at a page"
    clock.now += page_priority.SLICE
    board.mark_page(clock.now, under_way=True)
    page_priority.yield_to_pages()
    assert page_priority.MOST <= sum(slept) < 2 * page_priority.MOST
    page_priority.yield_to_pages()
    assert sum(slept) < 2 * page_priority.MOST, "it works for a while before it looks again"
    clock.now += page_priority.SLICE
    board.mark_page(clock.now, under_way=False)
    before = len(slept)
    page_priority.yield_to_pages()
    assert len(slept) == before and board.had_page_since(clock.now - 1), (
        "the page has ended, a moment ago"
    )
    board.mark_page(clock.now, under_way=True)
    clock.now += LONGEST + 1
    assert not board.has_page_now(clock.now), "its process was killed"
