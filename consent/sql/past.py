"""What was known at a moment that has passed, in SQL: the history of facts that are changed in
place, and the tables of facts as they stood (docs/adr/0076).
"""

# At which person registrations were before, and until when.
REGISTRATION_HISTORY = (
    "(SELECT fact, person, until FROM consent_fact_history WHERE kind = 'registration')"
)


def row_then(kind: str, fact: str, moment: str = "%(now)s") -> str:
    """The columns of a fact as they were at the moment, as `was`; no row where they are as they
    were. fact: its number, in SQL.
    """
    # index: consent_fact_history_fact
    return (
        f"SELECT was FROM consent_fact_history WHERE kind = '{kind}' AND fact = {fact} AND until >"
        f" {moment} ORDER BY until, id LIMIT 1"
    )


def ended_by_then(*columns: str, by: str) -> str:
    """Columns that are null until the one named `by` is set, as they were."""
    return ", ".join(f"CASE WHEN {by} <= %(now)s THEN {c} END AS {c}" for c in columns)


# Each under the name of the table, for a WITH in front of a statement about today: it hides the
# table itself, so that the statement says the same of a moment that has passed.
TABLES_THEN = f"""
consent_relationship AS NOT MATERIALIZED (
  SELECT r.id, r.person, r.hospital_id, r.basis, r.source_patient, r.expert_source,
    r.declared_by_id, r.noted_at,
    coalesce((p.was->>'starts_at')::timestamptz, r.starts_at) AS starts_at,
    coalesce((p.was->>'ends_at')::timestamptz, r.ends_at) AS ends_at
  FROM consent_relationship r
  LEFT JOIN LATERAL ({row_then("relationship", "r.id")}) p ON true
  WHERE r.noted_at <= %(now)s),
consent_confirmation AS NOT MATERIALIZED (
  SELECT id, subject, verdict, voice, person, covers, hospital_id, directive_id, acted_at_id, at,
    until, {ended_by_then("ended_at", by="ended_at")}
  FROM consent_confirmation WHERE at <= %(now)s),
consent_directive AS NOT MATERIALIZED (
  SELECT id, person, hospital_id, covers, valid_from, valid_until, resource, denies, recorded_by_id,
    {ended_by_then("verified_at", "verified_by_id", "verified_where_id", by="verified_at")},
    {ended_by_then("withdrawn_at", by="withdrawn_at")},
    {ended_by_then("lifted_at", by="lifted_at")}
  FROM consent_directive WHERE recorded_at <= %(now)s),
consent_emergency AS NOT MATERIALIZED (
  SELECT id, person, staff_id, opened_at, until, {ended_by_then("closed_at", by="closed_at")}
  FROM consent_emergency WHERE opened_at <= %(now)s),
consent_incidentseal AS NOT MATERIALIZED (
  SELECT id, covers, listed, {ended_by_then("lifted_at", by="lifted_at")}
  FROM consent_incidentseal WHERE sealed_at <= %(now)s),
consent_groupmember AS NOT MATERIALIZED (
  SELECT id, hospital_id, "group", member, staff, since, {ended_by_then("until", by="until")}
  FROM consent_groupmember WHERE since <= %(now)s)
"""
