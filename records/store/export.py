"""Read a whole store, or a person's part of it, in order of writing, for bulk files; every page with its audit line."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alliance.config.literals import plain
from consent.terms import Scope
from consent.wall import behind
from records.fhir.hashes import hashed
from records.fhir.types import DIRECTORY, NAMES, TYPES
from records.search.parse import SearchRequest
from records.search.plan import narrowed
from records.search.terms import VISIBLE
from records.store.rows import JOINS, Row, asked, columns, rows, where

# index: record_resource_updated, record_resource_gone
PAGE = """
SELECT {columns} FROM (SELECT * FROM record_resource r WHERE {where} ORDER BY r.last_updated, r.rid LIMIT %(limit)s) r {joins} ORDER BY r.last_updated, r.rid
"""
# index: record_reference_rid, record_resource_named
ABOUT = f"""EXISTS (SELECT FROM record_reference a JOIN record_resource t8 ON t8.named = a.target AND t8.hospital = r.hospital AND NOT t8.deleted
  WHERE a.rid = r.rid AND a.parameter = %(about)s AND {VISIBLE.format(alias="t8")} AND ({{of}}){{latest}})"""
# index: record_reference_target
LATEST = f""" AND NOT EXISTS (SELECT FROM record_reference b JOIN record_resource t7 ON t7.rid = b.rid AND t7.hospital = r.hospital AND NOT t7.deleted
  WHERE b.target = a.target AND b.parameter = a.parameter AND {VISIBLE.format(alias="t7")} AND (t7.dated, t7.rid) > (r.dated, r.rid))"""
PROVENANCE = "Provenance"

Position = tuple[dt.datetime, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an export brings of one type. since: what changed from then on; patients: only what is about these rows of the index; filters: only what fits one of
    these searches, all where there is none."""

    type_name: str
    since: dt.datetime | None = None
    patients: tuple[int, ...] | None = None
    filters: tuple[SearchRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class Origins:
    """Of the Provenances those that are about what an export brings; latest: of each resource the newest one alone; besides: those that it brings anyway."""

    of: tuple[Wanted, ...]
    latest: bool
    besides: Wanted | None = None


def page(scope: Scope, wanted: Wanted | Origins, after: Position | None, limit: int, *, named: bool) -> list[Row]:
    """The next rows. named: the audit line names each resource; an export of an own store says only what it was of."""
    bound: dict[str, Any] = {"limit": limit}
    if isinstance(wanted, Wanted):
        test = fitting(wanted, scope.whole, bound, "w_", "r")
    else:
        bound["origin"], bound["about"] = TYPES[PROVENANCE].number, hashed(PROVENANCE, "target")
        of = " OR ".join(fitting(w, scope.whole, bound, f"w{i}_", "t8") for i, w in enumerate(wanted.of))
        test = f"r.type = %(origin)s AND {ABOUT.format(of=of or 'false', latest=LATEST if wanted.latest else '')}"
        if wanted.besides:
            test = f"({test} OR {fitting(wanted.besides, scope.whole, bound, 'w_', 'r')})"
    return fetch(scope, PAGE, ["NOT r.deleted", test], bound, after, named)


def fitting(wanted: Wanted, hospital_id: int | None, bound: dict[str, Any], name: str, r: str) -> str:
    """The test on the row with the alias r; name: what the names of its values begin with."""
    tests = [f"{r}.type = %({name}kind)s"]
    bound[f"{name}kind"] = TYPES[wanted.type_name].number
    if wanted.since is not None:
        tests.append(f"{r}.last_updated >= %({name}since)s")
        bound[f"{name}since"] = wanted.since
    if wanted.patients is not None:
        tests.append(f"{r}.patient = ANY(%({name}patients)s)")
        bound[f"{name}patients"] = list(wanted.patients)
    if wanted.filters:
        each = (" AND ".join(narrowed(f, hospital_id, bound, f"{name}{i}_", r)) for i, f in enumerate(wanted.filters))
        tests.append(f"({' OR '.join(f'({test})' for test in each)})")
    return f"({' AND '.join(tests)})"


def present(scope: Scope, types: Sequence[str]) -> list[str]:
    """Which of these types the scope has any of: the others need no page, and no line in the audit log."""
    test, more = where(scope, DIRECTORY, "r.type = t.number AND NOT r.deleted")
    with behind(scope) as cursor:
        cursor.execute(f"SELECT t.number FROM unnest(%(types)s::smallint[]) WITH ORDINALITY t(number, place) WHERE EXISTS (SELECT FROM record_resource r WHERE {test}) ORDER BY t.place",
                       {"types": plain(TYPES[t].number for t in types), **more})
        return [NAMES[n] for (n,) in cursor.fetchall()]


def gone(scope: Scope, since: dt.datetime, types: Sequence[str], after: Position | None, limit: int) -> list[Row]:
    """What was deleted since, of these types."""
    tests = ["r.deleted", "r.type = ANY(%(types)s)", "r.last_updated >= %(since)s"]
    return fetch(scope, PAGE, tests, {"types": [TYPES[t].number for t in types], "since": since, "limit": limit}, after, False)


def fetch(scope: Scope, sql: str, tests: list[str], bound: dict[str, Any], after: Position | None, named: bool) -> list[Row]:
    if after is not None:
        tests.append("(r.last_updated, r.rid) > (%(at)s, %(at_rid)s)")
        bound["at"], bound["at_rid"] = after
    test, more = where(scope, DIRECTORY, " AND ".join(tests))
    select = sql.format(columns=columns(named=named), joins=JOINS, where=test)
    return rows(scope, asked(scope, select, {**bound, **more}))
