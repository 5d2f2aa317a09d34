"""Look-ups inside a write: which ids exist, which resources match a condition. They return ids,
never bodies, and belong to the write's own audit line.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from alliance.platform.array_literals import unquoted_array_literal
from alliance.sql.hospitals import HOSPITALS
from consent.row_security import scoped_cursor
from consent.terms import Scope
from records.fhir.hashes import reference_hash
from records.fhir.resource_types import TYPE_NAMES, TYPES
from records.search.referrers import UNENFORCED_TYPES
from records.search.search_plan import SearchPlan
from records.store.rows import SEARCH, visible_sql, where_sql

# What is found stays until the transaction ends, as a foreign key would have it.
# index: record_resource_named, alliance_hospital_pkey
TARGETS = f"""
WITH held AS (SELECT type, fhir_id FROM record_resource
    WHERE named = ANY((SELECT %(named)s::bigint[])::bigint[]) AND hospital = %(hospital)s
    AND NOT deleted FOR KEY SHARE)
SELECT type, fhir_id, true FROM held UNION ALL SELECT 0::smallint, '', enforces_references
  FROM {HOSPITALS} h WHERE id = %(hospital)s
"""
# index: record_reference_rid
REFERRED = "SELECT rid, target FROM record_reference WHERE rid = ANY(%(rids)s)"
# index: record_reference_target, record_resource_patient, record_resource_others,
# alliance_hospital_pkey
REFERRERS = f"""
WITH found AS MATERIALIZED (
  SELECT x.rid FROM record_reference x
    WHERE x.parameter = ANY((SELECT %(ways)s::bigint[])::bigint[]) AND x.target = %(named)s
  UNION SELECT s.rid FROM record_resource s WHERE %(patient)s > 0 AND s.patient = %(patient)s
    AND NOT s.deleted
  UNION SELECT o.rid FROM record_resource o WHERE %(patient)s > 0 AND o.hospital = %(hospital)s
    AND o.others IS NOT NULL AND o.others @> ARRAY[%(patient)s::bigint]
)
SELECT count(*), min(record_type_name(r.type) || '/' || r.fhir_id) FILTER (WHERE {{visible}})
  FROM found JOIN record_resource r USING (rid)
WHERE r.hospital = %(hospital)s AND NOT r.deleted AND r.named <> %(named)s
  AND (%(patient)s > 0 OR r.type <> ALL(%(free)s::smallint[]))
  AND (SELECT enforces_references FROM {HOSPITALS} h WHERE id = %(hospital)s)
"""
MATCHES = "SELECT fhir_id FROM record_resource r WHERE {where} ORDER BY r.rid LIMIT 2"


def lock_targets(
    scope: Scope, keys: Collection[tuple[str, str]]
) -> tuple[set[tuple[str, str]], bool]:
    """(those that are in this writer's own store, held until the transaction ends; whether the
    hospital enforces that all are).
    """
    if not keys:
        return set(), False
    with scoped_cursor(scope) as cursor:
        cursor.execute(
            TARGETS,
            {
                "hospital": scope.store_hospital_id,
                "named": unquoted_array_literal(
                    sorted(reference_hash(f"{t}/{i}") for t, i in keys)
                ),
            },
        )
        rows = cursor.fetchall()
    return {(TYPE_NAMES[t], i) for t, i, _ in rows if i} & set(keys), next(
        enforced for _, i, enforced in rows if not i
    )


def fetch_reference_hashes(
    scope: Scope, resource_ids: Collection[int]
) -> Collection[tuple[int, int]]:
    """(row, hash of what it refers to) as the versions say that these rows hold now."""
    if not resource_ids:
        return set()
    with scoped_cursor(scope) as cursor:
        cursor.execute(REFERRED, {"rids": sorted(resource_ids)})
        return set(cursor.fetchall())


def count_referrers(
    scope: Scope,
    type_name: str,
    fhir_id: str,
    source_patient_id: int,
    parameter_hashes: Sequence[int],
) -> tuple[int, str]:
    """(how many resources of this writer's own store refer to it, one of them that may be named,
    or ""); none where the hospital does not enforce references.
    """
    visible, scope_parameters = visible_sql(replace(scope, writable=False), frozenset())
    with scoped_cursor(scope) as cursor:
        unenforced_types = unquoted_array_literal(sorted(TYPES[t].number for t in UNENFORCED_TYPES))
        cursor.execute(
            REFERRERS.format(visible=visible),
            {
                **scope_parameters,
                "free": unenforced_types,
                "hospital": scope.store_hospital_id,
                "named": reference_hash(f"{type_name}/{fhir_id}"),
                "patient": source_patient_id,
                "ways": unquoted_array_literal(parameter_hashes),
            },
        )
        count, example = cursor.fetchone()
    return count, example or ""


# index: record_resource_named
VERSIONS = """SELECT r.type, r.fhir_id, r.version, r.last_updated FROM record_resource r
WHERE r.named = ANY((SELECT %(named)s::bigint[])::bigint[]) AND r.hospital = %(hospital)s
  AND {where}"""


def fetch_current_versions(
    scope: Scope, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, dt.datetime]]:
    """Which versions of these of this writer's own store are there, since when; of sealed
    records none is told.
    """
    if not keys:
        return {}
    visible, scope_parameters = where_sql(
        replace(scope, writable=False), frozenset(), "NOT r.deleted"
    )
    with scoped_cursor(scope) as cursor:
        cursor.execute(
            VERSIONS.format(where=visible),
            {
                **scope_parameters,
                "hospital": scope.store_hospital_id,
                "named": unquoted_array_literal(reference_hash(f"{t}/{i}") for t, i in keys),
            },
        )
        return {
            (TYPE_NAMES[t], i): (version, last_updated)
            for t, i, version, last_updated in cursor.fetchall()
            if (TYPE_NAMES[t], i) in keys
        }


# index: record_resource_named, records_sourcepatient_pkey
PERSONS = """SELECT r.type, r.fhir_id, p.person_id FROM record_resource r
  JOIN records_sourcepatient p ON p.id = r.patient
WHERE r.named = ANY((SELECT %(named)s::bigint[])::bigint[]) AND r.hospital = %(hospital)s"""


def fetch_persons_of_resources(scope: Scope, keys: Collection[tuple[str, str]]) -> set[UUID]:
    """Whom these resources of this writer's own store are about."""
    if not keys:
        return set()
    with scoped_cursor(scope) as cursor:
        cursor.execute(
            PERSONS,
            {
                "hospital": scope.store_hospital_id,
                "named": unquoted_array_literal(reference_hash(f"{t}/{i}") for t, i in keys),
            },
        )
        return {person_id for t, i, person_id in cursor.fetchall() if (TYPE_NAMES[t], i) in keys}


def find_fitting_ids(scope: Scope, plan: SearchPlan) -> list[str]:
    """At most two ids of this writer's own store that fit, of sealed records too: whom something
    is filed with, which tells of nobody.
    """
    with scoped_cursor(scope) as cursor:
        cursor.execute(
            MATCHES.format(where=f"r.hospital = %(own)s AND {plan.where}"),
            {**plan.parameters, "own": scope.store_hospital_id},
        )
        return [i for (i,) in cursor.fetchall()]


def find_conditional_ids(
    scope: Scope, plan: SearchPlan, condition: str, *, include_sealed: bool = False
) -> list[str]:
    """At most two ids; include_sealed: among them those of sealed records, the Patient's own too.
    Holds an advisory lock on the condition until the transaction ends: of two writers with the same
    condition the second one sees what the first one wrote.
    """
    where, scope_parameters = (
        (f"r.hospital = %(own)s AND {plan.where}", {"own": scope.store_hospital_id})
        if include_sealed
        else where_sql(replace(scope, writable=False, letters=SEARCH), frozenset(), plan.where)
    )
    with scoped_cursor(scope) as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))",
            [condition, scope.store_hospital_id],
        )
        cursor.execute(MATCHES.format(where=where), {**plan.parameters, **scope_parameters})
        return [i for (i,) in cursor.fetchall()]
