"""Changes of what may be seen, co-signatures of witnesses, subtrees of the log (docs/adr/0063)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql")
UNDO = """
DROP TRIGGER consent_directive_noted ON consent_directive;
DROP TRIGGER consent_confirmation_noted ON consent_confirmation;
DROP TRIGGER consent_relationship_noted ON consent_relationship;
DROP TRIGGER consent_incidentseal_noted ON consent_incidentseal;
DROP TRIGGER consent_alliancepolicy_noted ON consent_alliancepolicy;
DROP FUNCTION consent_note_directive, consent_note_confirmation, consent_note_relationship,
  consent_note_seal, consent_note_policy;
DROP TABLE consent_change, consent_audit_cosignature, consent_audit_subtree;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0020_audit_thinning"), ("alliance", "0015_epoch")]
    operations = [migrations.RunSQL(SQL.read_text(), UNDO)]
