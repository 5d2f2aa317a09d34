"""Whoever comes first: drawn households with the faults of registers arrive in several orders.
Each order gives the same persons, or a human is asked about those whom it keeps apart; nobody is
joined with their mother or their twin in any. XINGLIN_ORDERS multiplies the households.
"""

import os
import random
from typing import Any

import pytest

from records.models import Review, SourcePatient
from records.mpi.matching.rules.resident_number import RESIDENT_NUMBER_SYSTEM
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.household import Row, household

HOUSEHOLDS, ORDERS = 9 * int(os.environ.get("XINGLIN_ORDERS", "1")), 4


def arrived(
    server: str, rows: list[Row], order: list[int]
) -> tuple[dict[int, Any], set[frozenset[Any]]]:
    """({row: its person}, pairs of persons about whom humans are asked)."""
    at = [alliance.make_hospital("first"), alliance.make_hospital("second")]
    apis = [Api(server, h.code, credentials=alliance.make_credentials(h)) for h in at]
    made = {i: apis[i % 2].create(rows[i][1]).split("/")[1] for i in order}
    found = {i: SourcePatient.objects.get(hospital=at[i % 2], fhir_id=m) for i, m in made.items()}
    asked = Review.objects.filter(state="open", one__in=[s.pk for s in found.values()]).values_list(
        "one__person", "two__person"
    )
    return {i: s.person_id for i, s in found.items()}, {frozenset(p) for p in asked}


@pytest.mark.parametrize("seed", range(HOUSEHOLDS))
def test_any_order_gives_the_same_persons_or_asks_a_human(server: str, seed: int) -> None:
    rng, many = random.Random(1000 + seed), len(household(random.Random(seed)))
    results = []
    for _ in range(ORDERS):
        rows = household(random.Random(seed))
        results.append(arrived(server, rows, rng.sample(range(many), many)))
    who = [w for w, _ in rows]
    pairs = [
        (i, j)
        for i in range(many)
        for j in range(i)
        if who[i] != who[j] and "nameless" not in (who[i], who[j])
    ]
    for persons, _ in results:
        assert not [(who[i], who[j]) for i, j in pairs if persons[i] == persons[j]], (
            "two of a home are two"
        )
        assert len(set(persons.values())) < many or not any(
            carded(rows[i], rows[j]) for i in range(many) for j in range(i)
        ), "the control: who shows one card twice is joined"
    for i in range(many):
        for j in range(i):
            together = [persons[i] == persons[j] for persons, _ in results]
            for joined, (persons, asked) in zip(together, results, strict=True):
                if any(together) and not joined:
                    assert connected(persons[i], persons[j], asked), (
                        seed,
                        rows[i],
                        rows[j],
                        "apart without a question",
                    )


def carded(one: Row, two: Row) -> bool:
    """Whether both are registrations of one person with the same name and citizen number: two
    signs whatever else is missing.
    """
    cards = [
        {i["value"] for i in r["identifier"] if i.get("system") == RESIDENT_NUMBER_SYSTEM}
        for _, r in (one, two)
    ]
    return one[0] == two[0] and bool(cards[0] & cards[1]) and one[1]["name"] == two[1]["name"]


def connected(one: Any, two: Any, asked: set[frozenset[Any]]) -> bool:
    """Whether humans who said yes to all questions would bring the two together."""
    here = {one}
    while more := {p for pair in asked if pair & here for p in pair} - here:
        here |= more
    return two in here
