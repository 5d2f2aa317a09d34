"""A signed head names the head before it and how far the log is whole; the sealer says why it does not go on. Columns without values beside the
previous release, whose sealer writes heads of version 1."""

from django.db import migrations

SQL = """
SET LOCAL lock_timeout = '5s';
ALTER TABLE consent_audit_head ADD COLUMN previous bigint, ADD COLUMN through text;
ALTER TABLE consent_audit_sealer ADD COLUMN refused text NOT NULL DEFAULT '';
"""
UNDO = """
ALTER TABLE consent_audit_head DROP COLUMN previous, DROP COLUMN through;
ALTER TABLE consent_audit_sealer DROP COLUMN refused;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0010_patients_factor")]
    operations = [migrations.RunSQL(SQL, UNDO)]
