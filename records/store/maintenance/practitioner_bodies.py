"""For records.access_review: the Practitioners of stores by id, which are about no patient."""

from collections.abc import Sequence

from django.db import connection

from records.fhir.hashes import reference_hash
from records.fhir.resource_types import TYPES
from records.store.codec import RowIdentity, decrypt_bodies

# index: record_resource_named
PRACTITIONERS = """
SELECT r.body, r.hospital, r.type, r.fhir_id, r.version, r.last_updated
FROM unnest(%(hospitals)s::integer[], %(named)s::bigint[]) AS w(hospital, named)
JOIN record_resource r ON r.named = w.named AND r.hospital = w.hospital AND r.type = %(type)s
  AND NOT r.deleted
"""


def fetch_practitioners(wanted: Sequence[tuple[int, str]]) -> list[tuple[int, str, bytes]]:
    """(hospital, id, body) of those with (hospital, id)."""
    with connection.cursor() as cursor:
        cursor.execute(
            PRACTITIONERS,
            {
                "hospitals": [hospital for hospital, _ in wanted],
                "named": [reference_hash(f"Practitioner/{fhir_id}") for _, fhir_id in wanted],
                "type": TYPES["Practitioner"].number,
            },
        )
        rows = cursor.fetchall()
    bodies = decrypt_bodies([(bytes(r[0]), RowIdentity(*r[1:6])) for r in rows])
    return [(r[1], r[3], body) for r, body in zip(rows, bodies, strict=True)]
