"""Indexes by which the auditor's pages find the lines of one request, what was not let through and
emergency access. A log that has lines gets them partition by partition, beside who writes
(consent/audit/partition_indexes.py).
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql")
UNDO = """
DROP INDEX consent_audit_event_request;
DROP INDEX consent_audit_event_refused;
DROP INDEX consent_audit_event_emergency;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0024_moments_filled")]
    operations = [migrations.RunSQL(SQL.read_text(), UNDO)]
