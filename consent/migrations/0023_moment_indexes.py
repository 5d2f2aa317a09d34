"""Indexes for decisions that name a Group, and for the newest co-signature of each witness; built
beside the running site.
"""

from django.db import migrations

GROUPS = """CREATE INDEX CONCURRENTLY IF NOT EXISTS directive_names_group ON consent_directive (hospital_id)
  WHERE lifted_at IS NULL AND resource::text LIKE '%"Group/%'"""
COSIGNATURES = """CREATE INDEX CONCURRENTLY IF NOT EXISTS consent_audit_cosignature_newest
  ON consent_audit_cosignature (client, id) WHERE NOT contradicts"""


class Migration(migrations.Migration):
    atomic = False  # indexes beside those who write

    dependencies = [("consent", "0022_moments")]
    operations = [
        migrations.RunSQL(GROUPS, "DROP INDEX directive_names_group"),
        migrations.RunSQL(COSIGNATURES, "DROP INDEX consent_audit_cosignature_newest"),
    ]
