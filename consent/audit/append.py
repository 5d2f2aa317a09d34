"""Append to the audit log: one INSERT, no lock, in the caller's transaction, before a byte of the answer leaves."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from alliance.config.literals import texts
from consent.audit.event import Event

COLUMNS = ("code", "actor_kind", "actor", "actor_hospital", "role", "purpose", "outcome", "reason", "person", "target",
           "detail", "refs", "address", "request_id")
INSERT = f"INSERT INTO consent_audit_event ({', '.join(COLUMNS)}) VALUES ({', '.join(f'%(audit_{c})s' for c in COLUMNS)})"

# A read and its proof as one statement: the rows leave PostgreSQL only together with the line that names them. `found`
# must give the columns `ref` (hospital/Type/id/version, or NULL) and `person` (uuid, or NULL).
WITNESSED = """
WITH found AS MATERIALIZED ({select}),
proof AS (
  INSERT INTO consent_audit_event ({columns})
  SELECT {values} FROM (SELECT array_remove(array_agg(ref), NULL) AS refs, count(*) AS n,
                               (array_agg(DISTINCT person) FILTER (WHERE person IS NOT NULL)) AS persons FROM found) seen
  RETURNING id
)
SELECT found.* FROM found, proof
"""


def values(event: Event) -> dict[str, Any]:
    out = {f"audit_{c}": getattr(event, c) for c in COLUMNS}
    out["audit_refs"] = texts(event.refs)
    for name in ("code", "outcome"):
        out[f"audit_{name}"] = str(out[f"audit_{name}"])
    return out


def append(event: Event) -> None:
    """Write one line. MUST be called inside the transaction of what it proves; a refusal is a transaction of its own."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values(event))


def witnessed(select: str, parameters: Mapping[str, Any], event: Event, *, one: bool = False) -> list[tuple[Any, ...]]:
    """Run a read together with its audit line and return the rows of `found`.

    one: the read of a single thing; no row is then written down as not-found.
    """
    sources = {c: f"%(audit_{c})s" for c in COLUMNS}
    sources["refs"] = "coalesce(seen.refs, '{{}}') || %(audit_refs)s::text[]".replace("{{}}", "{}")
    sources["person"] = "coalesce(%(audit_person)s::uuid, CASE WHEN cardinality(seen.persons) = 1 THEN seen.persons[1] END)"
    if one:
        sources["outcome"] = "CASE WHEN seen.n = 0 THEN 'not-found' ELSE %(audit_outcome)s END"
    sql = WITNESSED.format(select=select, columns=", ".join(COLUMNS), values=", ".join(sources.values()))
    with connection.cursor() as cursor:
        cursor.execute(sql, {**parameters, **values(event)})
        return cursor.fetchall()  # type: ignore[no-any-return]
