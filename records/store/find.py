"""Look-ups inside a write: which ids exist, which resources match a condition. They return ids, never bodies, and belong to
the write's own audit line."""

from collections.abc import Sequence

from alliance.config.literals import plain
from consent.terms import Scope
from consent.wall import behind
from records.fhir.hashes import named
from records.fhir.types import NAMES
from records.search.plan import Plan
from records.store.rows import where

# index: record_resource_named
EXISTING = "SELECT type, fhir_id FROM record_resource WHERE named = ANY((SELECT %(named)s::bigint[])::bigint[]) AND hospital = %(hospital)s AND NOT deleted"
MATCHES = "SELECT fhir_id FROM record_resource r WHERE {where} ORDER BY r.rid LIMIT 2"


def existing(scope: Scope, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    if not keys:
        return set()
    with behind(scope) as cursor:
        cursor.execute(EXISTING, {"hospital": scope.whole, "named": plain(named(f"{t}/{i}") for t, i in keys)})
        return {(NAMES[t], i) for t, i in cursor.fetchall()} & set(keys)


def matches(scope: Scope, plan: Plan, condition: str, *, sealed: bool = False) -> list[str]:
    """At most two ids; sealed: among them those of sealed records. Holds an advisory lock on the condition until the transaction ends: of two writers with the same
    condition the second one sees what the first one wrote."""
    tests, bound = (f"r.hospital = %(own)s AND {plan.where}", {"own": scope.whole}) if sealed else where(scope, frozenset(), plan.where)
    with behind(scope) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [condition, scope.whole])
        cursor.execute(MATCHES.format(where=tests), {**plan.parameters, **bound})
        return [i for (i,) in cursor.fetchall()]
