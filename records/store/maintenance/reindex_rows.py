"""For records.maintenance.reindex: resources in batches, and their index rows written anew. Only
the operator's commands come here.
"""

from collections.abc import Sequence

from django.db import connection

from alliance.database.index_version import UNTAGGED, VERSION
from records.fhir.resource_types import TYPE_NAMES, TYPES
from records.search.search_terms import IndexValues
from records.store.codec import RowIdentity, decrypt_bodies
from records.store.draft_columns import build_index_columns
from records.store.resource_writer import DELETE_SIDE_ROWS_SQL, INDEX_SQL
from records.store.rows import Draft
from records.store.vocabulary import learn_texts

BATCH = 500
# index: record_resource_pkey
NEXT = """
SELECT rid, hospital, type, fhir_id, version, last_updated, patient, others, labels, body
  FROM record_resource
WHERE rid > %s AND NOT deleted ORDER BY rid LIMIT %s FOR NO KEY UPDATE
"""
ANEW = f"""
WITH kept AS (
  UPDATE record_resource SET dated = %(dated)s, dated_to = %(dated_to)s, tokens = %(tokens)s,
    marks = %(marks)s, labels = labels | %(labels)s, named = %(named)s, present = %(present)s,
    index_version = %(index_version)s
  WHERE rid = %(rid)s RETURNING rid, last_updated
), {DELETE_SIDE_ROWS_SQL}, {INDEX_SQL}
"""


def name_types() -> None:
    """Tell the database this release's names of types; numbers never change their meaning."""
    listed = [TYPE_NAMES.get(n, "") for n in range(1, max(TYPE_NAMES) + 1)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(array_agg(record_type_name(n::smallint) ORDER BY n), '{}') FROM"
            " generate_series(1, %s) n",
            [len(listed)],
        )
        if cursor.fetchone()[0] != listed:
            names = ", ".join("'" + n + "'" for n in listed)
            cursor.execute(
                "CREATE OR REPLACE FUNCTION record_type_name(number smallint) RETURNS text"
                f" LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (ARRAY[{names}]::text[])[number]"
            )


def needs_reindex() -> bool:
    """Whether the rows are of a version whose entries cannot stand beside others, so that they
    are made anew in place; others are filled (records.store.maintenance.index_fill_rows).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(version) < %s FROM record_index", [UNTAGGED])
        return bool(cursor.fetchone()[0])


def finish_reindex() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_index SET version = %s", [VERSION])


def lock_next_resources(rid: int) -> list[tuple[int, Draft]]:
    """(hospital, draft) of the next resources, locked; each draft has its stored body and no
    index yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [rid, BATCH])
        rows = cursor.fetchall()
    bodies = decrypt_bodies([(bytes(r[-1]), RowIdentity(*r[1:6])) for r in rows])
    return [
        (
            hospital,
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
            ),
        )
        for (
            rid,
            hospital,
            number,
            fhir_id,
            version,
            updated,
            patient,
            others,
            labels,
            _,
        ), body in zip(rows, bodies, strict=True)
    ]


def write_index(drafts: Sequence[tuple[int, Draft]]) -> None:
    learn_texts(draft.index for _, draft in drafts)
    with connection.cursor() as cursor:
        cursor.executemany(
            ANEW, [build_index_columns(hospital, draft) for hospital, draft in drafts]
        )


# index: record_history_pkey
NEXT_OLD = (
    "SELECT rid, version, hospital, type, fhir_id, last_updated, body FROM record_history WHERE"
    " (rid, version) > (%s, %s) AND NOT deleted ORDER BY rid, version LIMIT %s"
)
OLD_LABELS = """
WITH kept AS (UPDATE record_history SET labels = labels | %(labels)s
    WHERE rid = %(rid)s AND version = %(version)s)
UPDATE record_resource SET labels = labels | %(labels)s
  WHERE rid = %(rid)s AND labels <> labels | %(labels)s
"""


def fetch_old_versions(rid: int, version: int) -> list[tuple[int, int, bytes]]:
    """(rid, version, body) of the next old versions."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_OLD, [rid, version, BATCH])
        rows = cursor.fetchall()
    bodies = decrypt_bodies(
        [(bytes(r[6]), RowIdentity(r[2], r[3], r[4], r[1], r[5])) for r in rows]
    )
    return [(r[0], r[1], body) for r, body in zip(rows, bodies, strict=True)]


def add_labels(labels_of_versions: Sequence[tuple[int, int, int]]) -> None:
    """(rid, version, labels): onto the old version, and onto the resource, which keeps the
    labels of all its versions.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            OLD_LABELS,
            [{"rid": r, "version": v, "labels": b} for r, v, b in labels_of_versions if b],
        )


# index: records_sourcepatient_pkey, record_resource_patient
PATIENTS = f"""
SELECT s.id, s.hospital_id, s.words, s.correction, r.hospital, r.type, r.fhir_id, r.version,
  r.last_updated, r.body FROM records_sourcepatient s
JOIN record_resource r ON r.patient = s.id AND r.type = {TYPES["Patient"].number} AND NOT r.deleted
WHERE s.registered AND {{}} AND s.id > %s ORDER BY s.id LIMIT %s
"""
# Registrations whose keys are of older rules: of deleted Patients, of whom there is nothing to make
# new ones from, and others.
# index: records_namekey_pkey, record_resource_patient
KEPT_OLD = f"""
SELECT count(*) FILTER (WHERE gone), count(*) FILTER (WHERE NOT gone) FROM (
  SELECT NOT EXISTS (SELECT FROM record_resource r
      WHERE r.patient = s.id AND r.type = {TYPES["Patient"].number} AND NOT r.deleted) AS gone
  FROM records_sourcepatient s WHERE s.keyed < %s
    AND EXISTS (SELECT FROM records_namekey k WHERE k.source_id = s.id)) old
"""
UNMATCHED, OUTDATED = (
    PATIENTS.format("s.words IS NULL"),
    PATIENTS.format("s.words IS NOT NULL AND s.keyed < %s") + " FOR UPDATE OF s, r SKIP LOCKED",
)


def fetch_without_words(source: int) -> list[tuple[int, int, bytes]]:
    """(row of the index, hospital, body of the Patient) of the next registrations of which the
    index keeps no words yet.
    """
    return [
        (row, hospital, body)
        for row, hospital, _, _, body in fetch_registered_patients(UNMATCHED, source)
    ]


def lock_with_old_keys(
    source: int, version: int
) -> list[tuple[int, int, bytes, bytes | None, bytes]]:
    """(row of the index, hospital, its sealed words and correction, body of the Patient) of the
    next registrations with keys of older rules, locked; those that somebody else has locked are
    left out.
    """
    return fetch_registered_patients(OUTDATED, version, source)


def count_kept_old_keys(version: int) -> tuple[int, int]:
    """How many registrations have keys of older rules: (of deleted Patients, of others)."""
    with connection.cursor() as cursor:
        cursor.execute(KEPT_OLD, [version])
        return cursor.fetchone()  # type: ignore[no-any-return]


def fetch_registered_patients(
    statement: str, *parameters: int
) -> list[tuple[int, int, bytes, bytes | None, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, BATCH])
        rows = cursor.fetchall()
    bodies = decrypt_bodies([(bytes(r[-1]), RowIdentity(*r[4:9])) for r in rows])
    return [(*r[:4], body) for r, body in zip(rows, bodies, strict=True)]
