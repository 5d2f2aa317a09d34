"""Whether a legal hold covers lines of a month of the audit log: it stays online then, whatever its
age (docs/adr/0082). consent/services/legal_holds.py sets and lifts them.
"""

import datetime as dt

from django.db import connection

from alliance.platform.dates import HOSPITAL_ZONE
from consent.audit.log_query import ABOUT_PERSON_SQL
from consent.audit.partitions import Span, month_span

# index: consent_audit_event_person, consent_audit_person_person
PERSON_IN_SPAN_SQL = f"""SELECT EXISTS (SELECT FROM consent_audit_event
  WHERE recorded >= %(start)s AND recorded < %(end)s AND {ABOUT_PERSON_SQL})"""
# index: consent_audit_event_pkey
LINES_IN_SPAN_SQL = """SELECT EXISTS (SELECT FROM consent_audit_event
  WHERE recorded >= %(start)s AND recorded < %(end)s
    AND id BETWEEN %(first_line)s AND %(last_line)s)"""
IN_SPAN_SQL = {"person": PERSON_IN_SPAN_SQL, "lines": LINES_IN_SPAN_SQL}
STANDING_SQL = """
SELECT id, set_at, reason, scope, person, first_day, last_day, first_line, last_line
FROM consent_legalhold WHERE lifted_at IS NULL ORDER BY id"""


def is_month_held(month: dt.date) -> str | None:
    """Why the month stays online; None where no hold covers any line of it."""
    return is_span_held(month_span(dt.datetime(month.year, month.month, 1, tzinfo=dt.UTC)))


def is_span_held(span: Span) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(STANDING_SQL)
        for number, set_at, reason, scope, person, *bounds in cursor.fetchall():
            first_day, last_day, first_line, last_line = bounds
            if scope == "all":
                held = True
            elif scope == "period":
                first, after = (
                    dt.datetime.combine(day, dt.time(), HOSPITAL_ZONE)
                    for day in (first_day, last_day + dt.timedelta(days=1))
                )
                held = first < span[1] and span[0] < after
            else:
                given = {"start": span[0], "end": span[1], "person": person}
                cursor.execute(
                    IN_SPAN_SQL[scope], given | {"first_line": first_line, "last_line": last_line}
                )
                held = bool(cursor.fetchone()[0])
            if held:
                return f"legal hold {number} of {set_at:%Y-%m-%d} ({scope}): {reason}"
    return None
