"""Rows of the stores and decisions take their numbers from alliance_xid() (docs/adr/0041)."""

from django.db import migrations

SQL = """
ALTER TABLE record_resource ALTER COLUMN xid SET DEFAULT alliance_xid();
ALTER TABLE records_decision ALTER COLUMN xid SET DEFAULT alliance_xid();
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0029_pushes"), ("alliance", "0015_epoch")]
    operations = [migrations.RunSQL(SQL)]
