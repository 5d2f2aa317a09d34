"""Appointments of privacy officers for further hospitals (docs/adr/0051). The table of object
permissions on departments stays, for the last release writes to it: this one knows it no more.
"""

import django.db.models.deletion
from django.db import migrations, models

PROTECT = {"on_delete": django.db.models.deletion.PROTECT}
STAFF = {**PROTECT, "related_name": "+", "to": "alliance.staff"}


class Migration(migrations.Migration):
    dependencies = [("alliance", "0017_monitoring")]
    operations = [
        migrations.AlterModelOptions(
            name="hospital",
            options={
                "ordering": ["id"],
                "permissions": [
                    ("administer_hospital", "administer its staff and clients"),
                    ("audit_hospital", "read its audit log"),
                    ("protect_privacy", "serve for it as a privacy officer of another hospital"),
                ],
            },
        ),
        migrations.AlterModelOptions(name="department", options={"ordering": ["hospital", "code"]}),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel("DepartmentUserObjectPermission")]
        ),
        migrations.CreateModel(
            "Appointment",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="From")),
                ("ends_on", models.DateField(verbose_name="Until")),
                ("reason", models.CharField(max_length=300, verbose_name="Reason")),
                ("agreed_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_reason", models.CharField(blank=True, max_length=200)),
                (
                    "staff",
                    models.ForeignKey(**PROTECT, related_name="appointments", to="alliance.staff"),
                ),
                (
                    "employer",
                    models.ForeignKey(**PROTECT, related_name="+", to="alliance.hospital"),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        **PROTECT, related_name="appointments", to="alliance.hospital"
                    ),
                ),
                ("proposed_by", models.ForeignKey(null=True, **STAFF)),
                ("agreed_by", models.ForeignKey(null=True, **STAFF)),
                ("ended_by", models.ForeignKey(null=True, **STAFF)),
            ],
            options={"ordering": ["-agreed_at", "-pk"]},
        ),
    ]
