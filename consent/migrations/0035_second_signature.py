"""A second signature of the log's heads, by SM2 (docs/adr/0087)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql")
UNDO = """
DROP TABLE consent_audit_second_key;
ALTER TABLE consent_audit_head DROP COLUMN second_key, DROP COLUMN second_signature,
  DROP COLUMN second_absent;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0034_experts")]
    operations = [migrations.RunSQL(SQL.read_text(), UNDO)]
