"""For records.maintenance.index_fill: rows get the entries of this release's index beside those
of the last one, and lose the older ones once nobody asks for them (docs/adr/0043). Only the
operator's commands and the job worker come here.

No batch ever waits for a row while it holds others: of two that wait for each other PostgreSQL ends
one, and that must not be a request.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from alliance.database.index_version import VERSION
from records.fhir.hashes import TAG
from records.fhir.resource_types import TYPE_NAMES
from records.search.search_terms import IndexValues
from records.store.codec import RowIdentity, decrypt_bodies
from records.store.draft_columns import build_search_columns, build_side_columns
from records.store.resource_writer import INDEX_SQL
from records.store.rows import Draft
from records.store.vocabulary import learn_texts

BATCH = (
    200  # rows of one transaction: a writer waits for one of them for less than a tenth of a second
)
OLDER = 500
DUE = f"record_resource_due_{VERSION}"
# Walked in an order that no other index has, so that the planner never takes the primary key and
# reads every row.
MAKE = (
    f"CREATE INDEX CONCURRENTLY {DUE} ON record_resource (index_version, rid) WHERE index_version <"
    f" {VERSION}"
)
VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"
# index: record_resource_due
NEXT = f"""
SELECT rid, hospital, type, fhir_id, version, last_updated, deleted, body, index_version
  FROM record_resource
WHERE index_version < {VERSION} AND (index_version, rid) > (%s, %s)
  ORDER BY index_version, rid LIMIT {BATCH}
"""
FREE = (
    "SELECT rid, version FROM record_resource WHERE rid = ANY(%s::bigint[]) AND index_version <"
    f" {VERSION} FOR NO KEY UPDATE SKIP LOCKED"
)
# Dates, marks and names are columns of one value each: their meaning does not change with the
# version (tests/contracts/test_index_columns.py).
FILL = f"""
WITH kept AS (
  UPDATE record_resource SET tokens = tokens || %(tokens)s::bigint[], present = %(present)s,
    labels = labels | %(labels)s, index_version = {VERSION}
  WHERE rid = %(rid)s RETURNING rid, last_updated
), {INDEX_SQL}
"""
REMAINING = f"SELECT count(*) FROM record_resource WHERE index_version < {VERSION}"


class IndexState(NamedTuple):
    """The row of record_index."""

    version: int
    switching: bool
    filling: int | None
    remaining: int
    contracted: int | None


class DueRow(NamedTuple):
    """A row that is due. hospital: its number; draft: with the stored body and no index yet;
    kept: the newest version of the index that it carries.
    """

    hospital: int
    draft: Draft
    kept: int


def load_index_state() -> IndexState:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version, switching, filling, remaining, contracted FROM record_index"
        )
        return IndexState(*cursor.fetchone())


def update_index_state(**columns: Any) -> None:
    """Into the row of record_index."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE record_index SET {', '.join(f'{c} = %({c})s' for c in columns)}", columns
        )


def create_due_index() -> None:
    """Make the index by which due rows are found, beside the site. One that a broken-off attempt
    left is none.
    """
    with connection.cursor() as cursor:
        cursor.execute(VALID, [DUE])
        found = cursor.fetchone()
        if found is None or not found[0]:
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {DUE}")
            cursor.execute(MAKE)


def drop_due_indexes() -> None:
    """Drop such indexes: of this version's filling, and of one that was never finished."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE 'record\\_resource\\_due\\_%%' AND"
            " relnamespace = 'public'::regnamespace"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def count_due_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute(REMAINING)
        return int(cursor.fetchone()[0])


def fetch_due_rows(kept: int, rid: int) -> list[DueRow]:
    """The next rows that are due, behind this one; deleted ones too, for their older versions
    are labelled. Nothing is locked.
    """
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [kept, rid])
        rows = cursor.fetchall()
    bodies = decrypt_bodies([(bytes(r[7]), RowIdentity(*r[1:6])) for r in rows])
    return [
        DueRow(
            r[1],
            Draft(
                TYPE_NAMES[r[2]],
                r[3],
                r[4],
                0,
                None,
                0,
                IndexValues(),
                body,
                deleted=r[6],
                resource_id=r[0],
                last_updated=r[5],
            ),
            r[8],
        )
        for r, body in zip(rows, bodies, strict=True)
    ]


def fill_due_rows(due_rows: Sequence[DueRow]) -> int:
    """Write the entries of those that are still as they were and that nobody is writing, inside
    the caller's transaction; how many. The others stay due.
    """
    learn_texts(f.draft.index for f in due_rows)
    with connection.cursor() as cursor:
        cursor.execute(FREE, [[f.draft.resource_id for f in due_rows]])
        free = dict(cursor.fetchall())
        mine = [f for f in due_rows if free.get(f.draft.resource_id) == f.draft.version]
        if mine:
            cursor.executemany(
                FILL,
                [
                    {
                        "rid": f.draft.resource_id,
                        "labels": f.draft.labels,
                        **build_search_columns(f.draft),
                        **build_side_columns(f.draft),
                    }
                    for f in mine
                ],
            )
    return len(mine)


# index: record_history_pkey
NEXT_OLD = f"""SELECT rid, version, hospital, type, fhir_id, last_updated, labels, body
  FROM record_history
WHERE rid = ANY(%s::bigint[]) AND (rid, version) > (%s, %s) AND NOT deleted
  ORDER BY rid, version LIMIT {OLDER}"""


def fetch_older_versions(
    rids: Sequence[int], rid: int, version: int
) -> list[tuple[int, int, int, bytes]]:
    """(rid, version, labels, body) of the next old versions of these."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_OLD, [list(rids), rid, version])
        rows = cursor.fetchall()
    bodies = decrypt_bodies(
        [(bytes(r[7]), RowIdentity(r[2], r[3], r[4], r[1], r[5])) for r in rows]
    )
    return [(r[0], r[1], r[6], body) for r, body in zip(rows, bodies, strict=True)]


OF_VERSION = f"& {TAG}) = %(tag)s"
# index: record_resource_pkey
WALK = f"SELECT rid FROM record_resource WHERE rid > %s ORDER BY rid LIMIT {5 * BATCH}"
ROWS = "SELECT rid FROM record_resource WHERE rid = ANY(%s::bigint[]) FOR NO KEY UPDATE SKIP LOCKED"
CONTRACT = [
    f"""UPDATE record_resource r
      SET tokens = ARRAY(SELECT t FROM unnest(r.tokens) t WHERE (t {OF_VERSION})
      WHERE rid = ANY(%(rids)s::bigint[])
        AND EXISTS (SELECT FROM unnest(r.tokens) t WHERE NOT (t {OF_VERSION})""",
    *(
        f"DELETE FROM {table} WHERE rid = ANY(%(rids)s::bigint[]) AND NOT (parameter {OF_VERSION}"
        for table in ("record_string", "record_date", "record_reference", "record_quantity")
    ),
]
WORDS = f"DELETE FROM record_vocabulary WHERE NOT (parameter {OF_VERSION}"


def contract_rows(after: int, version: int) -> int | None:
    """Take the entries of other versions off the next rows behind this one, inside the caller's
    transaction; the last row, None behind the last one. A row that somebody is writing is left to
    them: they write it without such entries.
    """
    with connection.cursor() as cursor:
        cursor.execute(WALK, [after])
        rids = [r for (r,) in cursor.fetchall()]
        if not rids:
            cursor.execute(WORDS, {"tag": version & TAG})
            return None
        cursor.execute(ROWS, [rids])
        free = [r for (r,) in cursor.fetchall()]
        for statement in CONTRACT:
            cursor.execute(statement, {"rids": free, "tag": version & TAG})
    return rids[-1]  # type: ignore[no-any-return]
