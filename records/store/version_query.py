"""Versions: of one resource, of a type, and the change feed of a store without gaps."""

from dataclasses import dataclass

from alliance.platform.dates import TimeRange
from consent.terms import Scope
from records.store.rows import (
    ROW_JOINS,
    Row,
    build_resource_key,
    build_rows,
    fetch_audited,
    granted_types_sql,
    row_columns_sql,
    visible_sql,
)

VERSION_FIELDS = (
    "rid, hospital, type, fhir_id, version, last_updated, deleted, body, patient, others,"
    " labels, xid"
)
# _at: versions that were current at some moment of [low, high): begun before its end, and not
# followed by one that had begun at its start.
CURRENT_AT_SQL = """(%(current_low)s::timestamptz IS NULL OR (r.last_updated < %(current_high)s
  AND NOT record_followed(r.rid, r.version, %(current_low)s)))"""
# index: record_resource_updated and record_history_type
OF_TYPE = f"""
SELECT {{columns}} FROM (
  SELECT {VERSION_FIELDS} FROM record_resource WHERE hospital = %(hospital)s AND type = %(type)s
  UNION ALL
  SELECT {VERSION_FIELDS} FROM record_history WHERE hospital = %(hospital)s AND type = %(type)s
) r {{joins}} WHERE {{visible}} AND {CURRENT_AT_SQL}
  AND (%(since)s::timestamptz IS NULL OR r.last_updated >= %(since)s)
  AND (%(at_key)s::timestamptz IS NULL
      OR (r.last_updated, r.rid, r.version) < (%(at_key)s, %(at_rid)s, %(at_version)s))
ORDER BY r.last_updated DESC, r.rid DESC, r.version DESC LIMIT %(limit)s
"""
# A resource's row stays when it is deleted, so it leads to every version.
# index: record_resource_named, record_history_pkey
OF_ONE = OF_TYPE.replace(
    "FROM record_resource WHERE",
    "FROM record_resource WHERE named = %(named)s AND fhir_id = %(id)s AND",
).replace(
    "FROM record_history WHERE",
    "FROM record_history WHERE rid = (SELECT rid FROM record_current(%(hospital)s, %(named)s)) AND"
    " fhir_id = %(id)s AND",
)
# Transactions commit out of the order of their numbers. Only versions of transactions older than
# every running one are served, in that order, so a reader who remembers the last one that it saw
# misses none. Types that a token does not cover are passed over inside, for a page of nothing else
# would keep it where it is.
# index: record_resource_feed, record_history_feed
FEED = f"""
SELECT {{columns}} FROM (
  (SELECT {VERSION_FIELDS} FROM record_resource r
      WHERE hospital = %(hospital)s
      AND (xid, rid, version) > (%(xid)s::xid8, %(at_rid)s, %(at_version)s)
     AND xid < alliance_horizon() AND (%(since)s::timestamptz IS NULL OR last_updated >= %(since)s)
       AND {CURRENT_AT_SQL}{{kind}}
   ORDER BY xid, rid, version LIMIT %(limit)s)
  UNION ALL
  (SELECT {VERSION_FIELDS} FROM record_history r
      WHERE hospital = %(hospital)s
      AND (xid, rid, version) > (%(xid)s::xid8, %(at_rid)s, %(at_version)s)
     AND xid < alliance_horizon() AND (%(since)s::timestamptz IS NULL OR last_updated >= %(since)s)
       AND {CURRENT_AT_SQL}{{kind}}
   ORDER BY xid, rid, version LIMIT %(limit)s)
) r {{joins}} WHERE {{visible}} ORDER BY r.xid, r.rid, r.version LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class VersionPosition:
    """Where a reader stands: in time order (key is a time) or in commit order (key is a
    transaction number).
    """

    key: str | None = None
    resource_id: int = 0
    version: int = 0


def fetch_versions(
    scope: Scope,
    hospital_id: int,
    type_name: str,
    fhir_id: str | None,
    since: object,
    at: TimeRange | None,
    after: VersionPosition,
    limit: int,
) -> list[Row]:
    """Newest first, deletions included."""
    at_low, at_high = at or (None, None)
    return fetch_version_rows(
        scope,
        OF_ONE if fhir_id else OF_TYPE,
        "r.last_updated::text",
        {
            **build_resource_key(hospital_id, type_name, fhir_id or ""),
            "current_low": at_low,
            "current_high": at_high,
            "since": since,
            "at_key": after.key,
            "at_rid": after.resource_id,
            "at_version": after.version,
            "limit": limit,
        },
    )


def fetch_change_feed(
    scope: Scope,
    hospital_id: int,
    since: object,
    at: TimeRange | None,
    after: VersionPosition,
    limit: int,
) -> list[Row]:
    """Changes in commit order, oldest first."""
    at_low, at_high = at or (None, None)
    return fetch_version_rows(
        scope,
        FEED,
        "r.xid::text",
        {
            "current_low": at_low,
            "current_high": at_high,
            "hospital": hospital_id,
            "since": since,
            "xid": after.key or "0",
            "at_rid": after.resource_id,
            "at_version": after.version,
            "limit": limit,
        },
    )


def fetch_version_rows(
    scope: Scope, sql: str, position: str, parameters: dict[str, object]
) -> list[Row]:
    visible, scope_parameters = visible_sql(scope, frozenset(), may_be_old=True)
    newest = (
        "r.xid, r.rid, r.version"
        if sql is FEED
        else "r.last_updated DESC, r.rid DESC, r.version DESC"
    )
    shown = f"row_number() OVER (ORDER BY {newest}) < %(limit)s"
    select = sql.format(
        columns=row_columns_sql(position, shown),
        joins=ROW_JOINS,
        visible=visible,
        kind=granted_types_sql(scope, "r", scope.letters)[0],
    )
    return build_rows(scope, fetch_audited(scope, select, {**parameters, **scope_parameters}))
