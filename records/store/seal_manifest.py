"""The manifest of a sealed record: a line for each version of each resource about some
registrations, with the SHA-256 of its body. No body leaves.
"""

import hashlib
import heapq
from collections.abc import Iterator, Sequence

from django.db import connection

from alliance.sql.hospitals import HOSPITALS
from consent.row_security import hospital_cursor
from records.fhir.resource_types import TYPE_NAMES
from records.store.codec import RowIdentity, decrypt_bodies

BATCH = 1000
Position = tuple[int, int]
# index: records_sourcepatient_pkey
MEMBERS = (
    "SELECT hospital_id, array_agg(id) FROM records_sourcepatient WHERE id = ANY(%s) GROUP BY"
    " hospital_id"
)
# index: record_resource_patient, record_history_pkey
VERSIONS = f"""
SELECT v.rid, v.version, v.hospital, h.code, v.type, v.fhir_id, v.last_updated, v.deleted, v.body
  FROM (
  SELECT rid, version, hospital, type, fhir_id, last_updated, deleted, body, patient
    FROM record_resource WHERE patient = ANY(%(patients)s)
  UNION ALL
  SELECT v.rid, v.version, v.hospital, v.type, v.fhir_id, v.last_updated, v.deleted, v.body,
    v.patient FROM record_resource c JOIN record_history v ON v.rid = c.rid
    WHERE c.patient = ANY(%(patients)s) OR v.patient = ANY(%(patients)s)
) v JOIN {HOSPITALS} h ON h.id = v.hospital
WHERE (v.rid, v.version) > (%(rid)s, %(version)s) ORDER BY v.rid, v.version LIMIT %(batch)s
"""


def build_manifest_lines(patients: Sequence[int]) -> Iterator[str]:
    """`hospital/Type/id/version digest`, in the order of writing; a deletion has no digest."""
    with connection.cursor() as cursor:
        cursor.execute(MEMBERS, [list(patients)])
        members = cursor.fetchall()
    return (
        line
        for _, line in heapq.merge(
            *(build_member_lines(hospital, rows) for hospital, rows in members)
        )
    )


def build_member_lines(hospital: int, patients: Sequence[int]) -> Iterator[tuple[Position, str]]:
    """The lines of one store, each with its place in the order of all."""
    rid, version = 0, 0
    while True:
        with hospital_cursor(hospital) as cursor:
            cursor.execute(
                VERSIONS,
                {"patients": list(patients), "rid": rid, "version": version, "batch": BATCH},
            )
            rows = cursor.fetchall()
        bodies = decrypt_bodies(
            [(bytes(r[8]), RowIdentity(r[2], r[4], r[5], r[1], r[6])) for r in rows]
        )
        for r, body in zip(rows, bodies, strict=True):
            yield (
                (r[0], r[1]),
                (
                    f"{r[3]}/{TYPE_NAMES[r[4]]}/{r[5]}/{r[1]}"
                    f" {'deleted' if r[7] else hashlib.sha256(body).hexdigest()}"
                ),
            )
        if len(rows) < BATCH:
            return
        rid, version = rows[-1][:2]
