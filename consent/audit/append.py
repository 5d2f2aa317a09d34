"""Append to the audit log: one INSERT, no lock, in the caller's transaction, before a byte of
the answer leaves.

Whom a line is about: one person stands in the line's column `person`, several stand in
consent_audit_person, a row each, written by the same statement.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from alliance.platform.array_literals import text_array_literal, unquoted_array_literal
from alliance.sql.hospitals import HOSPITALS
from consent import from_records
from consent.audit.event import AuditEvent, ProvisoFailed
from consent.sql.privileges import LINE_COLUMNS

CASTS = {"person": "::uuid", "refs": "::text[]"}
COLUMN_VALUES = {c: f"%(audit_{c})s{CASTS.get(c, '')}" for c in LINE_COLUMNS}
INSERT_LINE_SQL = (
    f"INSERT INTO consent_audit_event ({', '.join(LINE_COLUMNS)}) SELECT"
    f" {', '.join(COLUMN_VALUES.values())} WHERE {{proviso}}"
)
GIVEN_PERSONS_SQL = "SELECT unnest(%(audit_persons)s::uuid[])"
# index: one_source_patient
SUBJECT_PERSONS_SQL = f"""SELECT s.person_id FROM {from_records.asked.registrations} s
  JOIN {HOSPITALS} h ON h.id = s.hospital_id
  WHERE h.code = %(audit_actor_hospital)s AND s.fhir_id = ANY(%(audit_subjects)s::text[])"""
SINGLE_PERSON_SQL = (
    f"coalesce({COLUMN_VALUES['person']}, CASE WHEN cardinality(seen.persons) = 1 THEN"
    " seen.persons[1] END)"
)
# A row for each person of a line that is about several. By a function, for most lines are about
# one, and a second INSERT in the statement costs them a tenth.
NAME_PERSONS_SQL = (
    "named AS MATERIALIZED (SELECT CASE WHEN cardinality(seen.persons) > 1 THEN"
    " consent_audit_name(proof.id, proof.recorded, seen.persons) END FROM proof, seen)"
)

# A read and its proof as one statement: the rows leave PostgreSQL only together with the line that
# names them. `found` must give the columns `ref` (hospital/Type/id/version, or NULL), `person`
# (uuid, or NULL) and `others` (uuid[] of further persons whom the row names, or NULL). Where the
# proviso does not hold, nothing is looked for and nothing is written.
READ_WITH_AUDIT_SQL = f"""
WITH proviso AS MATERIALIZED (SELECT {{proviso}} AS holds),
found AS MATERIALIZED (SELECT true AS there, f.* FROM ({{select}}) f
  WHERE (SELECT holds FROM proviso)),
seen AS MATERIALIZED (
  SELECT array_remove(array_agg(ref), NULL) AS refs, count(*) AS n, {{persons}} AS persons
  FROM found),
proof AS (INSERT INTO consent_audit_event ({{columns}})
  SELECT {{values}} FROM seen WHERE (SELECT holds FROM proviso) RETURNING id, recorded),
{NAME_PERSONS_SQL}
SELECT found.* FROM named LEFT JOIN found ON true
"""
FOUND_AND_GIVEN_SQL = (
    "ARRAY(SELECT DISTINCT p FROM (SELECT person FROM found UNION ALL SELECT unnest(others) FROM"
    " found UNION ALL {given}) x(p) WHERE p IS NOT NULL)"
)
FOUND_PERSONS_SQL = "array_agg(DISTINCT person) FILTER (WHERE person IS NOT NULL)"
FOUND_PERSONS_SQL = (
    f"CASE WHEN count(others) = 0 THEN {FOUND_PERSONS_SQL} ELSE"
    f" consent_audit_united({FOUND_PERSONS_SQL}, array_agg(others::text) FILTER (WHERE others IS"
    " NOT NULL)) END"
)
# The same for what is not read here: `persons` is a SELECT that gives them, each once.
INSERT_ABOUT_SQL = f"""
WITH seen AS MATERIALIZED (SELECT ARRAY({{persons}}) AS persons),
proof AS (INSERT INTO consent_audit_event ({{columns}})
  SELECT {{values}} FROM seen WHERE {{proviso}} RETURNING id, recorded),
{NAME_PERSONS_SQL}
SELECT 1 FROM named
"""


def audit_parameters(event: AuditEvent) -> dict[str, Any]:
    parameters = {f"audit_{c}": getattr(event, c) for c in LINE_COLUMNS}
    parameters["audit_refs"] = text_array_literal(event.refs)
    if event.persons or event.subjects:
        parameters |= {
            "audit_persons": unquoted_array_literal(event.persons),
            "audit_subjects": text_array_literal(event.subjects),
        }
    for name in ("code", "outcome"):
        parameters[f"audit_{name}"] = str(parameters[f"audit_{name}"])
    return parameters


def proviso_sql(event: AuditEvent) -> tuple[str, dict[str, Any]]:
    """The proviso as SQL with its parameters, once: what held for this request's first line
    holds for its next.
    """
    if event.proviso is None or event.proviso.met:
        return "true", {}
    return event.proviso.test, event.proviso.parameters


def mark_proviso_used(event: AuditEvent, holds: bool) -> None:
    if not holds:
        raise ProvisoFailed
    if event.proviso is not None:
        event.proviso.met = True


def append_event(event: AuditEvent) -> None:
    """Write one line. MUST be called inside the transaction of what it proves; a refusal is a
    transaction of its own.

    Raises ProvisoFailed where the event's proviso does not hold: the transaction must not be
    committed then.
    """
    if event.persons:
        append_event_about(event, f"SELECT DISTINCT p FROM ({GIVEN_PERSONS_SQL}) x(p)", {})
        return
    proviso, proviso_parameters = proviso_sql(event)
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_LINE_SQL.format(proviso=proviso),
            {**audit_parameters(event), **proviso_parameters},
        )
        mark_proviso_used(event, holds=cursor.rowcount == 1)


def append_event_about(event: AuditEvent, persons: str, parameters: Mapping[str, Any]) -> None:
    """Write one line about all persons whom a SELECT gives, each once; else as append_event."""
    proviso, proviso_parameters = proviso_sql(event)
    statement = INSERT_ABOUT_SQL.format(
        persons=persons,
        proviso=proviso,
        columns=", ".join(LINE_COLUMNS),
        values=", ".join((COLUMN_VALUES | {"person": SINGLE_PERSON_SQL}).values()),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {**audit_parameters(event), **parameters, **proviso_parameters})
        mark_proviso_used(event, holds=cursor.rowcount == 1)


def persons_sql(event: AuditEvent) -> str:
    """The persons of a read: who was found, and who was asked for. Where one patient alone is
    asked for and anything about them is found, the two are the same.
    """
    if not event.persons and not event.subjects:
        return FOUND_PERSONS_SQL
    given = f"{GIVEN_PERSONS_SQL} UNION ALL {SUBJECT_PERSONS_SQL}"
    found_and_given = FOUND_AND_GIVEN_SQL.format(given=given)
    if event.persons or len(event.subjects) > 1:
        return found_and_given
    return f"CASE WHEN count(person) > 0 THEN {FOUND_PERSONS_SQL} ELSE {found_and_given} END"


def execute_with_audit(
    select: str, parameters: Mapping[str, Any], event: AuditEvent, *, single: bool = False
) -> list[tuple[Any, ...]]:
    """Run a read and write its audit line in one statement; return the rows of `found`. Raises
    ProvisoFailed where the event's proviso does not hold.

    single: the read of a single thing; no row is then written down as not-found.
    """
    proviso, proviso_parameters = proviso_sql(event)
    statement = READ_WITH_AUDIT_SQL.format(
        proviso=proviso,
        select=select,
        persons=persons_sql(event),
        columns=", ".join(LINE_COLUMNS),
        values=", ".join(read_line_values(single).values()),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {**parameters, **audit_parameters(event), **proviso_parameters})
        rows = cursor.fetchall()
    mark_proviso_used(event, holds=bool(rows))  # a proof gives one row at least
    return [row[1:] for row in rows if row[0]]  # the first column: whether it is a row of `found`


def read_line_values(single: bool) -> dict[str, str]:
    """{column: expression} of the line of a read: what was found is among its refs, whom it was
    about is its person.
    """
    values = COLUMN_VALUES | {
        "refs": f"coalesce(seen.refs, '{{}}') || {COLUMN_VALUES['refs']}",
        "person": SINGLE_PERSON_SQL,
    }
    if single:
        values["outcome"] = "CASE WHEN seen.n = 0 THEN 'not-found' ELSE %(audit_outcome)s END"
    return values
