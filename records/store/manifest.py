"""The manifest of a sealed record: a line for each version of each resource about some registrations, with the SHA-256 of its body. No body leaves."""

import hashlib
from collections.abc import Iterator, Sequence

from django.db import connection

from records.fhir.types import NAMES
from records.store.codec import Place, unseal

BATCH = 1000
# index: record_resource_patient, record_history_pkey
VERSIONS = """
SELECT v.rid, v.version, v.hospital, h.code, v.type, v.fhir_id, v.last_updated, v.deleted, v.body FROM (
  SELECT rid, version, hospital, type, fhir_id, last_updated, deleted, body, patient FROM record_resource WHERE patient = ANY(%(patients)s)
  UNION ALL
  SELECT v.rid, v.version, v.hospital, v.type, v.fhir_id, v.last_updated, v.deleted, v.body, v.patient FROM record_resource c JOIN record_history v ON v.rid = c.rid
    WHERE c.patient = ANY(%(patients)s) OR v.patient = ANY(%(patients)s)
) v JOIN alliance_hospital h ON h.id = v.hospital
WHERE (v.rid, v.version) > (%(rid)s, %(version)s) ORDER BY v.rid, v.version LIMIT %(batch)s
"""


def lines(patients: Sequence[int]) -> Iterator[str]:
    """`hospital/Type/id/version digest`, in the order of writing; a deletion has no digest."""
    rid, version = 0, 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(VERSIONS, {"patients": list(patients), "rid": rid, "version": version, "batch": BATCH})
            found = cursor.fetchall()
        bodies = unseal([(bytes(r[8]), Place(r[2], r[4], r[5], r[1], r[6])) for r in found])
        for r, body in zip(found, bodies, strict=True):
            yield f"{r[3]}/{NAMES[r[4]]}/{r[5]}/{r[1]} {'deleted' if r[7] else hashlib.sha256(body).hexdigest()}"
        if len(found) < BATCH:
            return
        rid, version = found[-1][:2]
