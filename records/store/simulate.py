"""How many of a patient's records that the scope reaches would fit what others may see: numbers only, no row leaves."""

from collections.abc import Sequence
from typing import Any

from consent.audit.append import witnessed
from consent.criteria import Criterion
from consent.terms import Scope
from records.store.criteria import sql
from records.store.rows import visible

# index: record_resource_patient
COUNTS = "SELECT count(*), ARRAY[{counts}]::bigint[], NULL::text AS ref, NULL::uuid AS person FROM record_resource r WHERE {visible} AND r.patient = ANY(%(patients)s) AND NOT r.deleted"


def counts(scope: Scope, patients: Sequence[int], criteria: Sequence[Sequence[tuple[Sequence[int], Criterion]]]) -> tuple[int, list[int]]:
    """(all, how many of each view: of these rows of the index those that fit this criterion, and so on)."""
    test, bound = visible(scope, frozenset())

    def bind(value: Any) -> str:
        bound[f"sim_{len(bound)}"] = value
        return f"%(sim_{len(bound) - 1})s"

    each = ", ".join("count(*) FILTER (WHERE " + (" OR ".join(f"r.patient = ANY({bind(list(p))}) AND {sql(c, 'r', bind)}" for p, c in view) or "false") + ")" for view in criteria)
    every, fitting = witnessed(COUNTS.format(counts=each, visible=test), {**bound, "patients": list(patients)}, scope.event)[0][:2]
    return int(every), list(fitting)
