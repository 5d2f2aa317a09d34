"""Run a search plan under a scope: a page of rows, or the exact total. Filters are all in SQL, so totals are true."""

from consent.terms import Scope
from consent.wall import behind
from records.fhir.hashes import hashed
from records.fhir.types import DIRECTORY, TYPES
from records.search.include import Include
from records.search.plan import Plan
from records.store.rows import JOINS, Row, asked, beside, branches, columns, number, rows, where

# index: record_resource_patient, record_resource_tokens, record_resource_updated
PART = "SELECT * FROM record_resource r WHERE {where} ORDER BY {order} LIMIT %(limit)s"
PAGE = """
SELECT {columns} FROM ({part}) r {joins}
ORDER BY {order}
"""
TOTAL = "SELECT {number} AS n, NULL::text AS ref, NULL::uuid AS person, NULL::uuid[] AS others"


def page(scope: Scope, plan: Plan) -> list[Row]:
    """At most plan.limit rows; the last of so many only tells of a next page, and the audit line does not name it."""
    parts, bound = branches(scope, DIRECTORY, plan.where)
    arms = [(f"{p} AND {test}", order) for p in parts for test, order in plan.arms or (("true", plan.order),)]
    part = " UNION ALL ".join(f"({PART.format(where=where, order=order)})" for where, order in arms)
    if len(arms) > 1:
        part = f"SELECT * FROM ({part}) r ORDER BY {plan.order} LIMIT %(limit)s"
    select = PAGE.format(columns=columns(plan.key, f"row_number() OVER (ORDER BY {plan.order}) < %(limit)s"), joins=JOINS, part=part, order=plan.order)
    return rows(scope, asked(scope, select, {**plan.parameters, **bound, "limit": plan.limit}))


def total(scope: Scope, plan: Plan) -> int:
    found, bound = number(scope, DIRECTORY, plan.where)
    return int(asked(scope, TOTAL.format(number=found), {**plan.parameters, **bound})[0][0])


PATIENT = TYPES["Patient"].number
INCLUDED = "SELECT {columns} FROM record_resource r {joins} WHERE r.rid IN ({rids}) AND {visible} AND r.rid <> ALL(%(have)s) ORDER BY r.rid LIMIT %(limit)s"
# index: record_reference_rid, record_resource_named, record_resource_patient
FORWARD = f"""
SELECT t.rid FROM record_reference x JOIN record_resource s ON s.rid = x.rid
  JOIN record_resource t ON t.named = x.target AND t.hospital = s.hospital AND NOT t.deleted
  WHERE x.rid = ANY(%(rids)s) AND x.parameter = ANY(%(parameters)s) AND (%(target)s::smallint IS NULL OR t.type = %(target)s)
UNION SELECT t.rid FROM record_resource s JOIN record_resource t ON t.patient = s.patient AND t.type = {PATIENT} AND NOT t.deleted
  WHERE s.rid = ANY(%(rids)s) AND s.patient <> 0 AND %(about)s
"""
# index: record_reference_target, record_resource_patient
BACKWARD = f"""
SELECT t.rid FROM record_resource s JOIN record_reference x ON x.target = s.named AND x.parameter = ANY(%(parameters)s)
  JOIN record_resource t ON t.rid = x.rid AND t.hospital = s.hospital AND t.type = %(source)s AND NOT t.deleted
  WHERE s.rid = ANY(%(rids)s)
UNION SELECT t.rid FROM record_resource s JOIN record_resource t ON t.patient = s.patient AND t.type = %(source)s AND NOT t.deleted
  WHERE s.rid = ANY(%(rids)s) AND s.type = {PATIENT} AND %(about)s
"""


def included(scope: Scope, step: Include, rids: list[int], have: list[int], limit: int) -> list[Row]:
    """What one _include or _revinclude adds to the rows, but for those that the answer has."""
    test, bound = beside(scope, DIRECTORY)
    select = INCLUDED.format(columns=columns(), joins=JOINS, visible=test, rids=BACKWARD if step.backward else FORWARD)
    about = step.target in (None, "Patient") and any(p.code in TYPES[step.source].subject_params for p in step.parameters)
    parameters = {"rids": rids, "have": have, "limit": limit, "target": TYPES[step.target].number if step.target else None, "source": TYPES[step.source].number, "about": about,
                  "parameters": [hashed(step.source, p.code) for p in step.parameters]}
    return rows(scope, asked(scope, select, {**parameters, **bound}))


# index: record_reference_rid, record_resource_named
REFERRED = """
SELECT t.rid FROM record_reference x JOIN record_resource s ON s.rid = x.rid
  JOIN record_resource t ON t.named = x.target AND t.hospital = s.hospital AND NOT t.deleted AND t.patient = 0
  WHERE x.rid = ANY(%(rids)s)
"""


def referred(scope: Scope, rids: list[int]) -> list[Row]:
    """What the rows refer to that is about no patient."""
    test, bound = beside(scope, DIRECTORY)
    select = INCLUDED.format(columns=columns(), joins=JOINS, visible=test, rids=REFERRED)
    return rows(scope, asked(scope, select, {"rids": rids, "have": rids, "limit": 10 * len(rids), **bound}))


def candidates(scope: Scope, plan: Plan, most: int) -> list[tuple[int, bytes]]:
    """(rid, body) of rows that an operation chooses from, in the plan's order; at most `most`. They stay inside: what is shown is read again
    by `chosen`, with its audit line."""
    tests, bound = where(scope, DIRECTORY, plan.where)
    select = PAGE.format(columns=columns(shown="false"), joins=JOINS, part=PART.format(where=tests, order=plan.order), order=plan.order)
    with behind(scope) as cursor:
        cursor.execute(select, {**plan.parameters, **bound, "limit": most})
        return [(r.rid, r.body) for r in rows(scope, cursor.fetchall())]


def chosen(scope: Scope, plan: Plan, rids: list[int]) -> list[Row]:
    """The rows of these numbers, in the plan's order."""
    tests, bound = where(scope, DIRECTORY, f"r.rid = ANY(%(chosen)s) AND {plan.where}")
    select = PAGE.format(columns=columns(), joins=JOINS, part=PART.format(where=tests, order=plan.order), order=plan.order)
    return rows(scope, asked(scope, select, {**plan.parameters, **bound, "chosen": rids, "limit": len(rids)}))
