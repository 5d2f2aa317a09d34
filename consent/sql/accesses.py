"""What the review of accesses asks of this app's tables, in SQL (docs/adr/0079)."""

# The lines of staff about patients, once each: numbers of the last one of a batch, and the batch.
# {kinds} is a CASE of the line's code that says what it was, NULL for what is no access.
# index: consent_audit_event_xid
BATCH_END = """
SELECT xid::text, id FROM (SELECT xid, id FROM consent_audit_event e
  WHERE (e.xid, e.id) > (%(xid)s::xid8, %(line)s) AND e.xid < alliance_horizon()
  ORDER BY e.xid, e.id LIMIT %(most)s) b ORDER BY b.xid DESC, b.id DESC LIMIT 1
"""
# index: consent_audit_event_xid, consent_audit_person_pkey
ACCESS_LINES = """
SELECT e.id, e.recorded, e.actor::bigint AS staff, e.actor_hospital, e.role,
  coalesce(e.person, p.person) AS person, {kinds} AS kind, e.purpose = 'BTG' AS emergency,
  e.code = %(print)s AS printed, e.detail LIKE '%%by client/%%' AS launched
FROM consent_audit_event e
LEFT JOIN LATERAL (SELECT p.person FROM consent_audit_person p
  WHERE e.person IS NULL AND e.code = ANY(%(openings)s) AND p.event = e.id
    AND p.written = e.recorded OFFSET 0) p ON true
WHERE (e.xid, e.id) > (%(xid)s::xid8, %(line)s) AND (e.xid, e.id) <= (%(end_xid)s::xid8, %(end)s)
  AND e.actor_kind = 'staff' AND e.outcome = 'success' AND e.actor ~ '^[0-9]{{1,18}}$'
  AND {kinds} IS NOT NULL AND (e.person IS NOT NULL OR p.person IS NOT NULL)
"""
# Lines of one of the staff, for what only a few accesses are asked: {staff} as text.
# index: consent_audit_event_actor
LINES_OF_STAFF = (
    "(SELECT id, recorded, person, address, refs, code FROM consent_audit_event"
    " WHERE actor_kind = 'staff' AND actor = {staff} AND recorded BETWEEN {since} AND {until})"
)
EMERGENCIES = "(SELECT id, person, staff_id, opened_at, finding FROM consent_emergency)"
SEALS = "(SELECT id, covers, sealed_at, lifted_at FROM consent_incidentseal)"
TREATMENTS = (
    "(SELECT id, person, hospital_id, basis, expert_source, declared_by_id, starts_at, ends_at"
    " FROM consent_relationship)"
)
# Decisions that permit something, by the registrations that they cover.
PERMITS = (
    "(SELECT id, covers, resource, valid_from, valid_until, withdrawn_at FROM consent_directive"
    " WHERE NOT denies)"
)
