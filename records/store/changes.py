"""For the courier: what changed in the stores since it last looked, and which of that fits a subscription's criteria. Ids and columns only;
bodies are read under the subscriber's own scope when he is told."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection

from records.search.plan import Plan


@dataclass(frozen=True, slots=True)
class Change:
    """One version that was written, as the feed orders it."""

    xid: str
    rid: int
    version: int
    hospital: int
    type: int
    fhir_id: str
    deleted: bool
    patient: int
    others: tuple[int, ...]
    at: dt.datetime


FIELDS = "xid, rid, version, hospital, type, fhir_id, deleted, patient, others, last_updated"
# Only transactions older than every running one, so that none slips in behind the position (docs/adr/0005).
# index: record_resource_feed, record_history_feed
SINCE = f"""
SELECT xid::text, rid, version, hospital, type, fhir_id, deleted, patient, others, last_updated FROM (
  (SELECT {FIELDS} FROM record_resource WHERE hospital = %(hospital)s AND (xid, rid, version) > (%(xid)s::xid8, %(rid)s, %(version)s)
     AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, rid, version LIMIT %(limit)s)
  UNION ALL
  (SELECT {FIELDS} FROM record_history WHERE hospital = %(hospital)s AND (xid, rid, version) > (%(xid)s::xid8, %(rid)s, %(version)s)
     AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, rid, version LIMIT %(limit)s)
) c ORDER BY c.xid, c.rid, c.version LIMIT %(limit)s
"""
# Whom a person's changes concern: the person of each row of the index, and which members know him.
# index: records_sourcepatient_pkey, records_sourcepatient_person
PEOPLE = """
SELECT s.id, s.person_id, array_agg(o.hospital_id) FROM records_sourcepatient s JOIN records_sourcepatient o ON o.person_id = s.person_id
WHERE s.id = ANY(%s) GROUP BY 1, 2
"""


def since(hospital: int, xid: str, rid: int, version: int, limit: int) -> list[Change]:
    with connection.cursor() as cursor:
        cursor.execute(SINCE, {"hospital": hospital, "xid": xid, "rid": rid, "version": version, "limit": limit})
        return [Change(*r[:8], tuple(r[8] or ()), r[9]) for r in cursor.fetchall()]


def now() -> str:
    """The feed's end: the oldest transaction that still runs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        return str(cursor.fetchone()[0])


def hospitals() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM alliance_hospital ORDER BY id")
        return [h for (h,) in cursor.fetchall()]


def people(patients: list[int]) -> dict[int, tuple[str, set[int]]]:
    """{row of the index: (person, members that know him)}."""
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [patients])
        return {i: (str(person), set(known)) for i, person, known in cursor.fetchall()}


def fitting(hospital: int, plan: Plan, rids: list[int]) -> set[int]:
    """Which of these rows of the hospital fit the criteria as they are now."""
    sql = "SELECT r.rid FROM record_resource r WHERE r.hospital = %(own)s AND r.rid = ANY(%(rids)s) AND " + plan.where.replace("NOT r.deleted", "true", 1)
    with connection.cursor() as cursor:
        cursor.execute(own_rows(sql), {**plan.parameters, "own": hospital, "rids": rids})
        return {r for (r,) in cursor.fetchall()}


def own_rows(sql: str) -> str:
    """Joined rows are of the same store, as an own scope would say."""
    for i in range(10):
        sql = sql.replace(f"<visible:t{i}>", f"t{i}.hospital = %(own)s")
    return sql


def subscription(rid: int) -> tuple[Any, ...] | None:
    """(hospital, type, id, version, last updated, body as stored) of a Subscription."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT hospital, type, fhir_id, version, last_updated, body FROM record_resource WHERE rid = %s AND NOT deleted", [rid])
        return cursor.fetchone()  # type: ignore[no-any-return]


def person_of(hospital: int, fhir_id: str) -> str | None:
    """The person of a member's Patient, as the index sees him now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT person_id FROM records_sourcepatient WHERE hospital_id = %s AND fhir_id = %s", [hospital, fhir_id])
        row = cursor.fetchone()
    return str(row[0]) if row else None


@cache
def code_of(hospital: int) -> str:
    """A member's code, which never changes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM alliance_hospital WHERE id = %s", [hospital])
        return str(cursor.fetchone()[0])
