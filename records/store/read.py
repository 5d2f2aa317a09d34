"""Read one resource, or one version of it, as stored. Each read is one statement that also writes its audit line."""

from consent.terms import Scope
from records.fhir.types import DIRECTORY
from records.store.rows import JOINS, Row, asked, columns, key, rows, visible

# index: record_resource_named
ONE = "SELECT {columns} FROM record_resource r {joins} WHERE r.named = %(named)s AND r.hospital = %(hospital)s AND r.type = %(type)s AND r.fhir_id = %(id)s AND {visible}"
# An old version is never less protected than the current one.
# index: record_resource_named, record_history_pkey
VERSION = """
SELECT {columns} FROM (
  SELECT rid, hospital, type, fhir_id, version, last_updated, deleted, body, patient, others, labels FROM record_resource
    WHERE named = %(named)s AND hospital = %(hospital)s AND type = %(type)s AND fhir_id = %(id)s AND version = %(version)s
  UNION ALL
  SELECT v.rid, v.hospital, v.type, v.fhir_id, v.version, v.last_updated, v.deleted, v.body, v.patient, v.others, v.labels | c.labels
    FROM record_current(%(hospital)s, %(named)s) c JOIN record_history v ON v.rid = c.rid AND v.version = %(version)s
    WHERE v.type = %(type)s AND v.fhir_id = %(id)s
) r {joins} WHERE {visible}
"""


def one(scope: Scope, hospital_id: int, type_name: str, fhir_id: str) -> Row | None:
    """The current version, which may be a deletion."""
    return fetch(scope, ONE, key(hospital_id, type_name, fhir_id))


def version(scope: Scope, hospital_id: int, type_name: str, fhir_id: str, number: int) -> Row | None:
    return fetch(scope, VERSION, {**key(hospital_id, type_name, fhir_id), "version": number})


def fetch(scope: Scope, sql: str, parameters: dict[str, object]) -> Row | None:
    test, bound = visible(scope, DIRECTORY, old=sql is VERSION)
    select = sql.format(columns=columns(), joins=JOINS, visible=test)
    found = asked(scope, select, {**parameters, **bound}, one=True)
    return rows(scope, found)[0] if found else None
