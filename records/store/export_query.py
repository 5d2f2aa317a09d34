"""Read a whole store, or a person's part of it, in order of writing, for bulk files; every page
with its audit line.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alliance.platform.array_literals import unquoted_array_literal
from consent.row_security import scoped_cursor
from consent.terms import Scope
from records.fhir.hashes import index_hash
from records.fhir.resource_types import DIRECTORY_TYPES, TYPE_NAMES, TYPES
from records.search.search_plan import row_tests_sql
from records.search.search_request import SearchRequest
from records.search.search_terms import VISIBLE
from records.store.rows import ROW_JOINS, Row, build_rows, fetch_audited, row_columns_sql, where_sql

# index: record_resource_updated, record_resource_gone
EXPORT_PAGE_SQL = """
SELECT {columns} FROM (SELECT * FROM record_resource r WHERE {where}
    ORDER BY r.last_updated, r.rid LIMIT %(limit)s) r {joins} ORDER BY r.last_updated, r.rid
"""
# index: record_reference_rid, record_resource_named
PROVENANCE_TARGET_SQL = f"""EXISTS (SELECT FROM record_reference a
    JOIN record_resource t8 ON t8.named = a.target AND t8.hospital = r.hospital AND NOT t8.deleted
  WHERE a.rid = r.rid AND a.parameter = %(about)s AND {VISIBLE.format(alias="t8")}
    AND ({{of}}){{latest}})"""
# index: record_reference_target
LATEST_PROVENANCE_SQL = f""" AND NOT EXISTS (SELECT FROM record_reference b
    JOIN record_resource t7 ON t7.rid = b.rid AND t7.hospital = r.hospital AND NOT t7.deleted
  WHERE b.target = a.target AND b.parameter = a.parameter AND {VISIBLE.format(alias="t7")}
    AND (t7.dated, t7.rid) > (r.dated, r.rid))"""
PROVENANCE = "Provenance"

Position = tuple[dt.datetime, int]


@dataclass(frozen=True, slots=True)
class ExportSelection:
    """What an export brings of one type. since: what changed from then on; patients: only what
    is about these rows of the index; filters: only what fits one of these searches, all where there
    is none.
    """

    type_name: str
    since: dt.datetime | None = None
    patients: tuple[int, ...] | None = None
    filters: tuple[SearchRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class ProvenanceSelection:
    """Of the Provenances those that are about what an export brings; latest: of each resource
    the newest one alone; besides: those that it brings anyway.
    """

    of: tuple[ExportSelection, ...]
    latest: bool
    besides: ExportSelection | None = None


def fetch_export_page(
    scope: Scope,
    selection: ExportSelection | ProvenanceSelection,
    after: Position | None,
    limit: int,
    *,
    names_resource: bool,
) -> list[Row]:
    """The next rows. names_resource: the audit line names each resource; an export of an own store
    says only what it was of.
    """
    parameters: dict[str, Any] = {"limit": limit}
    if isinstance(selection, ExportSelection):
        test = selection_sql(selection, scope.store_hospital_id, parameters, "w_", "r")
    else:
        parameters["origin"], parameters["about"] = (
            TYPES[PROVENANCE].number,
            index_hash(PROVENANCE, "target"),
        )
        covered = " OR ".join(
            selection_sql(covered_selection, scope.store_hospital_id, parameters, f"w{i}_", "t8")
            for i, covered_selection in enumerate(selection.of)
        )
        latest = LATEST_PROVENANCE_SQL if selection.latest else ""
        target_test = PROVENANCE_TARGET_SQL.format(of=covered or "false", latest=latest)
        test = f"r.type = %(origin)s AND {target_test}"
        if selection.besides:
            besides = selection_sql(
                selection.besides, scope.store_hospital_id, parameters, "w_", "r"
            )
            test = f"({test} OR {besides})"
    return fetch_export_rows(
        scope, EXPORT_PAGE_SQL, ["NOT r.deleted", test], parameters, after, names_resource
    )


def selection_sql(
    selection: ExportSelection,
    hospital_id: int | None,
    parameters: dict[str, Any],
    prefix: str,
    alias: str,
) -> str:
    """The test on the row with the alias r; prefix: what the names of its values begin with."""
    tests = [f"{alias}.type = %({prefix}kind)s"]
    parameters[f"{prefix}kind"] = TYPES[selection.type_name].number
    if selection.since is not None:
        tests.append(f"{alias}.last_updated >= %({prefix}since)s")
        parameters[f"{prefix}since"] = selection.since
    if selection.patients is not None:
        tests.append(f"{alias}.patient = ANY(%({prefix}patients)s)")
        parameters[f"{prefix}patients"] = list(selection.patients)
    if selection.filters:
        filter_tests = (
            " AND ".join(
                row_tests_sql(type_filter, hospital_id, parameters, f"{prefix}{i}_", alias)
            )
            for i, type_filter in enumerate(selection.filters)
        )
        tests.append(f"({' OR '.join(f'({test})' for test in filter_tests)})")
    return f"({' AND '.join(tests)})"


def list_types_present(scope: Scope, types: Sequence[str]) -> list[str]:
    """Which of these types the scope has any of: the others need no page, and no line in the
    audit log.
    """
    where, scope_parameters = where_sql(
        scope, DIRECTORY_TYPES, "r.type = t.number AND NOT r.deleted"
    )
    with scoped_cursor(scope) as cursor:
        cursor.execute(
            "SELECT t.number FROM unnest(%(types)s::smallint[]) WITH ORDINALITY t(number, place)"
            f" WHERE EXISTS (SELECT FROM record_resource r WHERE {where}) ORDER BY t.place",
            {"types": unquoted_array_literal(TYPES[t].number for t in types), **scope_parameters},
        )
        return [TYPE_NAMES[n] for (n,) in cursor.fetchall()]


def fetch_deletions(
    scope: Scope, since: dt.datetime, types: Sequence[str], after: Position | None, limit: int
) -> list[Row]:
    """What was deleted since, of these types."""
    tests = ["r.deleted", "r.type = ANY(%(types)s)", "r.last_updated >= %(since)s"]
    return fetch_export_rows(
        scope,
        EXPORT_PAGE_SQL,
        tests,
        {"types": [TYPES[t].number for t in types], "since": since, "limit": limit},
        after,
        False,
    )


def fetch_export_rows(
    scope: Scope,
    sql: str,
    tests: list[str],
    parameters: dict[str, Any],
    after: Position | None,
    names_resource: bool,
) -> list[Row]:
    if after is not None:
        tests.append("(r.last_updated, r.rid) > (%(at)s, %(at_rid)s)")
        parameters["at"], parameters["at_rid"] = after
    where, scope_parameters = where_sql(scope, DIRECTORY_TYPES, " AND ".join(tests))
    select = sql.format(
        columns=row_columns_sql(names_resource=names_resource), joins=ROW_JOINS, where=where
    )
    return build_rows(scope, fetch_audited(scope, select, {**parameters, **scope_parameters}))
