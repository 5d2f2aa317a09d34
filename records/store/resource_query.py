"""Read one resource, or one version of it, as stored. Each read is one statement that also
writes its audit line.
"""

from consent.terms import Scope
from records.fhir.resource_types import DIRECTORY_TYPES
from records.store.rows import (
    PATIENT,
    ROW_JOINS,
    Row,
    build_resource_key,
    build_rows,
    fetch_audited,
    row_columns_sql,
    visible_sql,
)

# index: record_resource_named
ONE = (
    "SELECT {columns} FROM record_resource r {joins} WHERE r.named = %(named)s AND r.hospital ="
    " %(hospital)s AND r.type = %(type)s AND r.fhir_id = %(id)s AND {visible}"
)
# A document together with the registrations of its patient, which stand at the head of its page: no
# document, no registration.
# index: record_resource_named, record_resource_patient
WITH_PATIENTS = """
WITH document AS MATERIALIZED (
  SELECT r.* FROM record_resource r WHERE r.named = %(named)s AND r.hospital = %(hospital)s
    AND r.type = %(type)s AND r.fhir_id = %(id)s AND NOT r.deleted AND {visible})
SELECT {columns} FROM (
  SELECT * FROM document
  UNION ALL
  (SELECT r.* FROM record_resource r WHERE (SELECT count(*) FROM document) > 0
    AND r.type = %(patient_type)s AND NOT r.deleted AND {visible}
    ORDER BY r.dated DESC, r.rid DESC LIMIT %(most)s)
) r {joins}
"""
# An old version is never less protected than the current one.
# index: record_resource_named, record_history_pkey
VERSION = """
SELECT {columns} FROM (
  SELECT rid, hospital, type, fhir_id, version, last_updated, deleted, body, patient, others, labels
    FROM record_resource
    WHERE named = %(named)s AND hospital = %(hospital)s AND type = %(type)s AND fhir_id = %(id)s
      AND version = %(version)s
  UNION ALL
  SELECT v.rid, v.hospital, v.type, v.fhir_id, v.version, v.last_updated, v.deleted, v.body,
    v.patient, v.others, v.labels | c.labels
    FROM record_current(%(hospital)s, %(named)s) c
      JOIN record_history v ON v.rid = c.rid AND v.version = %(version)s
    WHERE v.type = %(type)s AND v.fhir_id = %(id)s
) r {joins} WHERE {visible}
"""


def fetch_current(scope: Scope, hospital_id: int, type_name: str, fhir_id: str) -> Row | None:
    """The current version, which may be a deletion."""
    return fetch_row(scope, ONE, build_resource_key(hospital_id, type_name, fhir_id))


def fetch_version(
    scope: Scope, hospital_id: int, type_name: str, fhir_id: str, version: int
) -> Row | None:
    return fetch_row(
        scope, VERSION, {**build_resource_key(hospital_id, type_name, fhir_id), "version": version}
    )


def fetch_row(scope: Scope, sql: str, parameters: dict[str, object]) -> Row | None:
    visible, scope_parameters = visible_sql(scope, DIRECTORY_TYPES, may_be_old=sql is VERSION)
    select = sql.format(columns=row_columns_sql(), joins=ROW_JOINS, visible=visible)
    rows = fetch_audited(scope, select, {**parameters, **scope_parameters}, single=True)
    return build_rows(scope, rows)[0] if rows else None


def fetch_with_patients(
    scope: Scope, hospital_id: int, type_name: str, fhir_id: str, most: int
) -> list[Row]:
    """A current resource, and behind it the Patients that the scope reaches, at most so many; []
    where it is not there, deleted, or not to be seen. For a scope that is about one person.
    """
    visible, scope_parameters = visible_sql(scope, DIRECTORY_TYPES)
    select = WITH_PATIENTS.format(columns=row_columns_sql(), joins=ROW_JOINS, visible=visible)
    parameters = {
        **build_resource_key(hospital_id, type_name, fhir_id),
        "patient_type": PATIENT,
        "most": most,
    }
    rows = fetch_audited(scope, select, {**parameters, **scope_parameters}, single=True)
    found = build_rows(scope, rows)
    return sorted(found, key=lambda r: (r.type_name != type_name, -r.resource_id))
