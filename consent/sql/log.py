"""What other apps ask of the audit log and its sealer, in SQL."""

NEWEST_LINE = "(SELECT max(recorded) FROM consent_audit_event)"  # its moment
SEALER_LOOKED = "(SELECT max(checked_at) FROM consent_audit_sealer)"  # NULL: never
SEALER_REFUSED = (  # why it does not go on; "": it does
    "(SELECT max(refused) FROM consent_audit_sealer)"
)
ROOT_OF = "SELECT encode(root, 'hex') FROM consent_audit_head WHERE size = %s"
NEWEST_KEY = "SELECT key FROM consent_audit_head ORDER BY size DESC LIMIT 1"
# (what was missing for the newest head's second signature, its time).
# index: consent_audit_head_pkey
NEWEST_ABSENCE = """SELECT second_absent, sealed_at FROM consent_audit_head
  ORDER BY size DESC LIMIT 1"""
# (transaction, "log", lines) of the lines with a number below %(horizon)s.
BY_TRANSACTION = """SELECT xid::text::bigint, 'log' COLLATE "C", count(*) FROM consent_audit_event
  WHERE xid < %(horizon)s::text::xid8 GROUP BY 1"""
# The newest transaction numbers that are stored, by an index each.
NUMBERS = """(SELECT xid::text::bigint
    FROM consent_audit_event ORDER BY consent_audit_event.xid DESC LIMIT 1)
  UNION ALL (SELECT xid::text::bigint FROM consent_change ORDER BY consent_change.xid DESC LIMIT 1)
  UNION ALL SELECT max(last_xid::text::bigint) FROM consent_audit_head"""
NUMBERED = ("consent_audit_event", "consent_change")  # tables whose rows bear them
# Co-signatures over heads to which this log did not lead, and no restore on record says why, of the
# last days %(days)s.
CONTRADICTIONS = """SELECT count(*), max(received) FROM consent_audit_cosignature
  WHERE contradicts AND restore IS NULL AND received > now() - make_interval(days => %(days)s)"""
PARTITIONS = (
    "SELECT coalesce(array_agg(inhrelid::regclass::text), '{}') FROM pg_inherits WHERE inhparent ="
    " 'consent_audit_event'::regclass"
)
# Months of the log that stand in an archive alone, as their first days.
DETACHED_MONTHS = """SELECT coalesce(array_agg(month ORDER BY month), '{}') FROM (
  SELECT DISTINCT ON (month) month, act FROM consent_audit_archive ORDER BY month, id DESC) m
  WHERE act = 'detach'"""
STANDING_HOLDS = "SELECT count(*) FROM consent_hold WHERE lifted_at IS NULL"
# Schemas of partitions that were taken out and take room still.
DETACHED_SCHEMAS = """SELECT coalesce(array_agg(nspname::text ORDER BY nspname), '{}')
  FROM pg_namespace WHERE starts_with(nspname::text, 'consent_audit_out_')"""
MISSING = "SELECT to_regclass('consent_audit_event') IS NULL"  # before the first `setup`


def measures(most: int) -> str:
    """Numbers for the metrics, one row. most: lines that are counted of those that wait."""
    # index: consent_audit_event_xid, consent_audit_head_pkey, consent_audit_cosignature_alarm
    return f"""
WITH head AS MATERIALIZED (
  SELECT last_xid, last_id, sealed_at::timestamptz AS sealed
  FROM consent_audit_head ORDER BY size DESC LIMIT 1),
waits AS MATERIALIZED (
  SELECT e.recorded FROM consent_audit_event e
  WHERE (e.xid, e.id) > (coalesce((SELECT last_xid FROM head), '0'::xid8),
    coalesce((SELECT last_id FROM head), 0))
  ORDER BY e.xid, e.id LIMIT {most})
SELECT
  (SELECT count(*) FROM waits) AS audit_unsealed_lines,
  (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(recorded)), 0)
    FROM waits)::float8 AS audit_unsealed_seconds,
  (SELECT extract(epoch FROM clock_timestamp() - sealed) FROM head)::float8
    AS audit_head_age_seconds,
  (SELECT (refused <> '')::int FROM consent_audit_sealer) AS audit_sealer_refused,
  (SELECT count(*) FROM consent_audit_cosignature WHERE contradicts AND restore IS NULL
    AND received > now() - interval '30 days') AS audit_witness_contradictions,
  (pg_relation_size('consent_audit_event_rest')
    + pg_relation_size('consent_audit_person_rest') > 0)::int AS audit_partition_rest_used
"""
