"""Audit lines take their numbers from alliance_xid() (docs/adr/0041)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("consent", "0018_seal_asked_where"), ("alliance", "0015_epoch")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE consent_audit_event ALTER COLUMN xid SET DEFAULT alliance_xid()"
        )
    ]
