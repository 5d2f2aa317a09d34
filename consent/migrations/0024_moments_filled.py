"""The moments of facts that stand already, each looked at once. It may be run again."""

from django.db import migrations

# What was written since the triggers are there has its row.
FILL = """
INSERT INTO consent_moment (kind, fact, due)
  SELECT 'directive', id, now() FROM consent_directive WHERE lifted_at IS NULL
  UNION ALL SELECT 'confirmation', id, until FROM consent_confirmation
    WHERE until > now() AND ended_at IS NULL
  UNION ALL SELECT 'relationship', id, CASE WHEN starts_at > now() THEN starts_at
      WHEN ends_at > now() AND (ends_at < noted_at + interval '30 days'
        OR noted_at + interval '30 days' <= now()) THEN ends_at
      ELSE noted_at + interval '30 days' END
    FROM consent_relationship WHERE basis <> 'declared'
      AND (ends_at > now() OR noted_at > now() - interval '30 days')
  UNION ALL SELECT 'policy', id, starts_at FROM consent_alliancepolicy WHERE starts_at > now()
  UNION ALL SELECT 'hospital', id, now() FROM alliance_hospital WHERE sandbox_of_id IS NULL
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0023_moment_indexes")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
