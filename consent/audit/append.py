"""Append to the audit log: one INSERT, no lock, in the caller's transaction, before a byte of the answer leaves.

Whom a line is about: one person stands in the line's column `person`, several stand in consent_audit_person, a row each, written by the same statement.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from alliance.config.literals import plain, texts
from consent.audit.event import Event, ProvisoFailed

COLUMNS = ("code", "actor_kind", "actor", "actor_hospital", "role", "purpose", "outcome", "reason", "person", "target",
           "detail", "refs", "address", "request_id")
CASTS = {"person": "::uuid", "refs": "::text[]"}
VALUES = {c: f"%(audit_{c})s{CASTS.get(c, '')}" for c in COLUMNS}
INSERT = f"INSERT INTO consent_audit_event ({', '.join(COLUMNS)}) SELECT {', '.join(VALUES.values())} WHERE {{proviso}}"
GIVEN = "SELECT unnest(%(audit_persons)s::uuid[])"
# index: one_source_patient
SUBJECTS = """SELECT s.person_id FROM records_sourcepatient s JOIN alliance_hospital h ON h.id = s.hospital_id
  WHERE h.code = %(audit_actor_hospital)s AND s.fhir_id = ANY(%(audit_subjects)s::text[])"""
ALONE = f"coalesce({VALUES['person']}, CASE WHEN cardinality(seen.persons) = 1 THEN seen.persons[1] END)"
# A row for each person of a line that is about several. By a function, for most lines are about one, and a second INSERT in the statement costs them a tenth.
NAMED = "named AS MATERIALIZED (SELECT CASE WHEN cardinality(seen.persons) > 1 THEN consent_audit_name(proof.id, proof.recorded, seen.persons) END FROM proof, seen)"

# A read and its proof as one statement: the rows leave PostgreSQL only together with the line that names them. `found`
# must give the columns `ref` (hospital/Type/id/version, or NULL), `person` (uuid, or NULL) and `others` (uuid[] of further persons whom the row
# names, or NULL). Where the proviso does not hold, nothing is looked for and nothing is written.
WITNESSED = f"""
WITH proviso AS MATERIALIZED (SELECT {{proviso}} AS holds),
found AS MATERIALIZED (SELECT true AS there, f.* FROM ({{select}}) f WHERE (SELECT holds FROM proviso)),
seen AS MATERIALIZED (SELECT array_remove(array_agg(ref), NULL) AS refs, count(*) AS n, {{persons}} AS persons FROM found),
proof AS (INSERT INTO consent_audit_event ({{columns}}) SELECT {{values}} FROM seen WHERE (SELECT holds FROM proviso) RETURNING id, recorded),
{NAMED}
SELECT found.* FROM named LEFT JOIN found ON true
"""
ALSO = "ARRAY(SELECT DISTINCT p FROM (SELECT person FROM found UNION ALL SELECT unnest(others) FROM found UNION ALL {given}) x(p) WHERE p IS NOT NULL)"
FOUND = "array_agg(DISTINCT person) FILTER (WHERE person IS NOT NULL)"
FOUND = f"CASE WHEN count(others) = 0 THEN {FOUND} ELSE consent_audit_united({FOUND}, array_agg(others::text) FILTER (WHERE others IS NOT NULL)) END"
# The same for what is not read here: `persons` is a SELECT that gives them, each once.
ABOUT = f"""
WITH seen AS MATERIALIZED (SELECT ARRAY({{persons}}) AS persons),
proof AS (INSERT INTO consent_audit_event ({{columns}}) SELECT {{values}} FROM seen WHERE {{proviso}} RETURNING id, recorded),
{NAMED}
SELECT 1 FROM named
"""


def values(event: Event) -> dict[str, Any]:
    out = {f"audit_{c}": getattr(event, c) for c in COLUMNS}
    out["audit_refs"] = texts(event.refs)
    if event.persons or event.subjects:
        out |= {"audit_persons": plain(event.persons), "audit_subjects": texts(event.subjects)}
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
    if event.persons:
        append_about(event, f"SELECT DISTINCT p FROM ({GIVEN}) x(p)", {})
        return
    test, parameters = asked(event)
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(proviso=test), {**values(event), **parameters})
        held(event, cursor.rowcount == 1)


def append_about(event: Event, persons: str, parameters: Mapping[str, Any]) -> None:
    """Write one line about all persons whom a SELECT gives, each once; as `append` else."""
    test, more = asked(event)
    sql = ABOUT.format(persons=persons, proviso=test, columns=", ".join(COLUMNS), values=", ".join((VALUES | {"person": ALONE}).values()))
    with connection.cursor() as cursor:
        cursor.execute(sql, {**values(event), **parameters, **more})
        held(event, cursor.rowcount == 1)


def whom(event: Event) -> str:
    """The persons of a read: who was found, and who was asked for. Where one patient alone is asked for and anything of him is found, they are the same."""
    if not event.persons and not event.subjects:
        return FOUND
    also = ALSO.format(given=f"{GIVEN} UNION ALL {SUBJECTS}")
    return also if event.persons or len(event.subjects) > 1 else f"CASE WHEN count(person) > 0 THEN {FOUND} ELSE {also} END"


def witnessed(select: str, parameters: Mapping[str, Any], event: Event, *, one: bool = False) -> list[tuple[Any, ...]]:
    """Run a read together with its audit line and return the rows of `found`. Raises ProvisoFailed where the event's proviso does not hold.

    one: the read of a single thing; no row is then written down as not-found.
    """
    sources = VALUES | {"refs": f"coalesce(seen.refs, '{{}}') || {VALUES['refs']}", "person": ALONE}
    if one:
        sources["outcome"] = "CASE WHEN seen.n = 0 THEN 'not-found' ELSE %(audit_outcome)s END"
    test, more = asked(event)
    sql = WITNESSED.format(proviso=test, select=select, persons=whom(event), columns=", ".join(COLUMNS), values=", ".join(sources.values()))
    with connection.cursor() as cursor:
        cursor.execute(sql, {**parameters, **values(event), **more})
        rows = cursor.fetchall()
    held(event, bool(rows))
    return [row[1:] for row in rows if row[0]]
