"""Old tree heads may be thinned: a head goes only where a signed statement covers it (consent/audit/thin_heads.py)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql")
UNDO = """
DROP TRIGGER consent_audit_head_thinned ON consent_audit_head;
CREATE TRIGGER consent_audit_head_fixed BEFORE UPDATE OR DELETE ON consent_audit_head FOR EACH ROW EXECUTE FUNCTION consent_audit_refuse();
DROP FUNCTION consent_audit_refuse_head();
DROP TABLE consent_audit_thinning;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0019_epoch")]
    operations = [migrations.RunSQL(SQL.read_text(), UNDO)]
