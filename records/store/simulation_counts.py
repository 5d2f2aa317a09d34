"""How many of a patient's records that the scope reaches would fit what others may see: numbers
only, no row leaves.
"""

from collections.abc import Sequence
from typing import Any

from consent.criteria import Criterion
from consent.terms import Scope
from records.fhir.resource_types import TYPE_NAMES
from records.store.criteria_sql import criterion_sql
from records.store.rows import fetch_audited, visible_sql

# index: record_resource_patient
VIEW_COUNTS_SQL = """
SELECT r.type, count(*), ARRAY[{counts}]::bigint[], NULL::text AS ref,
  (SELECT s.person_id FROM records_sourcepatient s
      WHERE s.id = ANY(%(patients)s) LIMIT 1) AS person, NULL::uuid[] AS others
    FROM record_resource r
WHERE {visible} AND r.patient = ANY(%(patients)s) AND NOT r.deleted GROUP BY r.type ORDER BY r.type
"""


def count_per_view(
    scope: Scope,
    patients: Sequence[int],
    criteria: Sequence[Sequence[tuple[Sequence[int], Criterion]]],
) -> list[tuple[str, int, list[int]]]:
    """(type, all, how many of each view: of these rows of the index those that fit this
    criterion, and so on).
    """
    test, bound = visible_sql(scope, frozenset())

    def bind(value: Any) -> str:
        bound[f"sim_{len(bound)}"] = value
        return f"%(sim_{len(bound) - 1})s"

    each = ", ".join(
        "count(*) FILTER (WHERE "
        + (
            " OR ".join(
                f"r.patient = ANY({bind(list(p))}) AND {criterion_sql(c, 'r', bind)}"
                for p, c in view
            )
            or "false"
        )
        + ")"
        for view in criteria
    )
    counts = fetch_audited(
        scope,
        VIEW_COUNTS_SQL.format(counts=each, visible=test),
        {**bound, "patients": list(patients)},
    )
    return [(TYPE_NAMES[number], every, list(fitting)) for number, every, fitting, *_ in counts]
