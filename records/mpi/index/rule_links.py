"""What the rules decide: put a registration at a person, or ask a human about pairs. A rule does
neither where a human has said otherwise.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from alliance.platform.array_literals import text_array_literal, unquoted_array_literal

# What a join needs a second human for (risk.py); another name or two numbers first of all.
RISKY_REASONS = frozenset(
    {
        "two_numbers",
        "two_orders",
        "own_parent",
        "sex_and_birth",
        "another_name",
        "marked_name",
        "human_differs",
        "both_confirmed",
        "many",
    }
)
# A human said that they are two, or has undone it when they were linked: {source} and somebody who
# is at the person now.
OVERRULED_SQL = """
SELECT FROM records_claim c JOIN records_decision d ON d.id = c.decision_id
  JOIN records_sourcepatient o
    ON o.id = CASE WHEN c.one_id = {source} THEN c.two_id ELSE c.one_id END
  WHERE (c.one_id = {source} OR c.two_id = {source}) AND c.kind IN ('same', 'different')
    AND (d.undone_by_id IS NULL) = (c.kind = 'different') AND o.person_id = {person}
"""
# The younger one moves: a person's id is the home of its oldest registration, whose row is locked
# for all. It is the arriving one's hospital whose word joins the two, so it is this one that is at
# the person since now (docs/adr/0030).
# index: records_sourcepatient_home_key, records_claim_one_id, records_claim_two_id; source_person
# where the arrival is the older one
LINK_SQL = f"""
WITH asked AS (
  SELECT * FROM unnest((SELECT %(sources)s::bigint[]), (SELECT %(olds)s::uuid[]),
      (SELECT %(news)s::uuid[]), (SELECT %(ways)s::bigint[]), (SELECT %(reasons)s::text[]))
    AS t(source, old, new, way, reasons)
), oldest AS MATERIALIZED (
  SELECT o.id, a.source, a.old, a.new FROM asked a
    JOIN records_sourcepatient o ON o.home = a.new AND o.person_id = a.new ORDER BY o.id
    FOR NO KEY UPDATE OF o
), mover AS (
  SELECT source AS id, source, old, new, new AS person FROM oldest WHERE id < source
  UNION ALL SELECT t.id, source, old, new, old FROM oldest o
    JOIN records_sourcepatient t ON t.person_id = o.new WHERE o.id > source
), moved AS (
  UPDATE records_sourcepatient s SET person_id = mover.person, decided_by = %(by)s,
    joined_at = CASE WHEN s.id = mover.source THEN clock_timestamp() ELSE s.joined_at END FROM mover
  WHERE s.id = mover.id AND EXISTS (SELECT FROM records_sourcepatient
      WHERE id = mover.source AND person_id = mover.old)
    AND NOT EXISTS ({OVERRULED_SQL.format(source="mover.source", person="mover.new")})
  RETURNING s.id, mover.source, mover.old, mover.new, mover.person
), joined AS (
  UPDATE records_sourcepatient s SET joined_at = clock_timestamp() FROM oldest o
    WHERE s.id = o.source AND o.id > o.source
    AND EXISTS (SELECT FROM moved WHERE moved.source = o.source)
), numbered AS MATERIALIZED (
  SELECT nextval('records_decision_id_seq') AS id, source,
    json_agg(json_build_array(id, CASE WHEN id = source THEN old ELSE new END,
        person))::jsonb AS moved FROM moved GROUP BY source
), decision AS (
  INSERT INTO records_decision (id, verb, by, reasons, note, at, moved, told)
  SELECT n.id, 'link', %(by)s, a.reasons::jsonb, '', now(), n.moved, true FROM numbered n
    JOIN asked a USING (source)
), claim AS (
  INSERT INTO records_claim (decision_id, kind, one_id, two_id)
    SELECT n.id, 'same', least(source, a.way), greatest(source, a.way) FROM numbered n
    JOIN asked a USING (source)
)
SELECT source, id, person FROM moved
"""
OPEN_REVIEW_SQL = """
SELECT FROM records_sourcepatient a JOIN records_review r ON r.one_id = a.id AND r.state = 'open'
  JOIN records_sourcepatient b ON b.id = r.two_id
  WHERE a.person_id = {one} AND b.person_id = {two}
"""
# The sub-selects hide the arrays' lengths from the planner, so that one generic plan serves every
# call: planning took nine tenths of the time.
# index: source_person, records_review_one_id
OPEN_REVIEWS_SQL = f"""
WITH t AS (
  SELECT u.other, u.reasons, u.risk, m.person_id AS mine, o.person_id AS theirs
  FROM unnest((SELECT %(others)s::bigint[]), (SELECT %(reasons)s::text[]),
      (SELECT %(risks)s::smallint[])) AS u(other, reasons, risk)
    JOIN records_sourcepatient m ON m.id = %(source)s JOIN records_sourcepatient o ON o.id = u.other
      WHERE m.person_id <> o.person_id
)
INSERT INTO records_review (one_id, two_id, reasons, state, opened_at, round, risk, verb)
SELECT least(%(source)s, other), greatest(%(source)s, other), reasons::jsonb, 'open', now(), 0,
  risk, 'link' FROM t
WHERE NOT EXISTS ({OVERRULED_SQL.format(source="%(source)s", person="t.theirs")})
  AND NOT EXISTS ({OPEN_REVIEW_SQL.format(one="t.mine", two="t.theirs")})
    AND NOT EXISTS ({OPEN_REVIEW_SQL.format(one="t.theirs", two="t.mine")})
ON CONFLICT (one_id, two_id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class PendingLink:
    """Link a registration that is alone at its person `old` with the person `new`, by way of one
    of that person's registrations.
    """

    source_patient_id: int
    old_person_id: UUID
    new_person_id: UUID
    via_source_patient_id: int
    reasons: Sequence[str]


def write_rule_links(pending: Sequence[PendingLink], *, by: str) -> list[tuple[int, int, UUID]]:
    """(the registration that was to be linked, which was moved, its person now), each; none where
    a human has said otherwise of it and one of the others, or where either has moved in the
    meantime. No two of them may speak of one person.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            LINK_SQL,
            {
                "sources": unquoted_array_literal(link.source_patient_id for link in pending),
                "olds": unquoted_array_literal(link.old_person_id for link in pending),
                "news": unquoted_array_literal(link.new_person_id for link in pending),
                "ways": unquoted_array_literal(link.via_source_patient_id for link in pending),
                "reasons": text_array_literal(json.dumps(link.reasons) for link in pending),
                "by": by,
            },
        )
        return cursor.fetchall()


def open_reviews(source_patient_id: int, pairs: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Put pairs before a human, each with its evidence; what was asked before of the two
    persons, or decided, is not asked again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            OPEN_REVIEWS_SQL,
            {
                "source": source_patient_id,
                "others": [o for o, _ in pairs],
                "reasons": [json.dumps(r) for _, r in pairs],
                "risks": [
                    len(RISKY_REASONS & {c.removeprefix("held:") for c in r}) for _, r in pairs
                ],
            },
        )
