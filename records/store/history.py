"""Versions: of one resource, of a type, and the change feed of a store without gaps."""

from dataclasses import dataclass

from alliance.config.dates import Range
from consent.terms import Scope
from records.store.rows import JOINS, Row, asked, columns, granted, key, rows, visible

FIELDS = "rid, hospital, type, fhir_id, version, last_updated, deleted, body, patient, others, labels, xid"
# _at: versions that were current at some moment of [low, high): begun before its end, and not followed by one that had begun at its start.
CURRENT = """(%(current_low)s::timestamptz IS NULL OR (r.last_updated < %(current_high)s
  AND NOT record_followed(r.rid, r.version, %(current_low)s)))"""
# index: record_resource_updated and record_history_type
OF_TYPE = f"""
SELECT {{columns}} FROM (
  SELECT {FIELDS} FROM record_resource WHERE hospital = %(hospital)s AND type = %(type)s
  UNION ALL
  SELECT {FIELDS} FROM record_history WHERE hospital = %(hospital)s AND type = %(type)s
) r {{joins}} WHERE {{visible}} AND {CURRENT} AND (%(since)s::timestamptz IS NULL OR r.last_updated >= %(since)s)
  AND (%(at_key)s::timestamptz IS NULL OR (r.last_updated, r.rid, r.version) < (%(at_key)s, %(at_rid)s, %(at_version)s))
ORDER BY r.last_updated DESC, r.rid DESC, r.version DESC LIMIT %(limit)s
"""
# A resource's row stays when it is deleted, so it leads to every version.
# index: record_resource_named, record_history_pkey
OF_ONE = OF_TYPE.replace("FROM record_resource WHERE", "FROM record_resource WHERE named = %(named)s AND fhir_id = %(id)s AND").replace(
    "FROM record_history WHERE", "FROM record_history WHERE rid = (SELECT rid FROM record_current(%(hospital)s, %(named)s)) AND fhir_id = %(id)s AND")
# Transactions commit out of the order of their numbers. Only versions of transactions older than every running one are
# served, in that order, so a reader who remembers the last one that he saw misses none. Types that a token does not cover are passed over inside, for a page
# of nothing else would keep him where he is.
# index: record_resource_feed, record_history_feed
FEED = f"""
SELECT {{columns}} FROM (
  (SELECT {FIELDS} FROM record_resource r WHERE hospital = %(hospital)s AND (xid, rid, version) > (%(xid)s::xid8, %(at_rid)s, %(at_version)s)
     AND xid < pg_snapshot_xmin(pg_current_snapshot()) AND (%(since)s::timestamptz IS NULL OR last_updated >= %(since)s) AND {CURRENT}{{kind}}
   ORDER BY xid, rid, version LIMIT %(limit)s)
  UNION ALL
  (SELECT {FIELDS} FROM record_history r WHERE hospital = %(hospital)s AND (xid, rid, version) > (%(xid)s::xid8, %(at_rid)s, %(at_version)s)
     AND xid < pg_snapshot_xmin(pg_current_snapshot()) AND (%(since)s::timestamptz IS NULL OR last_updated >= %(since)s) AND {CURRENT}{{kind}}
   ORDER BY xid, rid, version LIMIT %(limit)s)
) r {{joins}} WHERE {{visible}} ORDER BY r.xid, r.rid, r.version LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reader stands: in time order (key is a time) or in commit order (key is a transaction number)."""

    key: str | None = None
    rid: int = 0
    version: int = 0


def versions(scope: Scope, hospital_id: int, type_name: str, fhir_id: str | None, since: object, current: Range | None, at: Position, limit: int) -> list[Row]:
    """Newest first, deletions included."""
    low, high = current or (None, None)
    return fetch(scope, OF_ONE if fhir_id else OF_TYPE, "r.last_updated::text", {
        **key(hospital_id, type_name, fhir_id or ""), "current_low": low, "current_high": high, "since": since, "at_key": at.key, "at_rid": at.rid, "at_version": at.version, "limit": limit})


def feed(scope: Scope, hospital_id: int, since: object, current: Range | None, at: Position, limit: int) -> list[Row]:
    """Changes in commit order, oldest first."""
    low, high = current or (None, None)
    return fetch(scope, FEED, "r.xid::text", {
        "current_low": low, "current_high": high, "hospital": hospital_id, "since": since, "xid": at.key or "0", "at_rid": at.rid, "at_version": at.version, "limit": limit})


def fetch(scope: Scope, sql: str, position: str, parameters: dict[str, object]) -> list[Row]:
    test, bound = visible(scope, frozenset(), old=True)
    newest = "r.xid, r.rid, r.version" if sql is FEED else "r.last_updated DESC, r.rid DESC, r.version DESC"
    shown = f"row_number() OVER (ORDER BY {newest}) < %(limit)s"
    select = sql.format(columns=columns(position, shown), joins=JOINS, visible=test, kind=granted(scope, "r", scope.letters)[0])
    return rows(scope, asked(scope, select, {**parameters, **bound}))
