"""Accounts of the demo are known as such: those that its loader has enrolled, as the audit log says."""

from django.db import migrations, models

MARK = """
UPDATE alliance_user SET demo = true WHERE username IN ('chen', 'zhou', 'wu', 'lin', 'he', 'gao', 'shen', 'fang', 'admin') AND id IN (
  SELECT s.user_id FROM consent_audit_event e JOIN alliance_staff s ON e.target = 'staff/' || s.id
  WHERE e.actor_kind = 'operator' AND e.actor = 'demo' AND e.code = 'alliance:staff:enrol' AND e.outcome = 'success')
"""


class Migration(migrations.Migration):
    dependencies = [("alliance", "0010_keys"), ("consent", "0002_audit")]
    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '5s'", migrations.RunSQL.noop),
        migrations.AddField("user", "demo", models.BooleanField(db_default=False, default=False)),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
    ]
