"""Insert, replace and delete resources of the scope's own store; the version before goes to the
history.
"""

from collections.abc import Sequence
from dataclasses import replace as but

from django.db import IntegrityError, connection

from alliance.platform.array_literals import unquoted_array_literal
from alliance.sql.hospitals import HOSPITALS
from consent.row_security import scoped_cursor
from consent.terms import Scope
from records.fhir.hashes import reference_hash
from records.fhir.issues import Conflict, Issue, NotFound
from records.fhir.operation_outcome import ABSENT
from records.fhir.resource_types import TYPE_NAMES
from records.store.clock import NEXT_STAMP_SQL, STAMP_SQL
from records.store.codec import RowIdentity, decrypt_bodies
from records.store.draft_columns import (
    LIST_COLUMNS,
    RESOURCE_COLUMNS,
    build_resource_rows,
    build_rows_with_index,
    stamp_draft,
    transpose_rows,
)
from records.store.rows import READ, Draft, LockedRow, visible_sql
from records.store.vocabulary import learn_texts

NEW_ROW_COLUMNS = tuple(c for c in RESOURCE_COLUMNS if c != "rid")
# index: record_resource_named, alliance_hospital_pkey
LOCK = f"""
SELECT type, fhir_id, rid, version, deleted, patient, last_updated,
  (SELECT requires_version FROM {HOSPITALS} h WHERE id = %(hospital)s) FROM record_resource
WHERE named = ANY((SELECT %(named)s::bigint[])::bigint[]) AND hospital = %(hospital)s
  ORDER BY named FOR {{strength}}
"""
VALUES = ", ".join(f"%({c})s" for c in NEW_ROW_COLUMNS)
INDEX_SQL = """
strings AS (INSERT INTO record_string (rid, parameter, value)
  SELECT rid, p, v FROM kept, unnest(%(string_parameters)s::bigint[], %(strings)s::text[])
    AS t(p, v)),
dates AS (INSERT INTO record_date (rid, parameter, low, high)
  SELECT rid, p, l, h FROM kept,
    unnest(%(date_parameters)s::bigint[], %(lows)s::timestamptz[], %(highs)s::timestamptz[])
    AS t(p, l, h)),
refs AS (INSERT INTO record_reference (rid, parameter, target)
  SELECT rid, p, n FROM kept, unnest(%(reference_parameters)s::bigint[], %(targets)s::bigint[])
    AS t(p, n)),
quantities AS (INSERT INTO record_quantity (rid, parameter, low, high, base, base_to, unit, code,
      label)
  SELECT rid, t.* FROM kept, unnest(%(quantity_parameters)s::bigint[], %(least)s::float8[],
      %(most)s::float8[], %(bases)s::float8[],
    %(bases_to)s::float8[], %(units)s::int4[], %(unit_codes)s::int4[],
      %(unit_labels)s::int4[]) AS t)
SELECT rid, last_updated FROM kept
"""
DELETE_SIDE_ROWS_SQL = """
string_out AS (DELETE FROM record_string WHERE rid = %(rid)s),
  date_out AS (DELETE FROM record_date WHERE rid = %(rid)s),
reference_out AS (DELETE FROM record_reference WHERE rid = %(rid)s),
  quantity_out AS (DELETE FROM record_quantity WHERE rid = %(rid)s)
"""
INSERT = (
    f"WITH kept AS (INSERT INTO record_resource ({', '.join(NEW_ROW_COLUMNS)}, last_updated) VALUES"
    f" ({VALUES}, {STAMP_SQL}) RETURNING rid, last_updated), {INDEX_SQL}"
)
# index: record_resource_pkey, record_string_rid, record_date_rid
REPLACE = f"""
WITH history AS (
  INSERT INTO record_history (rid, hospital, type, fhir_id, version, last_updated, xid, deleted,
      patient, others, labels, body)
  SELECT rid, hospital, type, fhir_id, version, last_updated, xid, deleted, patient, others, labels,
    body
  FROM record_resource WHERE rid = %(rid)s AND hospital = %(hospital)s
), kept AS (
  UPDATE record_resource SET version = %(version)s, last_updated = {NEXT_STAMP_SQL},
    xid = alliance_xid(), deleted = %(deleted)s,
    patient = %(patient)s, others = %(others)s, labels = labels | %(labels)s, dated = %(dated)s,
      dated_to = %(dated_to)s, tokens = %(tokens)s, marks = %(marks)s,
    named = %(named)s, present = %(present)s, index_version = %(index_version)s, body = %(body)s
  WHERE rid = %(rid)s AND hospital = %(hospital)s RETURNING rid, last_updated
), {DELETE_SIDE_ROWS_SQL}, {INDEX_SQL}
"""


def require_own_hospital(scope: Scope) -> int:
    if not scope.writable or scope.store_hospital_id is None:
        raise PermissionError("this scope does not write")
    return scope.store_hospital_id


def lock_rows(
    scope: Scope, keys: Sequence[tuple[str, str]], *, deleting: bool = False
) -> dict[tuple[str, str], LockedRow]:
    """Those that exist, locked until the transaction ends. deleting: also against those who are
    about to refer to them (records.store.write_lookups.lock_targets).
    """
    if not keys:
        return {}
    with scoped_cursor(scope) as cursor:
        cursor.execute(
            LOCK.format(strength="UPDATE" if deleting else "NO KEY UPDATE"),
            {
                "hospital": require_own_hospital(scope),
                "named": unquoted_array_literal(reference_hash(f"{t}/{i}") for t, i in keys),
            },
        )
        return {(TYPE_NAMES[t], i): LockedRow(*rest) for t, i, *rest in cursor.fetchall()}


def read_locked_body(scope: Scope, resource_id: int) -> bytes:
    """The body of a row that this writer has locked; the write's own audit line names it. Raises
    NotFound for one that is sealed: what is changed in part is read.
    """
    require_own_hospital(scope)
    visible, scope_parameters = visible_sql(but(scope, writable=False), frozenset())
    with scoped_cursor(scope) as cursor:
        cursor.execute(
            "SELECT body, hospital, type, fhir_id, version, last_updated FROM record_resource r"
            f" WHERE rid = %(rid)s AND {visible}",
            {**scope_parameters, "rid": resource_id},
        )
        row = cursor.fetchone()
        if row is None:
            raise NotFound(ABSENT)
        return decrypt_bodies([(bytes(row[0]), RowIdentity(*row[1:]))])[0]


# index: record_resource_named
BODIES = """SELECT body, hospital, type, fhir_id, version, last_updated FROM record_resource r
WHERE named = ANY((SELECT %(keys)s::bigint[])::bigint[]) AND r.hospital = %(own)s AND NOT deleted
  AND {visible}"""


def fetch_bodies_to_compare(
    scope: Scope, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], bytes]:
    """{(type, id): body} of those of this writer's own store that are there and not sealed, to
    compare what is written with; never told as such.
    """
    if not keys:
        return {}
    visible, scope_parameters = visible_sql(but(scope, writable=False), frozenset(), letters=READ)
    with scoped_cursor(scope) as cursor:
        cursor.execute(
            BODIES.format(visible=visible),
            {
                **scope_parameters,
                "own": require_own_hospital(scope),
                "keys": unquoted_array_literal(reference_hash(f"{t}/{i}") for t, i in keys),
            },
        )
        rows = cursor.fetchall()
    bodies = decrypt_bodies([(bytes(row[0]), RowIdentity(*row[1:])) for row in rows])
    return {
        key: body
        for row, body in zip(rows, bodies, strict=True)
        if (key := (TYPE_NAMES[row[2]], row[3])) in keys
    }


def insert_drafts(scope: Scope, drafts: Sequence[Draft]) -> None:
    """Raises Conflict where an id is taken (two writers raced)."""
    hospital_id = require_own_hospital(scope)
    learn_texts(draft.index for draft in drafts)
    try:
        if len(drafts) == 1:
            with scoped_cursor(scope) as cursor:
                cursor.execute(INSERT, build_rows_with_index(hospital_id, drafts)[0])
                stamp_draft(hospital_id, drafts[0], *cursor.fetchone())
        elif drafts:
            insert_batch(scope, hospital_id, drafts)
    except IntegrityError as error:
        raise Conflict(
            Issue(
                "conflict",
                "Another request has just created this resource. Read it, then update it.",
                rule="conflict.raced",
            )
        ) from error


def replace_drafts(scope: Scope, drafts: Sequence[Draft]) -> None:
    """Each draft carries the rid of the locked row and the next version; it gets its time here."""
    hospital_id = require_own_hospital(scope)
    if not drafts:
        return
    learn_texts(draft.index for draft in drafts)
    with scoped_cursor(scope) as cursor:
        if len(drafts) == 1:
            cursor.execute(REPLACE, build_rows_with_index(hospital_id, drafts)[0])
            stamp_draft(hospital_id, drafts[0], *cursor.fetchone())
            return
        with connection.wrap_database_errors, connection.connection.cursor() as many_cursor:
            many_cursor.executemany(
                REPLACE, build_rows_with_index(hospital_id, drafts), returning=True
            )
            for draft in drafts:
                stamp_draft(hospital_id, draft, *many_cursor.fetchone())
                many_cursor.nextset()


ACROSS = ", ".join(
    f"%({c})s::{'text' if c in LIST_COLUMNS else kind}[]" for c, kind in RESOURCE_COLUMNS.items()
)
SEVERAL = f"""
INSERT INTO record_resource ({", ".join(RESOURCE_COLUMNS)}, last_updated) OVERRIDING SYSTEM VALUE
SELECT {", ".join(f"{c}::bigint[]" if c in LIST_COLUMNS else c for c in RESOURCE_COLUMNS)},
  {STAMP_SQL} FROM unnest({ACROSS}) AS t({", ".join(RESOURCE_COLUMNS)}) RETURNING rid, last_updated
"""


def insert_batch(scope: Scope, hospital_id: int, drafts: Sequence[Draft]) -> None:
    """In one statement, for PostgreSQL lets nobody COPY into what is behind row level security;
    what searches look at by COPY.
    """
    with scoped_cursor(scope) as cursor:
        cursor.execute(
            "SELECT nextval('record_resource_rid_seq') FROM generate_series(1, %s)", [len(drafts)]
        )
        for draft, (resource_id,) in zip(drafts, cursor.fetchall(), strict=True):
            draft.resource_id = resource_id
        cursor.execute(SEVERAL, transpose_rows(build_resource_rows(hospital_id, drafts)))
        stamps = dict(cursor.fetchall())
        for draft in drafts:
            stamp_draft(hospital_id, draft, draft.resource_id, stamps[draft.resource_id])
    for table, names, rows in (
        (
            "record_string",
            "rid, parameter, value",
            [(draft.resource_id, *s) for draft in drafts for s in draft.index.strings],
        ),
        (
            "record_date",
            "rid, parameter, low, high",
            [(draft.resource_id, *s) for draft in drafts for s in draft.index.dates],
        ),
        (
            "record_reference",
            "rid, parameter, target",
            [(draft.resource_id, *s) for draft in drafts for s in draft.index.references],
        ),
        (
            "record_quantity",
            "rid, parameter, low, high, base, base_to, unit, code, label",
            [(draft.resource_id, *s) for draft in drafts for s in draft.index.quantities],
        ),
    ):
        if rows:
            with (
                connection.wrap_database_errors,
                connection.connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy,
            ):
                for values in rows:
                    copy.write_row(values)
