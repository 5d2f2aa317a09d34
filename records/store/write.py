"""Insert, replace and delete resources of the scope's own store, by COPY; the version before goes to the history."""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection

from consent.terms import Scope
from records.fhir.issues import Conflict, Issue
from records.store.rows import PLAIN, Draft

COLUMNS = ("rid", "hospital", "type", "fhir_id", "version", "last_updated", "deleted", "patient", "others", "labels", "dated",
           "dated_to", "tokens", "body")
# index: record_resource_id
LOCK = """
SELECT type, fhir_id, rid, version, deleted, patient FROM record_resource
WHERE hospital = %(hospital)s AND (type, fhir_id) IN (SELECT * FROM unnest(%(types)s::text[], %(ids)s::text[]))
ORDER BY type, fhir_id FOR UPDATE
"""
ARCHIVE = """
INSERT INTO record_history (rid, hospital, type, fhir_id, version, last_updated, xid, deleted, patient, others, labels, body)
SELECT rid, hospital, type, fhir_id, version, last_updated, xid, deleted, patient, others, labels, body
FROM record_resource WHERE rid = ANY(%(rids)s) AND hospital = %(hospital)s
"""
REPLACE = """
UPDATE record_resource SET version = %(version)s, last_updated = %(last_updated)s, xid = pg_current_xact_id(), deleted = %(deleted)s,
  patient = %(patient)s, others = %(others)s, labels = %(labels)s, dated = %(dated)s, dated_to = %(dated_to)s, tokens = %(tokens)s,
  body = %(body)s
WHERE rid = %(rid)s AND hospital = %(hospital)s
"""


def own(scope: Scope) -> int:
    if not scope.writable or scope.whole is None:
        raise PermissionError("this scope does not write")
    return scope.whole


def lock(scope: Scope, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, int, bool, int]]:
    """{(type, id): (rid, version, deleted, patient)} of those that exist, locked until the transaction ends."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LOCK, {"hospital": own(scope), "types": [k[0] for k in keys], "ids": [k[1] for k in keys]})
        return {(t, i): (rid, version, deleted, patient) for t, i, rid, version, deleted, patient in cursor.fetchall()}


def spanned(draft: Draft) -> tuple[Any, Any]:
    spans = draft.index.spans
    return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else ("-infinity", "-infinity")


def insert(scope: Scope, drafts: Sequence[Draft]) -> None:
    """Raises Conflict where an id is taken (two writers raced)."""
    hospital = own(scope)
    if not drafts:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('record_resource_rid_seq') FROM generate_series(1, %s)", [len(drafts)])
        for draft, (rid,) in zip(drafts, cursor.fetchall(), strict=True):
            draft.rid = rid
    try:
        with connection.connection.cursor().copy(f"COPY record_resource ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for d in drafts:
                low, high = spanned(d)
                copy.write_row((d.rid, hospital, d.type_name, d.fhir_id, d.version, d.last_updated, d.deleted, d.patient, d.others,
                                d.labels, low, high, sorted(d.index.tokens), PLAIN + d.body))
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(Issue("conflict", "Another request has just created this resource. Read it, then update it.")) from error
    index(drafts)


def replace(scope: Scope, drafts: Sequence[Draft]) -> None:
    """Each draft carries the rid of the locked row and the next version."""
    hospital = own(scope)
    if not drafts:
        return
    rids = [d.rid for d in drafts]
    with connection.cursor() as cursor:
        cursor.execute(ARCHIVE, {"rids": rids, "hospital": hospital})
        for d in drafts:
            low, high = spanned(d)
            cursor.execute(REPLACE, {
                "rid": d.rid, "hospital": hospital, "version": d.version, "last_updated": d.last_updated, "deleted": d.deleted,
                "patient": d.patient, "others": d.others, "labels": d.labels, "dated": low, "dated_to": high,
                "tokens": sorted(d.index.tokens), "body": PLAIN + d.body})
        cursor.execute("DELETE FROM record_string WHERE rid = ANY(%s)", [rids])
        cursor.execute("DELETE FROM record_date WHERE rid = ANY(%s)", [rids])
    index(drafts)


def index(drafts: Sequence[Draft]) -> None:
    strings = [(d.rid, *s) for d in drafts for s in sorted(d.index.strings)]
    dates = [(d.rid, *s) for d in drafts for s in sorted(d.index.dates)]
    for table, columns, rows in (("record_string", "rid, parameter, value", strings), ("record_date", "rid, parameter, low, high", dates)):
        if rows:
            with connection.connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for values in rows:
                    copy.write_row(values)
