"""At which person a registration was, and since when: what links and undone links change in place
(docs/adr/0076).
"""

from django.db import migrations

KEEP = """
SET LOCAL lock_timeout = '5s';
CREATE TRIGGER consent_registration_kept
  AFTER UPDATE OF person_id, joined_at ON records_sourcepatient
  FOR EACH ROW WHEN ((OLD.person_id, OLD.joined_at) IS DISTINCT FROM (NEW.person_id, NEW.joined_at))
  EXECUTE FUNCTION consent_keep_fact('registration', 'person_id', 'joined_at')
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0027_fact_history"), ("records", "0020_joined_at")]
    operations = [
        migrations.RunSQL(KEEP, "DROP TRIGGER consent_registration_kept ON records_sourcepatient")
    ]
