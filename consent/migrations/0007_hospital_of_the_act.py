"""Whose officers answer for an emergency access and for a seal: the hospital at which it was opened or sealed, wherever the person works later."""

import django.db.models.deletion
from django.db import migrations, models

HOSPITAL = {
    "null": True,
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": "alliance.hospital",
}
FILL = """
UPDATE consent_emergency e SET hospital_id = s.hospital_id FROM alliance_staff s WHERE s.id = e.staff_id AND e.hospital_id IS NULL;
UPDATE consent_incidentseal e SET hospital_id = s.hospital_id FROM alliance_staff s WHERE s.id = e.sealed_by_id AND e.hospital_id IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0006_withdrawal_reason"), ("alliance", "0005_sign_in_and_forms")]
    operations = [
        migrations.AddField("emergency", "hospital", models.ForeignKey(**HOSPITAL)),
        migrations.AddField("incidentseal", "hospital", models.ForeignKey(**HOSPITAL)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
