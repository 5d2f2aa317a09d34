"""Look-ups inside a write: which ids exist, which resources match a condition. They return ids, never bodies, and belong to
the write's own audit line."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from alliance.config.literals import plain
from consent.terms import Scope
from consent.wall import behind
from records.fhir.hashes import named
from records.fhir.types import NAMES, TYPES
from records.search.plan import Plan
from records.search.referrers import FREE
from records.store.rows import SEARCH, visible, where

# What is found stays until the transaction ends, as a foreign key would have it.
# index: record_resource_named, alliance_hospital_pkey
TARGETS = """
WITH held AS (SELECT type, fhir_id FROM record_resource WHERE named = ANY((SELECT %(named)s::bigint[])::bigint[]) AND hospital = %(hospital)s AND NOT deleted FOR KEY SHARE)
SELECT type, fhir_id, true FROM held UNION ALL SELECT 0::smallint, '', enforces_references FROM alliance_hospital WHERE id = %(hospital)s
"""
# index: record_reference_rid
REFERRED = "SELECT rid, target FROM record_reference WHERE rid = ANY(%(rids)s)"
# index: record_reference_target, record_resource_patient, record_resource_others, alliance_hospital_pkey
REFERRERS = """
WITH found AS MATERIALIZED (
  SELECT x.rid FROM record_reference x WHERE x.parameter = ANY((SELECT %(ways)s::bigint[])::bigint[]) AND x.target = %(named)s
  UNION SELECT s.rid FROM record_resource s WHERE %(patient)s > 0 AND s.patient = %(patient)s AND NOT s.deleted
  UNION SELECT o.rid FROM record_resource o WHERE %(patient)s > 0 AND o.hospital = %(hospital)s AND o.others IS NOT NULL AND o.others @> ARRAY[%(patient)s::bigint]
)
SELECT count(*), min(record_type_name(r.type) || '/' || r.fhir_id) FILTER (WHERE {visible}) FROM found JOIN record_resource r USING (rid)
WHERE r.hospital = %(hospital)s AND NOT r.deleted AND r.named <> %(named)s AND (%(patient)s > 0 OR r.type <> ALL(%(free)s::smallint[]))
  AND (SELECT enforces_references FROM alliance_hospital WHERE id = %(hospital)s)
"""
MATCHES = "SELECT fhir_id FROM record_resource r WHERE {where} ORDER BY r.rid LIMIT 2"


def targets(scope: Scope, keys: Collection[tuple[str, str]]) -> tuple[set[tuple[str, str]], bool]:
    """(those that are in this writer's own store, held until the transaction ends; whether the hospital enforces that all are)."""
    if not keys:
        return set(), False
    with behind(scope) as cursor:
        cursor.execute(TARGETS, {"hospital": scope.whole, "named": plain(sorted(named(f"{t}/{i}") for t, i in keys))})
        found = cursor.fetchall()
    return {(NAMES[t], i) for t, i, _ in found if i} & set(keys), next(enforced for _, i, enforced in found if not i)


def referred(scope: Scope, rids: Collection[int]) -> Collection[tuple[int, int]]:
    """(row, hash of what it refers to) as the versions say that these rows hold now."""
    if not rids:
        return set()
    with behind(scope) as cursor:
        cursor.execute(REFERRED, {"rids": sorted(rids)})
        return set(cursor.fetchall())


def referrers(scope: Scope, type_name: str, fhir_id: str, patient: int, ways: Sequence[int]) -> tuple[int, str]:
    """(how many resources of this writer's own store refer to it, one of them that may be named, or ""); none where the hospital does not enforce references."""
    test, bound = visible(replace(scope, writable=False), frozenset())
    with behind(scope) as cursor:
        free = plain(sorted(TYPES[t].number for t in FREE))
        cursor.execute(REFERRERS.format(visible=test), {**bound, "free": free, "hospital": scope.whole, "named": named(f"{type_name}/{fhir_id}"), "patient": patient, "ways": plain(ways)})
        count, some = cursor.fetchone()
    return count, some or ""


# index: record_resource_named
VERSIONS = """SELECT r.type, r.fhir_id, r.version, r.last_updated FROM record_resource r
WHERE r.named = ANY((SELECT %(named)s::bigint[])::bigint[]) AND r.hospital = %(hospital)s AND {where}"""


def versions(scope: Scope, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, dt.datetime]]:
    """Which versions of these of this writer's own store are there, since when; of sealed records none is told."""
    if not keys:
        return {}
    test, bound = where(replace(scope, writable=False), frozenset(), "NOT r.deleted")
    with behind(scope) as cursor:
        cursor.execute(VERSIONS.format(where=test), {**bound, "hospital": scope.whole, "named": plain(named(f"{t}/{i}") for t, i in keys)})
        return {(NAMES[t], i): (version, at) for t, i, version, at in cursor.fetchall() if (NAMES[t], i) in keys}


# index: record_resource_named, records_sourcepatient_pkey
PERSONS = """SELECT r.type, r.fhir_id, p.person_id FROM record_resource r JOIN records_sourcepatient p ON p.id = r.patient
WHERE r.named = ANY((SELECT %(named)s::bigint[])::bigint[]) AND r.hospital = %(hospital)s"""


def persons(scope: Scope, keys: Collection[tuple[str, str]]) -> set[UUID]:
    """Whom these resources of this writer's own store are about."""
    if not keys:
        return set()
    with behind(scope) as cursor:
        cursor.execute(PERSONS, {"hospital": scope.whole, "named": plain(named(f"{t}/{i}") for t, i in keys)})
        return {person for t, i, person in cursor.fetchall() if (NAMES[t], i) in keys}


def having(scope: Scope, plan: Plan) -> list[str]:
    """At most two ids of this writer's own store that fit, of sealed records too: whom something is filed with, which tells of nobody."""
    with behind(scope) as cursor:
        cursor.execute(MATCHES.format(where=f"r.hospital = %(own)s AND {plan.where}"), {**plan.parameters, "own": scope.whole})
        return [i for (i,) in cursor.fetchall()]


def matches(scope: Scope, plan: Plan, condition: str, *, sealed: bool = False) -> list[str]:
    """At most two ids; sealed: among them those of sealed records, the Patient's own too. Holds an advisory lock on the condition until the transaction ends: of two writers with the same
    condition the second one sees what the first one wrote."""
    tests, bound = (f"r.hospital = %(own)s AND {plan.where}", {"own": scope.whole}) if sealed else where(replace(scope, writable=False, letters=SEARCH), frozenset(), plan.where)
    with behind(scope) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [condition, scope.whole])
        cursor.execute(MATCHES.format(where=tests), {**plan.parameters, **bound})
        return [i for (i,) in cursor.fetchall()]
