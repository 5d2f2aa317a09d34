"""When facts of consent begin and end by their own time; members of Groups and hospitals that come
and go; restores that explain what witnesses have seen (docs/adr/0063).
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql")
UNDO = """
DROP TRIGGER consent_hospital_admitted ON alliance_hospital;
DROP TRIGGER consent_hospital_noted ON alliance_hospital;
DROP TRIGGER consent_groupmember_entered ON consent_groupmember;
DROP TRIGGER consent_groupmember_left ON consent_groupmember;
DROP FUNCTION consent_note_hospital, consent_note_group;
CREATE OR REPLACE FUNCTION consent_await(its_kind varchar, its_fact bigint, its_due timestamptz)
RETURNS void LANGUAGE sql AS 'SELECT';
DROP TABLE consent_moment;
ALTER TABLE consent_audit_cosignature DROP COLUMN restore;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0021_witness"), ("alliance", "0022_enrolment")]
    operations = [migrations.RunSQL(SQL.read_text(), UNDO)]
