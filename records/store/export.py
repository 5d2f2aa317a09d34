"""Read a whole store, or a person's part of it, in order of writing, for bulk files; every page with its audit line."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from alliance.config.literals import plain
from consent.terms import Scope
from consent.wall import behind
from records.fhir.types import DIRECTORY, NAMES, TYPES
from records.store.rows import COLUMNS, JOINS, Row, asked, rows, where

# index: record_resource_updated, record_resource_gone
PAGE = """
SELECT {columns} FROM (SELECT * FROM record_resource r WHERE {where} ORDER BY r.last_updated, r.rid LIMIT %(limit)s) r {joins} ORDER BY r.last_updated, r.rid
"""

Position = tuple[dt.datetime, int]


def page(scope: Scope, type_name: str, since: dt.datetime | None, patients: list[int] | None, after: Position | None, limit: int, *, named: bool) -> list[Row]:
    """The next rows of one type. patients: only what is about these rows of the index. named: the audit line names each resource; an export
    of an own store says only what it was of."""
    tests = ["r.type = %(type)s", "NOT r.deleted"]
    bound: dict[str, Any] = {"type": TYPES[type_name].number, "limit": limit}
    if patients is not None:
        tests.append("r.patient = ANY(%(patients)s)")
        bound["patients"] = patients
    return fetch(scope, PAGE, tests, bound, since, after, named)


def present(scope: Scope, types: Sequence[str]) -> list[str]:
    """Which of these types the scope has any of: the others need no page, and no line in the audit log."""
    test, more = where(scope, DIRECTORY, "r.type = t.number AND NOT r.deleted")
    with behind(scope) as cursor:
        cursor.execute(f"SELECT t.number FROM unnest(%(types)s::smallint[]) WITH ORDINALITY t(number, place) WHERE EXISTS (SELECT FROM record_resource r WHERE {test}) ORDER BY t.place",
                       {"types": plain(TYPES[t].number for t in types), **more})
        return [NAMES[n] for (n,) in cursor.fetchall()]


def gone(scope: Scope, since: dt.datetime, after: Position | None, limit: int) -> list[Row]:
    """What was deleted since."""
    return fetch(scope, PAGE, ["r.deleted"], {"limit": limit}, since, after, False)


def fetch(scope: Scope, sql: str, tests: list[str], bound: dict[str, Any], since: dt.datetime | None, after: Position | None, named: bool) -> list[Row]:
    if since is not None:
        tests.append("r.last_updated >= %(since)s")
        bound["since"] = since
    if after is not None:
        tests.append("(r.last_updated, r.rid) > (%(at)s, %(at_rid)s)")
        bound["at"], bound["at_rid"] = after
    test, more = where(scope, DIRECTORY, " AND ".join(tests))
    select = sql.format(columns=COLUMNS.format(key="''", shown="true" if named else "false"), joins=JOINS, where=test)
    return rows(scope, asked(scope, select, {**bound, **more}))
