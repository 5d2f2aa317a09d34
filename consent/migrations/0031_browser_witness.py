"""Browsers of members' staff that witness the log (docs/adr/0081)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql")


class Migration(migrations.Migration):
    dependencies = [("consent", "0030_case_files"), ("alliance", "0022_enrolment")]
    operations = [migrations.RunSQL(SQL.read_text(), "DROP TABLE consent_audit_witness")]
