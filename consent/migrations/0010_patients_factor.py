"""The patient's code opens nothing alone: who printed it where, the activation number that somebody else gives, the patient's own passphrase."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

HOSPITAL = {
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": "alliance.hospital",
}
CLOSED = [
    ("wrong", "closed after five wrong tries"),
    ("replaced", "ended by a newer code"),
    ("stopped", "stopped by the patient"),
    ("officer", "stopped by a privacy officer"),
]
# Codes that are out already go on opening their page, to read and to close, until they are activated.
FILL = """
UPDATE consent_patientaccess a SET hospital_id = s.hospital_id, role = s.role, bare = true FROM alliance_staff s WHERE s.id = a.made_by_id AND a.hospital_id IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0009_seal_asked")]

    operations = [
        migrations.AddField("patientaccess", "hospital", models.ForeignKey(null=True, **HOSPITAL)),
        migrations.AddField(
            "patientaccess", "role", models.CharField(db_default="", default="", max_length=20)
        ),
        migrations.AddField(
            "patientaccess", "bare", models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField("patientaccess", "refused_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "patientaccess",
            "closed_why",
            models.CharField(choices=CLOSED, db_default="", default="", max_length=10),
        ),
        migrations.AddField(
            "patientaccess",
            "closed_for",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="consent.patientaccess",
            ),
        ),
        migrations.CreateModel(
            "AccessActivation",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BinaryField()),
                ("factor", models.CharField(max_length=11)),
                ("compared", models.CharField(max_length=200, verbose_name="What was compared")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField()),
                ("passphrase", models.CharField(db_default="", default="", max_length=128)),
                ("used_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "access",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="activations",
                        to="consent.patientaccess",
                    ),
                ),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                ("hospital", models.ForeignKey(**HOSPITAL)),
            ],
            {"ordering": ["-id"]},
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
