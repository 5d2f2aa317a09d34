"""Whoever comes first: drawn households with the faults of registers arrive in several orders. Each order gives the same persons, or a human is asked
about those whom it keeps apart; nobody is joined with his mother or his twin in any. XINGLIN_ORDERS multiplies the households."""

import datetime as dt
import itertools
import os
import random
import secrets
from typing import Any

import pytest

from records.models import Review, SourcePatient
from records.mpi.rules.resident_number import SYSTEM
from tests.factories import alliance
from tests.factories.fhir import Api, number, patient, somebody

HOUSEHOLDS, ORDERS = 9 * int(os.environ.get("XINGLIN_ORDERS", "1")), 4
FIRST, DAY = dt.date(2003, 1, 2), itertools.count()
FAMILIES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
Row = tuple[str, dict[str, Any]]  # who he is, and his Patient


def household(faults: random.Random) -> list[Row]:
    """Parents and twins, or an only child: what is wrong with each registration is drawn, given names, days and numbers are others each time."""
    twins = faults.random() < 0.5
    day = FIRST + dt.timedelta(next(DAY))  # of its own: children of one day and family name are rivals
    born = {who: (day - dt.timedelta(older)).isoformat() for who, older in {"mother": 10_000, "father": 11_000, "child": 0, "twin": 0}.items()}
    sexes = {"mother": "female", "father": "male", "child": "male", "twin": "male"}
    family = {"mother": faults.choice(FAMILIES), "father": faults.choice(FAMILIES)}
    family["child"] = family[faults.choice(["father", "father", "mother"])]
    family["twin"] = family["child"] if faults.random() < 0.7 else family[faults.choice(["father", "mother"])]
    names = {who: family[who] + somebody()[1:] for who in born}
    cards = {who: number(born[who].replace("-", ""), place) for who, place in {"mother": 2, "father": 1, "child": 1, "twin": 3}.items()}
    reached = {"telecom": [{"system": "phone", "value": f"139{secrets.randbelow(10**8):08d}"}]}
    out: list[Row] = []
    for who in ("mother", "father", "child", *(["twin"] if twins else [])):
        for _ in range(faults.randint(1, 4)):
            carded, phoned, estimated, swapped, sexless = (faults.random() < p for p in (0.6, 0.8, 0.1, 0.1, 0.1))
            birth = born[who][:4] + "-01-01" if estimated else born[who]
            row = patient(names[who][:-1] + "□" if swapped else names[who], birth, sexes[who], resident=cards[who] if carded and not estimated else "")
            out.append((who, {k: v for k, v in (row | (reached if phoned else {})).items() if k != "gender" or not sexless}))
    if faults.random() < 0.5:
        out.append(("nameless", patient(f"{names['mother']}之子", born["child"], "male") | reached))
    return out


def arrived(server: str, rows: list[Row], order: list[int]) -> tuple[dict[int, Any], set[frozenset[Any]]]:
    """({row: its person}, pairs of persons about whom humans are asked)."""
    at = [alliance.hospital("first"), alliance.hospital("second")]
    apis = [Api(server, h.code, credentials=alliance.credentials(h)) for h in at]
    made = {i: apis[i % 2].create(rows[i][1]).split("/")[1] for i in order}
    found = {i: SourcePatient.objects.get(hospital=at[i % 2], fhir_id=m) for i, m in made.items()}
    asked = Review.objects.filter(state="open", one__in=[s.pk for s in found.values()]).values_list("one__person", "two__person")
    return {i: s.person_id for i, s in found.items()}, {frozenset(p) for p in asked}


@pytest.mark.parametrize("seed", range(HOUSEHOLDS))
def test_any_order_gives_the_same_persons_or_asks_a_human(server: str, seed: int) -> None:
    rng, many = random.Random(1000 + seed), len(household(random.Random(seed)))
    results = []
    for _ in range(ORDERS):
        rows = household(random.Random(seed))
        results.append(arrived(server, rows, rng.sample(range(many), many)))
    who = [w for w, _ in rows]
    pairs = [(i, j) for i in range(many) for j in range(i) if who[i] != who[j] and "nameless" not in (who[i], who[j])]
    for persons, _ in results:
        assert not [(who[i], who[j]) for i, j in pairs if persons[i] == persons[j]], "two of a home are two"
        assert len(set(persons.values())) < many or not any(carded(rows[i], rows[j]) for i in range(many) for j in range(i)), "the control: who shows one card twice is joined"
    for i in range(many):
        for j in range(i):
            together = [persons[i] == persons[j] for persons, _ in results]
            for joined, (persons, asked) in zip(together, results, strict=True):
                if any(together) and not joined:
                    assert connected(persons[i], persons[j], asked), (seed, rows[i], rows[j], "apart without a question")


def carded(one: Row, two: Row) -> bool:
    """Whether both are registrations of one person with the same name and citizen number: two signs whatever else is missing."""
    cards = [{i["value"] for i in r["identifier"] if i.get("system") == SYSTEM} for _, r in (one, two)]
    return one[0] == two[0] and bool(cards[0] & cards[1]) and one[1]["name"] == two[1]["name"]


def connected(one: Any, two: Any, asked: set[frozenset[Any]]) -> bool:
    """Whether humans who said yes to all questions would bring the two together."""
    here = {one}
    while more := {p for pair in asked if pair & here for p in pair} - here:
        here |= more
    return two in here
