"""Claims -> persons: a person is what the standing claims hold together. Pure, so that undoing a decision gives exactly what was before it.

Of a pair the newest claim counts. The older link is made first; one that would bring two registrations together of which a human said that they are
two persons is held. A person's id is the home of its oldest registration, whoever came together in whatever order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Said:
    """order: of the decision; same: one person; False: two; None: no longer linked by a rule, and free to be."""

    order: int
    same: bool | None
    one: int
    two: int


def newest(said: Iterable[Said]) -> dict[Pair, Said]:
    return {(s.one, s.two): s for s in sorted(said, key=lambda s: s.order)}


def groups(members: Iterable[int], said: Iterable[Said]) -> dict[int, list[int]]:
    """{registration: all of his person, in order}."""
    group = {i: [i] for i in members}
    standing = newest(said)
    foes: dict[int, set[int]] = {}
    for (one, two), s in standing.items():
        if s.same is False:
            foes.setdefault(one, set()).add(two)
            foes.setdefault(two, set()).add(one)
    for (one, two), s in sorted(standing.items(), key=lambda x: (x[1].order, x[0])):
        if not s.same or one not in group or two not in group:
            continue
        a, b = group[one], group[two]
        if a is b or any(foes.get(i, frozenset()) & set(b) for i in a):
            continue
        small, large = sorted((a, b), key=len)
        large += small
        for i in small:
            group[i] = large
    return {i: sorted(g) for i, g in group.items()}


def persons(homes: Mapping[int, UUID], said: Iterable[Said]) -> dict[int, UUID]:
    """{registration: its person}, of registrations with their homes."""
    return {i: homes[g[0]] for i, g in groups(homes, said).items()}


def parting(whole: Iterable[int], leaving: frozenset[int], said: Iterable[Said]) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """(pairs that are two persons, pairs that are one, links that are given up) which a split has to claim: each that leaves against each that stays, no
    more links than hold either side together, and the links to others that are held now, lest they take a part of it along."""
    said, members = list(said), sorted(whole)
    apart = [(min(i, j), max(i, j)) for i in sorted(leaving) for j in members if j not in leaving]
    held = sorted(p for p, s in newest(said).items() if s.same and len({*p} & set(members)) == 1)
    last = max((s.order for s in said), default=0) + 1
    then = groups(members, [*said, *(Said(last, False, *p) for p in apart)])
    together = []
    for side in (leaving, frozenset(members) - leaving):
        firsts = sorted({then[i][0] for i in side})
        together += list(pairwise(firsts))
    return apart, together, held
