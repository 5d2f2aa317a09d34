"""Claims -> persons: a person is what the standing claims hold together. Pure, so that undoing a
decision gives exactly what was before it.

Of a pair the newest claim counts. The older link is made first; one that would bring two
registrations together of which a human said that they are two persons is held. A person's id is the
home of its oldest registration, whoever came together in whatever order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PairClaim:
    """order: of the decision; same_person: one person; False: two; None: no longer linked by a
    rule, and free to be.
    """

    order: int
    same_person: bool | None
    one_id: int
    two_id: int


def newest_claims(claims: Iterable[PairClaim]) -> dict[Pair, PairClaim]:
    return {
        (claim.one_id, claim.two_id): claim
        for claim in sorted(claims, key=lambda claim: claim.order)
    }


def group_by_claims(
    source_patient_ids: Iterable[int], claims: Iterable[PairClaim]
) -> dict[int, list[int]]:
    """{registration: all of its person, in order}."""
    group_of = {i: [i] for i in source_patient_ids}
    newest = newest_claims(claims)
    called_different: dict[int, set[int]] = {}
    for (one_id, two_id), claim in newest.items():
        if claim.same_person is False:
            called_different.setdefault(one_id, set()).add(two_id)
            called_different.setdefault(two_id, set()).add(one_id)
    for (one_id, two_id), claim in sorted(newest.items(), key=lambda x: (x[1].order, x[0])):
        if not claim.same_person or one_id not in group_of or two_id not in group_of:
            continue
        first_group, second_group = group_of[one_id], group_of[two_id]
        if first_group is second_group or any(
            called_different.get(i, frozenset()) & set(second_group) for i in first_group
        ):
            continue
        smaller, larger = sorted((first_group, second_group), key=len)
        larger += smaller
        for i in smaller:
            group_of[i] = larger
    return {i: sorted(g) for i, g in group_of.items()}


def persons_by_claims(homes: Mapping[int, UUID], claims: Iterable[PairClaim]) -> dict[int, UUID]:
    """{registration: its person}, of registrations with their homes."""
    return {i: homes[g[0]] for i, g in group_by_claims(homes, claims).items()}


def plan_split(
    person_members: Iterable[int], leaving: frozenset[int], claims: Iterable[PairClaim]
) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """(pairs that are two persons, pairs that are one, links that are given up) which a split
    has to claim: each that leaves against each that stays, no more links than hold either side
    together, and the links to others that are held now, lest they take a part of it along.
    """
    claims, ordered = list(claims), sorted(person_members)
    apart = [(min(i, j), max(i, j)) for i in sorted(leaving) for j in ordered if j not in leaving]
    given_up = sorted(
        pair
        for pair, claim in newest_claims(claims).items()
        if claim.same_person and len({*pair} & set(ordered)) == 1
    )
    next_order = max((claim.order for claim in claims), default=0) + 1
    groups_then = group_by_claims(
        ordered, [*claims, *(PairClaim(next_order, False, *pair) for pair in apart)]
    )
    together = []
    for side in (leaving, frozenset(ordered) - leaving):
        group_leaders = sorted({groups_then[i][0] for i in side})
        together += list(pairwise(group_leaders))
    return apart, together, given_up
