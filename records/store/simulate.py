"""How many of a patient's records in the scope's own store would fit what others may see: numbers only, no row leaves."""

from collections.abc import Sequence
from typing import Any

from consent.audit.append import witnessed
from consent.criteria import Criterion
from consent.terms import Scope
from records.store.criteria import sql
from records.store.rows import visible

# index: record_resource_patient
COUNTS = "SELECT count(*), ARRAY[{counts}]::bigint[], NULL::text AS ref, NULL::uuid AS person FROM record_resource r WHERE {visible} AND r.patient = ANY(%(patients)s) AND NOT r.deleted"


def counts(scope: Scope, patients: Sequence[int], criteria: Sequence[Criterion]) -> tuple[int, list[int]]:
    """(all, how many fit each criterion)."""
    test, bound = visible(scope, frozenset())

    def bind(value: Any) -> str:
        bound[f"sim_{len(bound)}"] = value
        return f"%(sim_{len(bound) - 1})s"

    each = ", ".join(f"count(*) FILTER (WHERE {sql(c, 'r', bind)})" for c in criteria)
    every, fitting = witnessed(COUNTS.format(counts=each, visible=test), {**bound, "patients": list(patients)}, scope.event)[0][:2]
    return int(every), list(fitting)
