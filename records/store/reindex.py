"""For records.interactions.reindex: resources in batches, and their index rows written anew. Only the operator's commands come here."""

from collections.abc import Sequence

from django.db import connection

from records.search.hashes import VERSION
from records.search.terms import Index
from records.store.rows import Draft
from records.store.write import INDEX, SIDES_OUT, whole

BATCH = 500
# index: record_resource_pkey
NEXT = """
SELECT rid, hospital, type, fhir_id, version, last_updated, patient, others, labels, substr(body, 2) FROM record_resource
WHERE rid > %s AND NOT deleted ORDER BY rid LIMIT %s FOR UPDATE
"""
ANEW = f"""
WITH kept AS (
  UPDATE record_resource SET dated = %(dated)s, dated_to = %(dated_to)s, tokens = %(tokens)s, named = %(named)s, present = %(present)s
  WHERE rid = %(rid)s RETURNING rid
), {SIDES_OUT}, {INDEX}
"""


def due() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(version) < %s FROM record_index", [VERSION])
        return bool(cursor.fetchone()[0])


def finish() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_index SET version = %s", [VERSION])


def following(rid: int) -> list[tuple[int, Draft]]:
    """(hospital, draft) of the next resources, locked; each draft has its stored body and no index yet."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [rid, BATCH])
        return [(hospital, Draft(type_name, fhir_id, version, updated, patient, others, labels, Index(), bytes(body), rid=rid))
                for rid, hospital, type_name, fhir_id, version, updated, patient, others, labels, body in cursor.fetchall()]


def write(found: Sequence[tuple[int, Draft]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(ANEW, [whole(hospital, draft) for hospital, draft in found])
