"""Decisions into the index: which registrations a claim can move, and their persons as the
standing claims have it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import connection

from alliance.auth.principal import Principal, operator_principal
from alliance.sql.hospitals import STAFF
from records.models import Claim, Decision
from records.mpi.index import claim_graph
from records.mpi.index.claim_graph import Pair, PairClaim
from records.mpi.index.consent_effects import audit_consent_effects

DECISION_LOCK = 7302  # humans' decisions, of the whole alliance
# index: records_sourcepatient_pkey, source_person
PEOPLE_SQL = (
    "SELECT id, home, person_id FROM records_sourcepatient WHERE person_id IN (SELECT person_id"
    " FROM records_sourcepatient WHERE id = ANY(%s)) ORDER BY id"
)
LOCK_ROWS_SQL = "SELECT FROM records_sourcepatient WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
# index: records_claim_one_id, records_claim_two_id
CLAIMS_SQL = """
SELECT d.id, CASE c.kind WHEN 'same' THEN true WHEN 'different' THEN false END, c.one_id, c.two_id
  FROM records_claim c JOIN records_decision d ON d.id = c.decision_id AND d.undone_by_id IS NULL
WHERE c.two_id IS NOT NULL AND (c.one_id = ANY(%(ids)s) OR c.two_id = ANY(%(ids)s))
"""
MOVE_SQL = """
UPDATE records_sourcepatient s SET person_id = t.person, decided_by = %s
  FROM unnest(%s::bigint[], %s::uuid[]) AS t(id, person) WHERE s.id = t.id
"""
# Whoever joins, and those of the hospital whose curator says so, is at this person since now: what
# was noted or confirmed before was about somebody else (docs/adr/0030). Of rules nobody knows whose
# words they followed: it holds for all whom they joined.
# index: source_person
JOINED_SQL = f"""
UPDATE records_sourcepatient SET joined_at = clock_timestamp() WHERE person_id = ANY(%(persons)s)
  AND (id = ANY(%(moved)s) OR NOT %(by)s LIKE 'staff/%%'
      OR hospital_id = (SELECT hospital_id FROM {STAFF} s WHERE 'staff/' || s.id = %(by)s))
"""
# index: one_review_a_pair
CLOSE_REVIEWS_SQL = """
UPDATE records_review r SET state = coalesce(nullif(last.kind, 'apart'), 'open'),
  decision_id = last.id, round = r.round + (last.id IS NULL)::int, taken_by_id = NULL,
  taken_until = NULL
FROM unnest(%s::bigint[], %s::bigint[]) AS t(one, two) LEFT JOIN LATERAL (
  SELECT c.kind, d.id FROM records_claim c JOIN records_decision d ON d.id = c.decision_id
    AND d.undone_by_id IS NULL
  WHERE c.one_id = t.one AND c.two_id = t.two ORDER BY d.id DESC LIMIT 1
) last ON true WHERE r.one_id = t.one AND r.two_id = t.two
  AND r.decision_id IS DISTINCT FROM last.id
"""
SINGLE_CLAIMS_SQL = """
UPDATE records_sourcepatient s SET
  confirmed = EXISTS (SELECT FROM records_claim c
      JOIN records_decision d ON d.id = c.decision_id AND d.undone_by_id IS NULL
      WHERE c.one_id = s.id AND c.kind = 'confirmed'),
  correction = (SELECT c.value FROM records_claim c
      JOIN records_decision d ON d.id = c.decision_id AND d.undone_by_id IS NULL
      WHERE c.one_id = s.id AND c.kind = 'number'
    ORDER BY d.id DESC LIMIT 1)
WHERE s.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class AffectedRegistrations:
    """All registrations whose person a claim about some of them can change, with what has been
    said of them.
    """

    homes: dict[int, UUID]
    persons: dict[int, UUID]
    claims: list[PairClaim]

    def registrations_of(self, person: UUID) -> list[int]:
        return [i for i, p in self.persons.items() if p == person]


def lock_decisions() -> None:
    """Take the transaction-level advisory lock that serialises curators' decisions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DECISION_LOCK])


def load_affected(source_patient_ids: Iterable[int], lock: bool = True) -> AffectedRegistrations:
    """Their persons' registrations, and those to whom a link leads that is held at present.
    lock: until the end of the transaction.
    """
    affected = expand_affected(source_patient_ids)
    while lock:
        with connection.cursor() as cursor:
            cursor.execute(LOCK_ROWS_SQL, [sorted(affected.homes)])
        expanded = expand_affected(source_patient_ids)
        if expanded.homes.keys() <= affected.homes.keys():
            return expanded
        affected = expanded
    return affected


def expand_affected(source_patient_ids: Iterable[int]) -> AffectedRegistrations:
    asked_ids = set(source_patient_ids)
    with connection.cursor() as cursor:
        while True:
            cursor.execute(PEOPLE_SQL, [sorted(asked_ids)])
            rows = cursor.fetchall()
            found_ids = {r[0] for r in rows}
            cursor.execute(CLAIMS_SQL, {"ids": sorted(found_ids)})
            claims = [PairClaim(*r) for r in cursor.fetchall()]
            claimed_ids = {
                i for s in claims if s.same_person for i in (s.one_id, s.two_id)
            } - found_ids
            if not claimed_ids:
                return AffectedRegistrations(
                    {i: home for i, home, _ in rows}, {i: person for i, _, person in rows}, claims
                )
            asked_ids = found_ids | claimed_ids


def apply_decision(
    decision: Decision,
    source_patient_ids: Collection[int],
    pairs: Collection[Pair],
    affected: AffectedRegistrations,
    acting: Principal,
) -> None:
    """Make the index follow from the claims that stand now: persons, questions, and what is known
    of single registrations. The decision keeps who was moved, the audit log which of the patients'
    own decisions it changes.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIMS_SQL, {"ids": sorted(affected.homes)})
        standing_claims = [PairClaim(*columns) for columns in cursor.fetchall()]
        persons_now = claim_graph.persons_by_claims(affected.homes, standing_claims)
        moves = [
            (source_patient_id, affected.persons[source_patient_id], person_id)
            for source_patient_id, person_id in sorted(persons_now.items())
            if person_id != affected.persons[source_patient_id]
        ]
        if moves:
            move_registrations(cursor, decision, moves)
            audit_consent_effects(
                decision.pk, affected.persons, persons_now, affected.homes, acting
            )
        if pairs:
            first_ids, second_ids = zip(*pairs, strict=True)
            cursor.execute(CLOSE_REVIEWS_SQL, [list(first_ids), list(second_ids)])
        cursor.execute(SINGLE_CLAIMS_SQL, [sorted(source_patient_ids)])


def move_registrations(
    cursor: Any, decision: Decision, moves: Sequence[tuple[int, UUID, UUID]]
) -> None:
    """Move registrations to other persons, and write into the decision that it did. moves:
    (registration, its person before, its person now).
    """
    moved_ids = [source_patient_id for source_patient_id, _, _ in moves]
    new_persons = [person_id for _, _, person_id in moves]
    cursor.execute(MOVE_SQL, [decision.by, moved_ids, new_persons])
    cursor.execute(
        JOINED_SQL, {"persons": list(set(new_persons)), "moved": moved_ids, "by": decision.by}
    )
    decision.moved = [
        [source_patient_id, str(before), str(now)] for source_patient_id, before, now in moves
    ]
    decision.told = False
    decision.save(update_fields=["moved", "told"])


def split_off_registration(source_patient_id: int, *, by: str) -> dict[int, UUID]:
    """A rule takes back its own links of a registration; the others of its person stay together:
    {registration that was moved: its person now}. Nobody where a human holds them together.
    """
    affected = load_affected([source_patient_id])
    members = affected.registrations_of(affected.persons[source_patient_id])
    links_of_source = {
        pair: claim.order
        for pair, claim in claim_graph.newest_claims(affected.claims).items()
        if claim.same_person and source_patient_id in pair
    }
    rule_decisions = Decision.objects.filter(
        pk__in=links_of_source.values(), by__startswith="rule/"
    ).values_list("pk", flat=True)
    made_by_rules = set(rule_decisions)
    given_up = sorted(pair for pair, order in links_of_source.items() if order in made_by_rules)
    next_order = max((claim.order for claim in affected.claims), default=0) + 1
    takes_back = [PairClaim(next_order, None, *pair) for pair in given_up]
    groups_then = claim_graph.group_by_claims(members, [*affected.claims, *takes_back])
    if not given_up or len(groups_then[source_patient_id]) > 1:
        return {}
    group_leaders = sorted({groups_then[i][0] for i in members if i != source_patient_id})
    decision = Decision.objects.create(verb=Decision.Verb.SPLIT, by=by, reasons=["held:rivals"])
    claims = [
        *((Claim.Kind.APART, *p) for p in given_up),
        *((Claim.Kind.SAME, *p) for p in pairwise(group_leaders)),
    ]
    Claim.objects.bulk_create(
        [Claim(decision=decision, kind=kind, one_id=one, two_id=two) for kind, one, two in claims]
    )
    apply_decision(
        decision,
        set(members),
        [(one, two) for _, one, two in claims],
        affected,
        operator_principal(by),
    )
    return {i: UUID(after) for i, _, after in decision.moved}


def claimed_registrations(decision: Decision) -> tuple[set[int], set[Pair]]:
    """(registrations, pairs) that a decision speaks of."""
    source_patient_ids: set[int] = set()
    pairs: set[Pair] = set()
    for one_id, two_id in Claim.objects.filter(decision=decision).values_list("one_id", "two_id"):
        source_patient_ids |= {one_id} if two_id is None else {one_id, two_id}
        if two_id is not None:
            pairs.add((one_id, two_id))
    return source_patient_ids, pairs
