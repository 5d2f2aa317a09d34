"""Signed statements of months of the audit log that were archived and taken out of it
(docs/adr/0082).
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql")


class Migration(migrations.Migration):
    dependencies = [("consent", "0031_browser_witness")]
    operations = [migrations.RunSQL(SQL.read_text(), "DROP TABLE consent_audit_archive")]
