"""Records that a hospital's system opens as one of its doctors (docs/adr/0059)."""

import django.db.models.deletion
from django.db import migrations, models

PROTECT = {"on_delete": django.db.models.deletion.PROTECT, "related_name": "+"}
NUMBER = (
    "id",
    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
)


class Migration(migrations.Migration):
    dependencies = [("alliance", "0019_administrator_clients")]
    operations = [
        migrations.AddField(
            "client", "may_launch", models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField(
            "client", "frame_origins", models.JSONField(db_default=[], default=list)
        ),
        migrations.CreateModel(
            "LaunchPermission",
            [
                NUMBER,
                ("allowed", models.BooleanField()),
                ("said_at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("client", models.ForeignKey(**PROTECT, to="alliance.client")),
                ("staff", models.ForeignKey(**PROTECT, to="alliance.staff")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["staff", "client"], name="launch_permission_once"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            "Launch",
            [
                NUMBER,
                ("ticket", models.BinaryField(max_length=32, unique=True)),
                ("session", models.BinaryField(max_length=32, null=True, unique=True)),
                ("person", models.UUIDField()),
                (
                    "detail",
                    models.CharField(blank=True, db_default="", default="", max_length=160),
                ),
                ("asked_at", models.DateTimeField(db_index=True)),
                ("expires_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("client", models.ForeignKey(**PROTECT, to="alliance.client")),
                ("staff", models.ForeignKey(**PROTECT, to="alliance.staff")),
            ],
        ),
    ]
