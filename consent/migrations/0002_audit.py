"""The audit log's tables are plain SQL: partitions, privileges and triggers are its point."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql")


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial")]
    operations = [migrations.RunSQL(SQL.read_text())]
