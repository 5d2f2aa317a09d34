"""Append to the audit log: one INSERT, no lock, in the caller's transaction, before a byte of the answer leaves."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from alliance.config.literals import texts
from consent.audit.event import Event, ProvisoFailed

COLUMNS = ("code", "actor_kind", "actor", "actor_hospital", "role", "purpose", "outcome", "reason", "person", "target",
           "detail", "refs", "address", "request_id")
CASTS = {"person": "::uuid", "refs": "::text[]"}
VALUES = {c: f"%(audit_{c})s{CASTS.get(c, '')}" for c in COLUMNS}
INSERT = f"INSERT INTO consent_audit_event ({', '.join(COLUMNS)}) SELECT {', '.join(VALUES.values())} WHERE {{proviso}}"

# A read and its proof as one statement: the rows leave PostgreSQL only together with the line that names them. `found`
# must give the columns `ref` (hospital/Type/id/version, or NULL) and `person` (uuid, or NULL). Where the proviso does not
# hold, nothing is looked for and nothing is written.
WITNESSED = """
WITH proviso AS MATERIALIZED (SELECT {proviso} AS holds),
found AS MATERIALIZED (SELECT true AS there, f.* FROM ({select}) f WHERE (SELECT holds FROM proviso)),
proof AS (
  INSERT INTO consent_audit_event ({columns})
  SELECT {values} FROM (SELECT array_remove(array_agg(ref), NULL) AS refs, count(*) AS n,
                               (array_agg(DISTINCT person) FILTER (WHERE person IS NOT NULL)) AS persons FROM found) seen
  WHERE (SELECT holds FROM proviso)
  RETURNING id
)
SELECT found.* FROM proof LEFT JOIN found ON true
"""
def values(event: Event) -> dict[str, Any]:
    out = {f"audit_{c}": getattr(event, c) for c in COLUMNS}
    out["audit_refs"] = texts(event.refs)
    for name in ("code", "outcome"):
        out[f"audit_{name}"] = str(out[f"audit_{name}"])
    return out


def asked(event: Event) -> tuple[str, dict[str, Any]]:
    """The proviso as SQL with its parameters, once: what held for this request's first line holds for its next."""
    if event.proviso is None or event.proviso.met:
        return "true", {}
    return event.proviso.test, event.proviso.parameters


def held(event: Event, holds: bool) -> None:
    if not holds:
        raise ProvisoFailed
    if event.proviso is not None:
        event.proviso.met = True


def append(event: Event) -> None:
    """Write one line. MUST be called inside the transaction of what it proves; a refusal is a transaction of its own.

    Raises ProvisoFailed where the event's proviso does not hold: the transaction must not be committed then.
    """
    test, parameters = asked(event)
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(proviso=test), {**values(event), **parameters})
        held(event, cursor.rowcount == 1)


def witnessed(select: str, parameters: Mapping[str, Any], event: Event, *, one: bool = False) -> list[tuple[Any, ...]]:
    """Run a read together with its audit line and return the rows of `found`. Raises ProvisoFailed where the event's proviso does not hold.

    one: the read of a single thing; no row is then written down as not-found.
    """
    sources = dict(VALUES)
    sources["refs"] = f"coalesce(seen.refs, '{{}}') || {VALUES['refs']}"
    sources["person"] = f"coalesce({VALUES['person']}, CASE WHEN cardinality(seen.persons) = 1 THEN seen.persons[1] END)"
    if one:
        sources["outcome"] = "CASE WHEN seen.n = 0 THEN 'not-found' ELSE %(audit_outcome)s END"
    test, more = asked(event)
    sql = WITNESSED.format(proviso=test, select=select, columns=", ".join(COLUMNS), values=", ".join(sources.values()))
    with connection.cursor() as cursor:
        cursor.execute(sql, {**parameters, **values(event), **more})
        rows = cursor.fetchall()
    held(event, bool(rows))
    return [row[1:] for row in rows if row[0]]
