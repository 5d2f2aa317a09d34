"""The registrations of one write are decided as if each had come alone: the same rows in
transactions of which none stays.
"""

import random
from typing import Any

import pytest
from django.db import connection, transaction

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Role
from records.bulk import import_job
from records.ingest.store_resources import IncomingResource
from records.models import Claim, Decision, Review, SourcePatient
from records.mpi.index import batch_resolver
from records.requests.fhir_request import FhirRequest
from tests.factories import alliance
from tests.factories.household import household

Write = tuple[Hospital, list[dict[str, Any]]]


def sent(write: Write, many: int) -> int:
    """Parts of so many rows; how many statements it took."""
    at, rows = write
    ask = FhirRequest(
        Principal("client", "x", at.pk, at.code, Role.MEMBER_SYSTEM.value),
        at.code,
        at.pk,
        "http://x",
    )
    asked: list[str] = []
    with connection.execute_wrapper(
        lambda execute, sql, *rest: asked.append(sql) or execute(sql, *rest)
    ):  # type: ignore[func-returns-value]
        for i in range(0, len(rows), many):
            import_job.store_import_lines(
                ask, [(n, IncomingResource(r, r["id"])) for n, r in enumerate(rows[i : i + many])]
            )
    return len(asked)


def said(reasons: list[str]) -> list[str]:
    """Without how probable, which how many bear a name decides."""
    return [r for r in reasons if not r.startswith("probability")]


def outcome(
    writes: list[Write], many: int = 500, together: int = 50
) -> tuple[tuple[set[frozenset[str]], list[Any], list[Any]], int]:
    """((persons, questions, decisions), statements), registrations by the hospital's own ids."""
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(batch_resolver, "GROUP_SIZE", together)
        first = Decision.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        statements = sum(sent(w, many) for w in writes)
        found = {s.pk: s for s in SourcePatient.objects.filter(hospital__in={w[0] for w in writes})}
        called = {i: f"{s.hospital_id}/{s.fhir_id}" for i, s in found.items()}
        persons = {
            frozenset(called[i] for i, s in found.items() if s.person_id == p)
            for p in {s.person_id for s in found.values()}
        }
        asked = sorted(
            (called[r.one_id], called[r.two_id], said(r.reasons), r.risk)
            for r in Review.objects.filter(one__in=found)
        )
        claims = Claim.objects.filter(decision__gt=first).select_related("decision")
        decided = sorted(
            (
                c.kind,
                called[c.one_id],
                called.get(c.two_id or 0, ""),
                c.decision.verb,
                said(c.decision.reasons),
                len(c.decision.moved),
            )
            for c in claims
        )
        transaction.set_rollback(True)
    return (persons, asked, decided), statements


def town(rng: random.Random) -> list[Write]:
    """Households with all faults, twins and children without a name, at two hospitals."""
    writes: list[Write] = [(alliance.make_hospital("one"), []), (alliance.make_hospital("two"), [])]
    for _ in range(5):
        for _, row in household(rng):
            writes[rng.random() < 0.5][1].append(row)
    for _, rows in writes:
        rng.shuffle(rows)
    return [
        (at, [row | {"id": f"{i:03}"} for i, row in enumerate(rows)]) for at, rows in writes
    ]  # rows of the index are made in the order of ids


@pytest.mark.parametrize("seed", range(8))
def test_a_whole_write_decides_as_single_ones(world: None, seed: int) -> None:
    writes = town(random.Random(seed))
    single, many = outcome(writes, 1)
    whole, few = outcome(writes)
    assert whole[:2] == single[:2], (
        "the decisions may go by another of a person's registrations: a whole write knows from its"
        " beginning how many bear a name"
    )
    assert len(single[0]) < sum(len(r) for _, r in writes) and single[1] and single[2], (
        "somebody is linked, somebody asked about"
    )
    assert few < many


@pytest.mark.parametrize(
    "seed", [*range(8), 50]
)  # the last: a child is parted from its twin, so that persons beside the next change
def test_what_is_asked_for_together_decides_as_what_is_asked_for_alone(
    world: None, seed: int
) -> None:
    """With half of the rows sent again, changed: these were there, and wait for their turn."""
    rng = random.Random(seed)
    writes = town(rng)
    for at, rows in list(writes):
        more = [
            r
            | (
                {"telecom": rng.choice(rows).get("telecom", [])}
                if rng.random() < 0.5
                else {"birthDate": rng.choice(rows)["birthDate"]}
            )
            for r in rows
        ]
        writes.append((at, rng.sample(more, len(more) // 2)))
    alone, _ = outcome(writes, together=1)
    for together in (2, 7, 50):
        assert outcome(writes, together=together)[0] == alone
