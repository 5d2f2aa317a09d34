"""The rows that a hospital's feed tells, as far as a scope opens them, under one audit line."""

from collections.abc import Sequence

from alliance.platform.array_literals import unquoted_array_literal
from consent.terms import Scope
from records.store.feed_candidates import Candidate
from records.store.rows import (
    ROW_JOINS,
    Row,
    build_bare_rows,
    build_rows,
    fetch_audited,
    row_columns_sql,
    visible_sql,
)

# What was deleted says no more how sensitive it was: the version before must be visible, too.
# index: record_resource_pkey, record_history_pkey
CHOSEN_SQL = """
SELECT {columns} FROM unnest(%(rids)s::bigint[], %(versions)s::integer[]) AS w(rid, version)
JOIN record_resource r ON r.rid = w.rid AND r.version = w.version {joins}
WHERE {visible} {deleted} ORDER BY r.xid, r.rid
"""
WAS_VISIBLE_SQL = """AND (NOT r.deleted OR EXISTS (SELECT FROM record_history v
  WHERE v.rid = r.rid AND v.version = r.version - 1 AND {visible}))"""


def fetch_chosen(scope: Scope, chosen: Sequence[Candidate], *, bodies: bool) -> list[Row]:
    """Of these, as far as the scope opens them and nobody has written since; without bodies where
    none is asked for.
    """
    visible, parameters = visible_sql(scope, frozenset())
    deleted = ""
    if scope.store_hospital_id is None:
        was_visible, before = visible_sql(scope, frozenset(), "v", may_be_old=True)
        deleted = WAS_VISIBLE_SQL.format(visible=was_visible.replace("%(scope_", "%(before_scope_"))
        parameters = {**parameters, **{f"before_{k}": v for k, v in before.items()}}
    columns = row_columns_sql("r.xid::text")
    select = CHOSEN_SQL.format(
        columns=columns if bodies else columns.replace("r.body", "''::bytea AS body"),
        joins=ROW_JOINS,
        visible=visible,
        deleted=deleted,
    )
    found = fetch_audited(
        scope,
        select,
        {
            **parameters,
            "rids": unquoted_array_literal(c.resource_id for c in chosen),
            "versions": unquoted_array_literal(c.version for c in chosen),
        },
    )
    return build_rows(scope, found) if bodies else build_bare_rows(scope, found)
