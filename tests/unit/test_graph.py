"""Claims -> persons: whatever was said in whatever order, the same claims give the same persons,
and no two whom a human called different share one.
"""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from records.mpi.index.claim_graph import (
    PairClaim,
    group_by_claims,
    newest_claims,
    persons_by_claims,
    plan_split,
)

HOMES = {i: UUID(int=1000 - i) for i in range(8)}
pairs = st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda p: p[0] < p[1])
claims = st.lists(st.tuples(st.booleans(), pairs), max_size=20).map(
    lambda found: [PairClaim(n, same, *p) for n, (same, p) in enumerate(found, 1)]
)


@given(claims, st.randoms(use_true_random=False))
@settings(max_examples=400)  # drawn anew each run
def test_the_order_in_which_they_are_read_is_nothing(said: list[PairClaim], random) -> None:  # type: ignore[no-untyped-def]
    mixed = list(said)
    random.shuffle(mixed)
    assert persons_by_claims(HOMES, said) == persons_by_claims(HOMES, mixed)


@given(claims)
@settings(max_examples=400)  # drawn anew each run
def test_who_was_called_different_shares_no_person_and_each_is_the_home_of_its_oldest(
    said: list[PairClaim],
) -> None:
    now = persons_by_claims(HOMES, said)
    standing = newest_claims(said)
    assert all(now[one] != now[two] for (one, two), s in standing.items() if not s.same_person)
    for person in set(now.values()):
        assert HOMES[min(i for i, p in now.items() if p == person)] == person
    if all(s.same_person for s in standing.values()):
        assert all(now[one] == now[two] for one, two in standing), (
            "the control: where nothing speaks against it, each link holds"
        )


@given(claims, st.sets(st.integers(0, 7), min_size=1))
@settings(max_examples=400)  # drawn anew each run
def test_a_split_parts_a_person_in_two(said: list[PairClaim], chosen: set[int]) -> None:
    for whole in {tuple(g) for g in group_by_claims(HOMES, said).values()}:
        leaving = frozenset(whole) & chosen
        if not leaving or leaving == set(whole):
            continue
        apart, together, held = plan_split(whole, leaving, said)
        last = len(said) + 1
        then = group_by_claims(
            HOMES,
            [
                *said,
                *(PairClaim(last, False, *p) for p in apart),
                *(PairClaim(last, True, *p) for p in together),
                *(PairClaim(last, None, *p) for p in held),
            ],
        )
        assert {tuple(then[i]) for i in whole} == {
            tuple(sorted(leaving)),
            tuple(sorted(set(whole) - leaving)),
        }, "two persons, each side together, and nobody else"


def test_the_last_word_counts() -> None:
    assert group_by_claims([1, 2], [PairClaim(1, True, 1, 2), PairClaim(2, False, 1, 2)])[1] == [1]
    assert group_by_claims([1, 2], [PairClaim(1, False, 1, 2), PairClaim(2, True, 1, 2)])[1] == [
        1,
        2,
    ]


def test_a_link_that_would_join_two_called_different_is_held_and_the_older_one_stays() -> None:
    said = [PairClaim(1, False, 1, 3), PairClaim(2, True, 1, 2), PairClaim(3, True, 2, 3)]
    assert group_by_claims([1, 2, 3], said)[1] == [1, 2]
    assert group_by_claims([1, 2, 3], said[1:])[1] == [1, 2, 3], "the control"
