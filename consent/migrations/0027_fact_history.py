"""What facts that are changed in place said before: ends of treatment, hospitals, employments,
systems and permissions to launch (docs/adr/0076).
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql")
UNDO = """
DROP TRIGGER consent_relationship_kept ON consent_relationship;
DROP TRIGGER consent_hospital_kept ON alliance_hospital;
DROP TRIGGER consent_staff_kept ON alliance_staff;
DROP TRIGGER consent_client_kept ON alliance_client;
DROP TRIGGER consent_launch_kept ON alliance_launchpermission;
DROP FUNCTION consent_keep_fact;
DROP TABLE consent_fact_history;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0026_saved_audit_filters"), ("alliance", "0022_enrolment")]
    operations = [migrations.RunSQL(SQL.read_text(), UNDO)]
