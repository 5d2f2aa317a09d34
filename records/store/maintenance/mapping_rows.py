"""For records.mapping: current rows as the feed orders them, in which of them a local code stands,
and these locked to be stored anew. Nothing of it is shown to anybody as such; the job of the
platform alone comes here, beside callers.
"""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from records.fhir.resource_types import TYPE_NAMES, TYPES
from records.search.search_terms import IndexValues
from records.store.codec import RowIdentity, decrypt_bodies
from records.store.rows import Draft


class FollowedRow(NamedTuple):
    """A current row. body: b"" of a deletion, and of a type that was not asked for."""

    xid: str
    rid: int
    type_name: str
    patient: int
    body: bytes


# index: record_resource_feed
NEXT = """
SELECT xid::text, rid, hospital, type, fhir_id, version, last_updated, patient, deleted,
  CASE WHEN type = ANY(%(types)s) AND NOT deleted THEN body ELSE '\\x00'::bytea END
FROM record_resource
WHERE hospital = %(hospital)s AND (xid, rid) > (%(xid)s::xid8, %(rid)s) AND xid < alliance_horizon()
ORDER BY xid, rid LIMIT %(limit)s
"""
# index: record_resource_pkey
BY_RID = """
SELECT rid, hospital, type, fhir_id, version, last_updated, patient, others, labels, deleted, body
FROM record_resource WHERE rid = ANY(%(rids)s) AND NOT deleted ORDER BY rid
"""
# index: record_local_use_pkey
USES_AFTER = (
    "SELECT rid FROM record_local_use WHERE code = %(code)s AND rid > %(rid)s ORDER BY rid LIMIT"
    " %(limit)s"
)
NEWEST_USES = (
    "SELECT rid FROM record_local_use WHERE code = %(code)s ORDER BY rid DESC LIMIT %(limit)s"
)
FORGET_USES = "DELETE FROM record_local_use WHERE rid = ANY(%(rids)s) RETURNING code"
ADD_USES = """
INSERT INTO record_local_use (code, rid, patient)
SELECT * FROM unnest(%(codes)s::bigint[], %(rids)s::bigint[], %(patients)s::bigint[])
ON CONFLICT (code, rid) DO UPDATE SET patient = excluded.patient
"""
COUNT_USES = """
UPDATE records_localcode c SET records = u.records, patients = u.patients
FROM (SELECT k.id, count(l.rid) AS records, count(DISTINCT l.patient) AS patients
  FROM unnest(%(codes)s::bigint[]) AS k(id) LEFT JOIN record_local_use l ON l.code = k.id
  GROUP BY k.id) u
WHERE c.id = u.id AND (c.records, c.patients) IS DISTINCT FROM (u.records, u.patients)
"""
# index: record_resource_patient
PATIENT_ROWS = """
SELECT rid, hospital, type, fhir_id, version, last_updated, patient, body FROM record_resource
WHERE hospital = %(hospital)s AND type = %(type)s AND patient = ANY(%(patients)s) AND NOT deleted
"""


def fetch_followed_rows(
    hospital_id: int, xid: str, rid: int, types: Sequence[str], limit: int
) -> list[FollowedRow]:
    with connection.cursor() as cursor:
        cursor.execute(
            NEXT,
            {
                "hospital": hospital_id,
                "xid": xid,
                "rid": rid,
                "types": [TYPES[t].number for t in types],
                "limit": limit,
            },
        )
        rows = cursor.fetchall()
    bodies = decrypt_bodies([(bytes(r[9]), RowIdentity(*r[2:7])) for r in rows])
    return [
        FollowedRow(r[0], r[1], TYPE_NAMES[r[3]], r[7], body)
        for r, body in zip(rows, bodies, strict=True)
    ]


def fetch_drafts(rids: Sequence[int], *, lock: bool = False) -> list[Draft]:
    """Current rows as drafts without an index. lock: to be replaced in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(BY_RID + " FOR NO KEY UPDATE" * lock, {"rids": list(rids)})
        rows = cursor.fetchall()
    bodies = decrypt_bodies([(bytes(r[10]), RowIdentity(*r[1:6])) for r in rows])
    return [
        Draft(
            TYPE_NAMES[number],
            fhir_id,
            version,
            patient,
            others,
            labels,
            IndexValues(),
            body,
            resource_id=rid,
            last_updated=updated,
        )
        for (rid, _, number, fhir_id, version, updated, patient, others, labels, _, _), body in zip(
            rows, bodies, strict=True
        )
    ]


def fetch_using_rows(code: int, after: int, limit: int) -> list[int]:
    return fetch_rids(USES_AFTER, code=code, rid=after, limit=limit)


def fetch_newest_using_rows(code: int, limit: int) -> list[int]:
    return fetch_rids(NEWEST_USES, code=code, limit=limit)


def fetch_rids(sql: str, **parameters: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [rid for (rid,) in cursor.fetchall()]


def replace_uses(rids: Sequence[int], uses: Sequence[tuple[int, int, int]]) -> set[int]:
    """The uses (code, rid, patient) of these rows are these and no others; which codes' counts may
    have changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(FORGET_USES, {"rids": list(rids)})
        touched = {code for (code,) in cursor.fetchall()} | {code for code, _, _ in uses}
        if uses:
            codes, rows, patients = zip(*uses, strict=True)
            cursor.execute(
                ADD_USES, {"codes": list(codes), "rids": list(rows), "patients": list(patients)}
            )
    return touched


def count_uses(codes: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_USES, {"codes": list(codes)})


def fetch_patient_bodies(hospital_id: int, patients: Sequence[int]) -> dict[int, bytes]:
    """{registration: its Patient}."""
    with connection.cursor() as cursor:
        cursor.execute(
            PATIENT_ROWS,
            {
                "hospital": hospital_id,
                "type": TYPES["Patient"].number,
                "patients": list(patients),
            },
        )
        rows = cursor.fetchall()
    bodies = decrypt_bodies([(bytes(r[7]), RowIdentity(*r[1:6])) for r in rows])
    return {r[6]: body for r, body in zip(rows, bodies, strict=True)}
