"""Refusals of the running minute, counted until they are written into the audit log."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql")


class Migration(migrations.Migration):
    dependencies = [("consent", "0012_audit_persons")]
    operations = [migrations.RunSQL(SQL.read_text())]
