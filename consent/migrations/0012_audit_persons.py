"""Whom a line of the audit log is about, where it is about several persons."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql")


class Migration(migrations.Migration):
    dependencies = [("consent", "0011_audit_heads")]
    operations = [migrations.RunSQL(SQL.read_text())]
