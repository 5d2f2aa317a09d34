"""For the subscription worker: what changed in the stores since it last looked, and which of that
fits a subscription's criteria. Ids and columns only; bodies are read under the subscriber's own
scope when it is told.
"""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection

from alliance.sql.hospitals import HOSPITALS
from records.search.search_plan import SearchPlan


@dataclass(frozen=True, slots=True)
class Change:
    """One version that was written, as the feed orders it."""

    xid: str
    resource_id: int
    version: int
    hospital_id: int
    type_number: int
    fhir_id: str
    deleted: bool
    source_patient_id: int
    other_source_patient_ids: tuple[int, ...]
    last_updated: dt.datetime


CHANGE_FIELDS = "xid, rid, version, hospital, type, fhir_id, deleted, patient, others, last_updated"
# Only transactions older than every running one, so that none slips in behind the position
# (docs/adr/0005).
# index: record_resource_feed, record_history_feed
CHANGES_SINCE_SQL = f"""
SELECT xid::text, rid, version, hospital, type, fhir_id, deleted, patient, others, last_updated
  FROM (
  (SELECT {CHANGE_FIELDS} FROM record_resource
      WHERE hospital = %(hospital)s AND (xid, rid, version) > (%(xid)s::xid8, %(rid)s, %(version)s)
     AND xid < alliance_horizon() ORDER BY xid, rid, version LIMIT %(limit)s)
  UNION ALL
  (SELECT {CHANGE_FIELDS} FROM record_history
      WHERE hospital = %(hospital)s AND (xid, rid, version) > (%(xid)s::xid8, %(rid)s, %(version)s)
     AND xid < alliance_horizon() ORDER BY xid, rid, version LIMIT %(limit)s)
) c ORDER BY c.xid, c.rid, c.version LIMIT %(limit)s
"""
# Whom a person's changes concern: the person of each row of the index, and which members know them.
# index: records_sourcepatient_pkey, records_sourcepatient_person
PERSONS_SQL = """
SELECT s.id, s.person_id, array_agg(o.hospital_id) FROM records_sourcepatient s
  JOIN records_sourcepatient o ON o.person_id = s.person_id
WHERE s.id = ANY(%s) GROUP BY 1, 2
"""


def fetch_changes_since(
    hospital_id: int, xid: str, resource_id: int, version: int, limit: int
) -> list[Change]:
    with connection.cursor() as cursor:
        cursor.execute(
            CHANGES_SINCE_SQL,
            {
                "hospital": hospital_id,
                "xid": xid,
                "rid": resource_id,
                "version": version,
                "limit": limit,
            },
        )
        return [Change(*row[:8], tuple(row[8] or ()), row[9]) for row in cursor.fetchall()]


def fetch_feed_end() -> str:
    """The feed's end: the oldest transaction that still runs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT alliance_horizon()::text")
        return str(cursor.fetchone()[0])


def list_hospital_ids() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {HOSPITALS} h ORDER BY id")
        return [h for (h,) in cursor.fetchall()]


def fetch_persons_of_patients(source_patient_ids: list[int]) -> dict[int, tuple[str, set[int]]]:
    """{row of the index: (person, members that know them)}."""
    with connection.cursor() as cursor:
        cursor.execute(PERSONS_SQL, [source_patient_ids])
        return {
            source_patient_id: (str(person_id), set(hospital_ids))
            for source_patient_id, person_id, hospital_ids in cursor.fetchall()
        }


def filter_fitting_rows(hospital_id: int, plan: SearchPlan, resource_ids: list[int]) -> set[int]:
    """Which of these rows of the hospital fit the criteria as they are now."""
    sql = (
        "SELECT r.rid FROM record_resource r WHERE r.hospital = %(own)s AND r.rid = ANY(%(rids)s)"
        " AND " + plan.where.replace("NOT r.deleted", "true", 1)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            restrict_joins_to_store(sql),
            {**plan.parameters, "own": hospital_id, "rids": resource_ids},
        )
        return {r for (r,) in cursor.fetchall()}


def restrict_joins_to_store(sql: str) -> str:
    """Joined rows are of the same store, as an own scope would say."""
    for i in range(10):
        sql = sql.replace(f"<visible:t{i}>", f"t{i}.hospital = %(own)s")
    return sql


def load_subscription_row(resource_id: int) -> tuple[Any, ...] | None:
    """(hospital, type, id, version, last updated, body as stored) of a Subscription."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hospital, type, fhir_id, version, last_updated, body FROM record_resource WHERE"
            " rid = %s AND NOT deleted",
            [resource_id],
        )
        return cursor.fetchone()  # type: ignore[no-any-return]


def find_person_id(hospital_id: int, fhir_id: str) -> str | None:
    """The person of a member's Patient, as the index sees them now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id FROM records_sourcepatient WHERE hospital_id = %s AND fhir_id = %s",
            [hospital_id, fhir_id],
        )
        row = cursor.fetchone()
    return str(row[0]) if row else None


@cache
def fetch_hospital_code(hospital_id: int) -> str:
    """A member's code, which never changes."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT code FROM {HOSPITALS} h WHERE id = %s", [hospital_id])
        return str(cursor.fetchone()[0])
