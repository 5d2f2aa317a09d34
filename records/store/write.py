"""Insert, replace and delete resources of the scope's own store; the version before goes to the history."""

from collections.abc import Sequence
from dataclasses import replace as but

from django.db import IntegrityError, connection

from alliance.config.literals import plain
from consent.terms import Scope
from consent.wall import behind
from records.fhir.hashes import named
from records.fhir.issues import Conflict, Issue, NotFound
from records.fhir.outcome import ABSENT
from records.fhir.types import NAMES
from records.store.clock import NEXT_STAMP, STAMP
from records.store.codec import Place, unseal
from records.store.drafts import COLUMNS, LISTS, across, columns, stamp, whole
from records.store.rows import READ, Current, Draft, visible
from records.store.vocabulary import learn

NEW = tuple(c for c in COLUMNS if c != "rid")
# index: record_resource_named, alliance_hospital_pkey
LOCK = """
SELECT type, fhir_id, rid, version, deleted, patient, last_updated, (SELECT requires_version FROM alliance_hospital WHERE id = %(hospital)s) FROM record_resource
WHERE named = ANY((SELECT %(named)s::bigint[])::bigint[]) AND hospital = %(hospital)s ORDER BY named FOR {strength}
"""
VALUES = ", ".join(f"%({c})s" for c in NEW)
INDEX = """
strings AS (INSERT INTO record_string (rid, parameter, value)
  SELECT rid, p, v FROM kept, unnest(%(string_parameters)s::bigint[], %(strings)s::text[]) AS t(p, v)),
dates AS (INSERT INTO record_date (rid, parameter, low, high)
  SELECT rid, p, l, h FROM kept, unnest(%(date_parameters)s::bigint[], %(lows)s::timestamptz[], %(highs)s::timestamptz[]) AS t(p, l, h)),
refs AS (INSERT INTO record_reference (rid, parameter, target)
  SELECT rid, p, n FROM kept, unnest(%(reference_parameters)s::bigint[], %(targets)s::bigint[]) AS t(p, n)),
quantities AS (INSERT INTO record_quantity (rid, parameter, low, high, base, base_to, unit, code, label)
  SELECT rid, t.* FROM kept, unnest(%(quantity_parameters)s::bigint[], %(least)s::float8[], %(most)s::float8[], %(bases)s::float8[],
    %(bases_to)s::float8[], %(units)s::int4[], %(unit_codes)s::int4[], %(unit_labels)s::int4[]) AS t)
SELECT rid, last_updated FROM kept
"""
SIDES_OUT = """
string_out AS (DELETE FROM record_string WHERE rid = %(rid)s), date_out AS (DELETE FROM record_date WHERE rid = %(rid)s),
reference_out AS (DELETE FROM record_reference WHERE rid = %(rid)s), quantity_out AS (DELETE FROM record_quantity WHERE rid = %(rid)s)
"""
INSERT = f"WITH kept AS (INSERT INTO record_resource ({', '.join(NEW)}, last_updated) VALUES ({VALUES}, {STAMP}) RETURNING rid, last_updated), {INDEX}"
# index: record_resource_pkey, record_string_rid, record_date_rid
REPLACE = f"""
WITH history AS (
  INSERT INTO record_history (rid, hospital, type, fhir_id, version, last_updated, xid, deleted, patient, others, labels, body)
  SELECT rid, hospital, type, fhir_id, version, last_updated, xid, deleted, patient, others, labels, body
  FROM record_resource WHERE rid = %(rid)s AND hospital = %(hospital)s
), kept AS (
  UPDATE record_resource SET version = %(version)s, last_updated = {NEXT_STAMP}, xid = pg_current_xact_id(), deleted = %(deleted)s,
    patient = %(patient)s, others = %(others)s, labels = labels | %(labels)s, dated = %(dated)s, dated_to = %(dated_to)s, tokens = %(tokens)s, marks = %(marks)s,
    named = %(named)s, present = %(present)s, body = %(body)s
  WHERE rid = %(rid)s AND hospital = %(hospital)s RETURNING rid, last_updated
), {SIDES_OUT}, {INDEX}
"""


def own(scope: Scope) -> int:
    if not scope.writable or scope.whole is None:
        raise PermissionError("this scope does not write")
    return scope.whole


def lock(scope: Scope, keys: Sequence[tuple[str, str]], *, deleting: bool = False) -> dict[tuple[str, str], Current]:
    """Those that exist, locked until the transaction ends. deleting: also against those who are about to refer to them (records.store.find.targets)."""
    if not keys:
        return {}
    with behind(scope) as cursor:
        cursor.execute(LOCK.format(strength="UPDATE" if deleting else "NO KEY UPDATE"), {"hospital": own(scope), "named": plain(named(f"{t}/{i}") for t, i in keys)})
        return {(NAMES[t], i): Current(*rest) for t, i, *rest in cursor.fetchall()}


def held(scope: Scope, rid: int) -> bytes:
    """The body of a row that this writer has locked; the write's own audit line names it. Raises NotFound for one that is sealed: what is changed
    in part is read."""
    own(scope)
    test, bound = visible(but(scope, writable=False), frozenset())
    with behind(scope) as cursor:
        cursor.execute(f"SELECT body, hospital, type, fhir_id, version, last_updated FROM record_resource r WHERE rid = %(rid)s AND {test}", {**bound, "rid": rid})
        found = cursor.fetchone()
        if found is None:
            raise NotFound(ABSENT)
        return unseal([(bytes(found[0]), Place(*found[1:]))])[0]


# index: record_resource_named
BODIES = """SELECT body, hospital, type, fhir_id, version, last_updated FROM record_resource r
WHERE named = ANY((SELECT %(keys)s::bigint[])::bigint[]) AND r.hospital = %(own)s AND NOT deleted AND {visible}"""


def bodies(scope: Scope, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """{(type, id): body} of those of this writer's own store that are there and not sealed, to compare what is written with; never told as such."""
    if not keys:
        return {}
    test, bound = visible(but(scope, writable=False), frozenset(), letters=READ)
    with behind(scope) as cursor:
        cursor.execute(BODIES.format(visible=test), {**bound, "own": own(scope), "keys": plain(named(f"{t}/{i}") for t, i in keys)})
        found = cursor.fetchall()
    opened = unseal([(bytes(row[0]), Place(*row[1:])) for row in found])
    return {k: body for row, body in zip(found, opened, strict=True) if (k := (NAMES[row[2]], row[3])) in keys}


def insert(scope: Scope, drafts: Sequence[Draft]) -> None:
    """Raises Conflict where an id is taken (two writers raced)."""
    hospital = own(scope)
    learn(d.index for d in drafts)
    try:
        if len(drafts) == 1:
            with behind(scope) as cursor:
                cursor.execute(INSERT, whole(hospital, drafts)[0])
                stamp(hospital, drafts[0], *cursor.fetchone())
        elif drafts:
            several(scope, hospital, drafts)
    except IntegrityError as error:
        raise Conflict(Issue("conflict", "Another request has just created this resource. Read it, then update it.")) from error


def replace(scope: Scope, drafts: Sequence[Draft]) -> None:
    """Each draft carries the rid of the locked row and the next version; it gets its time here."""
    hospital = own(scope)
    if not drafts:
        return
    learn(d.index for d in drafts)
    with behind(scope) as cursor:
        if len(drafts) == 1:
            cursor.execute(REPLACE, whole(hospital, drafts)[0])
            stamp(hospital, drafts[0], *cursor.fetchone())
            return
        with connection.wrap_database_errors, connection.connection.cursor() as many:
            many.executemany(REPLACE, whole(hospital, drafts), returning=True)
            for draft in drafts:
                stamp(hospital, draft, *many.fetchone())
                many.nextset()


ACROSS = ", ".join(f"%({c})s::{'text' if c in LISTS else kind}[]" for c, kind in COLUMNS.items())
SEVERAL = f"""
INSERT INTO record_resource ({", ".join(COLUMNS)}, last_updated) OVERRIDING SYSTEM VALUE
SELECT {", ".join(f"{c}::bigint[]" if c in LISTS else c for c in COLUMNS)}, {STAMP} FROM unnest({ACROSS}) AS t({", ".join(COLUMNS)}) RETURNING rid, last_updated
"""


def several(scope: Scope, hospital: int, drafts: Sequence[Draft]) -> None:
    """In one statement, for PostgreSQL lets nobody COPY into what is behind row level security; what searches look at by COPY."""
    with behind(scope) as cursor:
        cursor.execute("SELECT nextval('record_resource_rid_seq') FROM generate_series(1, %s)", [len(drafts)])
        for draft, (rid,) in zip(drafts, cursor.fetchall(), strict=True):
            draft.rid = rid
        cursor.execute(SEVERAL, across(columns(hospital, drafts)))
        stamps = dict(cursor.fetchall())
        for draft in drafts:
            stamp(hospital, draft, draft.rid, stamps[draft.rid])
    for table, names, rows in (
        ("record_string", "rid, parameter, value", [(d.rid, *s) for d in drafts for s in d.index.strings]),
        ("record_date", "rid, parameter, low, high", [(d.rid, *s) for d in drafts for s in d.index.dates]),
        ("record_reference", "rid, parameter, target", [(d.rid, *s) for d in drafts for s in d.index.references]),
        ("record_quantity", "rid, parameter, low, high, base, base_to, unit, code, label", [(d.rid, *s) for d in drafts for s in d.index.quantities]),
    ):
        if rows:
            with connection.wrap_database_errors, connection.connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as out:
                for values in rows:
                    out.write_row(values)
