"""What must not leave the log: whoever archives or thins it asks here first (docs/adr/0080)."""

import datetime as dt

from django.db import connection

from consent import from_records

# All ids that a held person ever had.
# index: records_sourcepatient_home_key, source_person
IDS_SQL = f"""(SELECT s.home FROM {from_records.asked.registrations} s
    JOIN {from_records.asked.registrations} o ON o.person_id = s.person_id
    WHERE o.home = h.person UNION SELECT h.person)"""
# Whether a line is held; {line} is an alias of consent_audit_event.
# index: case_item_line, consent_audit_person_pkey
HELD_LINE_SQL = f"""EXISTS (SELECT FROM consent_hold h WHERE h.lifted_at IS NULL AND (
  {{line}}.id BETWEEN h.first_line AND h.last_line
  OR {{line}}.recorded >= h.starts_at AND {{line}}.recorded < h.ends_at
  OR h.person IS NOT NULL AND ({{line}}.person IN {IDS_SQL} OR EXISTS (
    SELECT FROM consent_audit_person p
    WHERE p.event = {{line}}.id AND p.written = {{line}}.recorded AND p.person IN {IDS_SQL}))
  OR h.whole_case AND EXISTS (SELECT FROM consent_caseitem i
    WHERE i.case_id = h.case_id AND i.line = {{line}}.id)))"""
# The first hold over a line of a time: what is asked of months before their lines are looked at.
# index: consent_audit_event_person, consent_audit_person_person, consent_audit_event_pkey
HELD_TIME_SQL = f"""SELECT h.id, h.case_id FROM consent_hold h WHERE h.lifted_at IS NULL AND (
  h.starts_at < %(end)s AND h.ends_at > %(start)s
  OR h.whole_case AND EXISTS (SELECT FROM consent_caseitem i WHERE i.case_id = h.case_id
    AND i.recorded >= %(start)s AND i.recorded < %(end)s)
  OR h.first_line IS NOT NULL AND EXISTS (SELECT FROM consent_audit_event e
    WHERE e.id BETWEEN h.first_line AND h.last_line
      AND e.recorded >= %(start)s AND e.recorded < %(end)s)
  OR h.person IS NOT NULL AND (EXISTS (SELECT FROM consent_audit_event e
      WHERE e.person IN {IDS_SQL} AND e.recorded >= %(start)s AND e.recorded < %(end)s)
    OR EXISTS (SELECT FROM consent_audit_person p
      WHERE p.person IN {IDS_SQL} AND p.written >= %(start)s AND p.written < %(end)s)))
ORDER BY h.id LIMIT 1"""


def find_hold(start: dt.datetime, end: dt.datetime) -> str:
    """Which hold stands over any line from start to before end; "" where none does."""
    with connection.cursor() as cursor:
        cursor.execute(HELD_TIME_SQL, {"start": start, "end": end})
        found = cursor.fetchone()
    return f"hold {found[0]} of case file {found[1]} covers lines of it" if found else ""
