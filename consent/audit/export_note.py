"""Write the line of an export: about every patient whose name leaves in it."""

from consent.audit.append import append_event, append_event_about
from consent.audit.event import AuditEvent
from consent.audit.log_query import AuditFilter

NAMELESS_FORMS = ("ndjson",)  # lines as they were sealed: ids alone
# index: what serves the filter (docs/implementation/audit.md), consent_audit_person_pkey
PERSONS_SQL = """
SELECT person FROM consent_audit_event WHERE {where} AND person IS NOT NULL
UNION SELECT p.person FROM consent_audit_person p
  JOIN (SELECT id, recorded FROM consent_audit_event WHERE {where}) e
    ON p.event = e.id AND p.written = e.recorded
"""


def note_export(event: AuditEvent, audit_filter: AuditFilter, form: str) -> None:
    """In the transaction before a byte leaves. Of lines without names the line is about the patient
    who was filtered for.
    """
    if form in NAMELESS_FORMS:
        append_event(event.with_changes(person=audit_filter.person))
        return
    where, parameters = audit_filter.where_sql()
    append_event_about(event, PERSONS_SQL.format(where=where), parameters)
