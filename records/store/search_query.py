"""Run a search plan under a scope: a page of rows, or the exact total. Filters are all in SQL,
so totals are true.
"""

from collections.abc import Iterator
from typing import Any

from alliance.platform.page_priority import yield_to_pages
from consent.row_security import scoped_cursor
from consent.terms import Scope
from records.fhir.hashes import index_hash
from records.fhir.resource_types import DIRECTORY_TYPES, TYPES
from records.search.include import Include
from records.search.search_plan import SearchPlan
from records.store.rows import (
    ROW_JOINS,
    Row,
    branches_sql,
    build_rows,
    count_sql,
    fetch_audited,
    row_columns_sql,
    visible_or_directory_sql,
    where_sql,
)

TOGETHER = 100  # bodies that are opened in one go
# index: record_resource_patient, record_resource_tokens, record_resource_updated
PART = "SELECT * FROM record_resource r WHERE {where} ORDER BY {order} LIMIT %(limit)s"
PAGE = """
SELECT {columns} FROM ({part}) r {joins}
ORDER BY {order}
"""
TOTAL = "SELECT {number} AS n, NULL::text AS ref, NULL::uuid AS person, NULL::uuid[] AS others"


def fetch_page(scope: Scope, plan: SearchPlan) -> list[Row]:
    """At most plan.limit rows; the last of so many only tells of a next page, and the audit line
    does not name it.
    """
    parts, parameters = branches_sql(scope, DIRECTORY_TYPES, plan.where)
    arms = [
        (f"{p} AND {visible}", order)
        for p in parts
        for visible, order in plan.arms or (("true", plan.order),)
    ]
    part = " UNION ALL ".join(f"({PART.format(where=where, order=order)})" for where, order in arms)
    if len(arms) > 1:
        part = f"SELECT * FROM ({part}) r ORDER BY {plan.order} LIMIT %(limit)s"
    select = PAGE.format(
        columns=row_columns_sql(plan.key, f"row_number() OVER (ORDER BY {plan.order}) < %(limit)s"),
        joins=ROW_JOINS,
        part=part,
        order=plan.order,
    )
    return build_rows(
        scope, fetch_audited(scope, select, {**plan.parameters, **parameters, "limit": plan.limit})
    )


def count_matches(scope: Scope, plan: SearchPlan) -> int:
    count, scope_parameters = count_sql(scope, DIRECTORY_TYPES, plan.where)
    return int(
        fetch_audited(scope, TOTAL.format(number=count), {**plan.parameters, **scope_parameters})[
            0
        ][0]
    )


PATIENT = TYPES["Patient"].number
INCLUDED = (
    "SELECT {columns} FROM record_resource r {joins} WHERE r.rid IN ({rids}) AND {visible} AND"
    " r.rid <> ALL(%(have)s) ORDER BY r.rid LIMIT %(limit)s"
)
# index: record_reference_rid, record_resource_named, record_resource_patient
FORWARD = f"""
SELECT t.rid FROM record_reference x JOIN record_resource s ON s.rid = x.rid
  JOIN record_resource t ON t.named = x.target AND t.hospital = s.hospital AND NOT t.deleted
  WHERE x.rid = ANY(%(rids)s) AND x.parameter = ANY(%(parameters)s)
    AND (%(target)s::smallint IS NULL OR t.type = %(target)s)
UNION SELECT t.rid FROM record_resource s JOIN record_resource t ON t.patient = s.patient
  AND t.type = {PATIENT} AND NOT t.deleted
  WHERE s.rid = ANY(%(rids)s) AND s.patient <> 0 AND %(about)s
"""
# index: record_reference_target, record_resource_patient
BACKWARD = f"""
SELECT t.rid FROM record_resource s JOIN record_reference x ON x.target = s.named
  AND x.parameter = ANY(%(parameters)s)
  JOIN record_resource t ON t.rid = x.rid AND t.hospital = s.hospital AND t.type = %(source)s
    AND NOT t.deleted
  WHERE s.rid = ANY(%(rids)s)
UNION SELECT t.rid FROM record_resource s JOIN record_resource t ON t.patient = s.patient
  AND t.type = %(source)s AND NOT t.deleted
  WHERE s.rid = ANY(%(rids)s) AND s.type = {PATIENT} AND %(about)s
"""


def fetch_included(
    scope: Scope, step: Include, from_ids: list[int], shown_ids: list[int], limit: int
) -> list[Row]:
    """What one _include or _revinclude adds to the rows, but for those that the answer has."""
    visible, scope_parameters = visible_or_directory_sql(scope, DIRECTORY_TYPES)
    select = INCLUDED.format(
        columns=row_columns_sql(),
        joins=ROW_JOINS,
        visible=visible,
        rids=BACKWARD if step.backward else FORWARD,
    )
    leads_to_patient = step.target in (None, "Patient") and any(
        p.code in TYPES[step.source].subject_params for p in step.parameters
    )
    parameters = {
        "rids": from_ids,
        "have": shown_ids,
        "limit": limit,
        "target": TYPES[step.target].number if step.target else None,
        "source": TYPES[step.source].number,
        "about": leads_to_patient,
        "parameters": [index_hash(step.source, p.code) for p in step.parameters],
    }
    return build_rows(scope, fetch_audited(scope, select, {**parameters, **scope_parameters}))


# index: record_reference_rid, record_resource_named
REFERRED = """
SELECT t.rid FROM record_reference x JOIN record_resource s ON s.rid = x.rid
  JOIN record_resource t ON t.named = x.target AND t.hospital = s.hospital AND NOT t.deleted
    AND t.patient = 0
  WHERE x.rid = ANY(%(rids)s)
"""


def fetch_referred(scope: Scope, from_ids: list[int]) -> list[Row]:
    """What the rows refer to that is about no patient."""
    visible, scope_parameters = visible_or_directory_sql(scope, DIRECTORY_TYPES)
    select = INCLUDED.format(
        columns=row_columns_sql(), joins=ROW_JOINS, visible=visible, rids=REFERRED
    )
    return build_rows(
        scope,
        fetch_audited(
            scope,
            select,
            {"rids": from_ids, "have": from_ids, "limit": 10 * len(from_ids), **scope_parameters},
        ),
    )


def fetch_inner_bodies(
    scope: Scope, plan: SearchPlan, limit: int
) -> tuple[int, Iterator[tuple[int, bytes]]]:
    """How many rows an operation chooses from, at most `limit`, and (rid, body) of each in the
    plan's order, opened as they are taken. They stay inside: what is shown is read again by
    `chosen`, with its audit line.
    """
    where, scope_parameters = where_sql(scope, DIRECTORY_TYPES, plan.where)
    select = PAGE.format(
        columns=row_columns_sql(shown="false"),
        joins=ROW_JOINS,
        part=PART.format(where=where, order=plan.order),
        order=plan.order,
    )
    with scoped_cursor(scope) as cursor:
        cursor.execute(select, {**plan.parameters, **scope_parameters, "limit": limit})
        rows = cursor.fetchall()
    return len(rows), iterate_bodies(scope, rows)


def iterate_bodies(scope: Scope, rows: list[tuple[Any, ...]]) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(rows), TOGETHER):
        yield_to_pages()
        for row in build_rows(scope, rows[start : start + TOGETHER]):
            yield row.resource_id, row.body


def fetch_rows_by_number(scope: Scope, plan: SearchPlan, resource_ids: list[int]) -> list[Row]:
    """The rows of these numbers, in the plan's order."""
    where, scope_parameters = where_sql(
        scope, DIRECTORY_TYPES, f"r.rid = ANY(%(chosen)s) AND {plan.where}"
    )
    select = PAGE.format(
        columns=row_columns_sql(),
        joins=ROW_JOINS,
        part=PART.format(where=where, order=plan.order),
        order=plan.order,
    )
    return build_rows(
        scope,
        fetch_audited(
            scope,
            select,
            {
                **plan.parameters,
                **scope_parameters,
                "chosen": resource_ids,
                "limit": len(resource_ids),
            },
        ),
    )
