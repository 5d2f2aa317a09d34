"""Run a search plan under a scope: a page of rows, or the exact total. Filters are all in SQL, so totals are true."""

from consent.audit.append import witnessed
from consent.terms import Scope
from records.fhir.types import DIRECTORY
from records.search.plan import Plan
from records.store.rows import COLUMNS, JOINS, Row, row, visible

# index: record_resource_patient, record_resource_tokens, record_resource_updated
PAGE = """
SELECT {columns} FROM (SELECT * FROM record_resource r WHERE {visible} AND {where} ORDER BY {order} LIMIT %(limit)s) r {joins}
ORDER BY {order}
"""
TOTAL = "SELECT count(*) AS n, NULL::text AS ref, NULL::uuid AS person FROM record_resource r WHERE {visible} AND {where}"


def page(scope: Scope, plan: Plan) -> list[Row]:
    """At most plan.limit rows; the last of so many only tells of a next page, and the audit line does not name it."""
    test, bound = visible(scope, DIRECTORY)
    select = PAGE.format(columns=COLUMNS.format(key=plan.key, shown=f"row_number() OVER (ORDER BY {plan.order}) < %(limit)s"), joins=JOINS, visible=test, where=plan.where, order=plan.order)
    return [row(r) for r in witnessed(select, {**plan.parameters, **bound, "limit": plan.limit}, scope.event)]


def total(scope: Scope, plan: Plan) -> int:
    test, bound = visible(scope, DIRECTORY)
    select = TOTAL.format(visible=test, where=plan.where)
    return int(witnessed(select, {**plan.parameters, **bound}, scope.event)[0][0])
