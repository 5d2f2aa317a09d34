"""Decisions into the index: which registrations a claim can move, and their persons as the standing claims have it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from django.db import connection

from alliance.auth.principal import Principal, operator
from records.models import Claim, Decision
from records.mpi import graph
from records.mpi.effect import write_effects
from records.mpi.graph import Pair, Said

ONE_AT_A_TIME = 7302  # humans' decisions, of the whole alliance
# index: records_sourcepatient_pkey, source_person
PEOPLE = "SELECT id, home, person_id FROM records_sourcepatient WHERE person_id IN (SELECT person_id FROM records_sourcepatient WHERE id = ANY(%s)) ORDER BY id"
LOCK = "SELECT FROM records_sourcepatient WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
# index: records_claim_one_id, records_claim_two_id
SAID = """
SELECT d.id, CASE c.kind WHEN 'same' THEN true WHEN 'different' THEN false END, c.one_id, c.two_id FROM records_claim c JOIN records_decision d ON d.id = c.decision_id AND d.undone_by_id IS NULL
WHERE c.two_id IS NOT NULL AND (c.one_id = ANY(%(ids)s) OR c.two_id = ANY(%(ids)s))
"""
MOVE = """
UPDATE records_sourcepatient s SET person_id = t.person, decided_by = %s FROM unnest(%s::bigint[], %s::uuid[]) AS t(id, person) WHERE s.id = t.id
"""
# Whoever joins, and those of the hospital whose curator says so, is at this person since now: what was noted or confirmed before was about somebody else
# (docs/adr/0030). Of rules nobody knows whose words they followed: it holds for all whom they joined.
# index: source_person
JOINED = """
UPDATE records_sourcepatient SET joined_at = clock_timestamp() WHERE person_id = ANY(%(persons)s)
  AND (id = ANY(%(moved)s) OR NOT %(by)s LIKE 'staff/%%' OR hospital_id = (SELECT hospital_id FROM alliance_staff WHERE 'staff/' || id = %(by)s))
"""
# index: one_review_a_pair
CLOSE = """
UPDATE records_review r SET state = coalesce(nullif(last.kind, 'apart'), 'open'), decision_id = last.id, round = r.round + (last.id IS NULL)::int, taken_by_id = NULL, taken_until = NULL
FROM unnest(%s::bigint[], %s::bigint[]) AS t(one, two) LEFT JOIN LATERAL (
  SELECT c.kind, d.id FROM records_claim c JOIN records_decision d ON d.id = c.decision_id AND d.undone_by_id IS NULL
  WHERE c.one_id = t.one AND c.two_id = t.two ORDER BY d.id DESC LIMIT 1
) last ON true WHERE r.one_id = t.one AND r.two_id = t.two AND r.decision_id IS DISTINCT FROM last.id
"""
ALONE = """
UPDATE records_sourcepatient s SET
  confirmed = EXISTS (SELECT FROM records_claim c JOIN records_decision d ON d.id = c.decision_id AND d.undone_by_id IS NULL WHERE c.one_id = s.id AND c.kind = 'confirmed'),
  correction = (SELECT c.value FROM records_claim c JOIN records_decision d ON d.id = c.decision_id AND d.undone_by_id IS NULL WHERE c.one_id = s.id AND c.kind = 'number'
    ORDER BY d.id DESC LIMIT 1)
WHERE s.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Around:
    """All registrations whose person a claim about some of them can change, with what has been said of them."""

    homes: dict[int, UUID]
    persons: dict[int, UUID]
    said: list[Said]

    def of(self, person: UUID) -> list[int]:
        return [i for i, p in self.persons.items() if p == person]


def alone() -> None:
    """Until the end of the transaction nobody else decides: two humans' decisions never cross."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def around(touched: Iterable[int], lock: bool = True) -> Around:
    """Their persons' registrations, and those to whom a link leads that is held at present. lock: until the end of the transaction."""
    found = reach(touched)
    while lock:
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [sorted(found.homes)])
        again = reach(touched)
        if again.homes.keys() <= found.homes.keys():
            return again
        found = again
    return found


def reach(touched: Iterable[int]) -> Around:
    wanted = set(touched)
    with connection.cursor() as cursor:
        while True:
            cursor.execute(PEOPLE, [sorted(wanted)])
            rows = cursor.fetchall()
            here = {r[0] for r in rows}
            cursor.execute(SAID, {"ids": sorted(here)})
            said = [Said(*r) for r in cursor.fetchall()]
            further = {i for s in said if s.same for i in (s.one, s.two)} - here
            if not further:
                return Around({i: home for i, home, _ in rows}, {i: person for i, _, person in rows}, said)
            wanted = here | further


def settle(decision: Decision, touched: Collection[int], pairs: Collection[Pair], found: Around, acting: Principal) -> None:
    """Persons, questions and what is known of single registrations, as the claims have it that stand now; the decision keeps who was moved, the audit log which of the
    patients' own decisions it changes."""
    with connection.cursor() as cursor:
        cursor.execute(SAID, {"ids": sorted(found.homes)})
        now = graph.persons(found.homes, [Said(*r) for r in cursor.fetchall()])
        moved = [(i, found.persons[i], person) for i, person in sorted(now.items()) if person != found.persons[i]]
        if moved:
            cursor.execute(MOVE, [decision.by, [i for i, _, _ in moved], [p for _, _, p in moved]])
            cursor.execute(JOINED, {"persons": list({p for _, _, p in moved}), "moved": [i for i, _, _ in moved], "by": decision.by})
            decision.moved, decision.told = [[i, str(a), str(b)] for i, a, b in moved], False
            decision.save(update_fields=["moved", "told"])
            write_effects(decision.pk, found.persons, now, found.homes, acting)
        if pairs:
            cursor.execute(CLOSE, [[p[0] for p in pairs], [p[1] for p in pairs]])
        cursor.execute(ALONE, [sorted(touched)])


def part(source: int, *, by: str) -> dict[int, UUID]:
    """A rule takes back its own links of a registration; the others of its person stay together: {who was moved: his person now}. Nobody where a human
    holds them together."""
    found = around([source])
    whole = found.of(found.persons[source])
    own = {p: s.order for p, s in graph.newest(found.said).items() if s.same and source in p}
    ruled = Decision.objects.filter(pk__in=own.values(), by__startswith="rule/").values_list("pk", flat=True)
    pairs = sorted(p for p, order in own.items() if order in set(ruled))
    last = max((s.order for s in found.said), default=0) + 1
    then = graph.groups(whole, [*found.said, *(Said(last, None, *p) for p in pairs)])
    if not pairs or len(then[source]) > 1:
        return {}
    firsts = sorted({then[i][0] for i in whole if i != source})
    decision = Decision.objects.create(verb=Decision.Verb.SPLIT, by=by, reasons=["held:rivals"])
    claims = [*((Claim.Kind.APART, *p) for p in pairs), *((Claim.Kind.SAME, *p) for p in pairwise(firsts))]
    Claim.objects.bulk_create([Claim(decision=decision, kind=kind, one_id=one, two_id=two) for kind, one, two in claims])
    settle(decision, set(whole), [(one, two) for _, one, two in claims], found, operator(by))
    return {i: UUID(after) for i, _, after in decision.moved}


def claims_of(decision: Decision) -> tuple[set[int], set[Pair]]:
    """(registrations, pairs) that a decision speaks of."""
    touched: set[int] = set()
    pairs: set[Pair] = set()
    for one, two in Claim.objects.filter(decision=decision).values_list("one_id", "two_id"):
        touched |= {one} if two is None else {one, two}
        if two is not None:
            pairs.add((one, two))
    return touched, pairs
